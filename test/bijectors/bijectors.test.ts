// What single bijectors promise beyond the laws: saturation, ends of ranges, shapes, parameters, errors.
import { describe, expect, test } from 'vitest';
import { Bijector } from '../../lib/bijectors/bijector.js';
import { Block, DiagLinear } from '../../lib/bijectors/block.js';
import { Box } from '../../lib/bijectors/box.js';
import { Chain } from '../../lib/bijectors/chain.js';
import { Exp } from '../../lib/bijectors/exp.js';
import { GumbelCDF } from '../../lib/bijectors/gumbel-cdf.js';
import { Free } from '../../lib/bijectors/identity.js';
import { Inverse } from '../../lib/bijectors/inverse.js';
import { MaxNorm } from '../../lib/bijectors/max-norm.js';
import { ScalarAffine, Shift } from '../../lib/bijectors/scalar-affine.js';
import { Sigmoid } from '../../lib/bijectors/sigmoid.js';
import { Softplus } from '../../lib/bijectors/softplus.js';
import { Tanh } from '../../lib/bijectors/tanh.js';
import { Tensor } from '../../lib/tensor/tensor.js';
import { expectError } from '../support/errors.js';

const { POSITIVE_INFINITY: infinity } = Number;

describe('Box', () => {
  test('stays strictly inside its limits and clips at 1 - eps of the half-width', () => {
    const box = new Box({ low: -2, high: 4, width: 3 });
    const y = box.forward(Float64Array.of(-1e30, -100, 0, 100, 1e30)).data;
    expect([...y]).toEqual([1 - 3 * (1 - 1e-6), 1 - 3 * (1 - 1e-6), 1, 1 + 3 * (1 - 1e-6), 1 + 3 * (1 - 1e-6)]);
    const { x, logDet } = box.inverseAndLogDet(Float64Array.of(-2, -100, 4, 100));
    const edge = 3 * Math.atanh(1 - 1e-6);
    for (let i = 0; i < 4; i++) {
      expect(x.data[i]).toBeCloseTo(i < 2 ? -edge : edge, 9);
      expect(logDet.data[i]).toBeCloseTo(logDet.data[0] as number, 12);
    }
    // In float32 the clip is at the float32 value of 1 - eps, as in JaxDEM's default mode.
    expect(box.inverse(Float32Array.of(4)).data[0]).toBeCloseTo(3 * Math.atanh(Math.fround(1 - 1e-6)), 4);
  });

  test('gradients are 0 where the inverse is clipped', () => {
    const { slope, logDetSlope } = new Box({ low: -1, high: 1 }).derivatives(Float64Array.of(-1.5, 0.5, 1.5), true);
    expect([slope.data[0], slope.data[2], logDetSlope.data[0], logDetSlope.data[2]]).toEqual([0, 0, 0, 0]);
    expect(slope.data[1]).toBeGreaterThan(1);
  });

  test('eps 0: the limits are reached, their inverse is infinite on both sides, without NaN', () => {
    const { x, logDet } = new Box({ low: -1, high: 1, eps: 0 }).inverseAndLogDet(Float64Array.of(-1, 1));
    expect([...x.data, ...logDet.data]).toEqual([-infinity, infinity, infinity, infinity]);
    const float = new Box({ low: -1, high: 1, eps: 0 }).inverseAndLogDet(Float32Array.of(-1, 1));
    expect([...float.x.data, ...float.logDet.data]).toEqual([-infinity, infinity, infinity, infinity]);
  });

  test('bad limits', () => {
    expectError(() => new Box({ low: 1, high: 1 }), 'INVALID_ARGUMENT', 'low < high', '1');
    expectError(() => new Box({ low: [0, 0], high: [1, -1] }), 'INVALID_ARGUMENT', 'low < high');
    expectError(() => new Box({ low: 0, high: infinity }), 'NON_FINITE', 'high');
    expectError(() => new Box({ low: 0 } as never), 'MISSING_OPTION', 'high');
    expectError(() => new Box({ low: 0, high: 1, width: 0 }), 'INVALID_ARGUMENT', 'width');
    expectError(() => new Box({ low: 0, high: 1, eps: -1 }), 'INVALID_ARGUMENT', 'eps');
    expectError(() => new Box({ low: 0, high: 1, widht: 1 } as never), 'UNKNOWN_OPTION', 'widht', 'width');
    expectError(() => new Box({ low: [0, 0], high: [1, 1, 1] }), 'INVALID_SHAPE', /\[2\].*\[3\]|\[3\].*\[2\]/);
    const box = new Box({ low: [0, 0], high: [1, 1] });
    expectError(() => box.native(3), 'INVALID_SHAPE', 'Box', '3 dimensions');
    expectError(() => box.forward([1, 2, 3]), 'INVALID_SHAPE');
  });
});

describe('MaxNorm', () => {
  test('never leaves the ball; direction is kept', () => {
    const space = new MaxNorm({ maxNorm: 1.5 });
    for (const size of [1e-30, 1e-8, 0.1, 1, 7.3, 30, 1e15, 1e30]) {
      for (const make of [Float32Array, Float64Array]) {
        const [a, b] = space.forward({ data: make.of(3 * size, -4 * size), shape: [2] }).data as unknown as [
          number,
          number,
        ];
        expect(Math.hypot(a, b)).toBeLessThan(1.5);
        expect(a / b).toBeCloseTo(-0.75, 5);
      }
    }
    expect([...space.forward({ data: new Float32Array(3), shape: [3] }).data]).toEqual([0, 0, 0]);
    expect([...space.inverse({ data: new Float32Array(3), shape: [3] }).data]).toEqual([0, 0, 0]);
  });

  test('one dimension is tanh', () => {
    const x = { data: Float64Array.of(-2, 0.3, 1), shape: [3, 1] };
    const norm = new MaxNorm({ eps: 0 }).forwardAndLogDet(x);
    const tanh = new Block({ bijector: new Tanh(), ndims: 1 }).forwardAndLogDet(x);
    for (let i = 0; i < 3; i++) {
      expect(norm.y.data[i]).toBeCloseTo(tanh.y.data[i] as number, 14);
      expect(norm.logDet.data[i]).toBeCloseTo(tanh.logDet.data[i] as number, 14);
    }
  });

  test('eps 0 at the origin', () => {
    const { y, logDet } = new MaxNorm({ eps: 0 }).forwardAndLogDet(new Float64Array(3));
    expect([...y.data, ...logDet.data]).toEqual([0, 0, 0, 0]);
  });

  test('bad options', () => {
    expectError(() => new MaxNorm({ maxNorm: 0 }), 'INVALID_ARGUMENT', 'maxNorm');
    expectError(() => new MaxNorm({ maxnorm: 1 } as never), 'UNKNOWN_OPTION', 'maxNorm');
    expectError(() => new MaxNorm().forward(3), 'INVALID_SHAPE', 'MaxNorm', '1 dimensions');
  });
});

describe('ends of ranges', () => {
  test.each([
    ['Tanh', new Tanh(), [-1, 1], [-infinity, infinity]],
    ['Sigmoid', new Sigmoid(), [0, 1], [-infinity, infinity]],
    ['Softplus', new Softplus(), [0], [-infinity]],
    ['Exp', new Exp(), [0], [-infinity]],
    ['GumbelCDF', new GumbelCDF(), [0, 1], [-infinity, infinity]],
  ] as const)('%s: the inverse is infinite at the ends, and its log-det too', (_name, bijector, ends, expected) => {
    for (const make of [Float32Array, Float64Array]) {
      const { x, logDet } = (bijector as Bijector).inverseAndLogDet(make.from(ends));
      expect([...x.data]).toEqual([...expected]);
      expect([...logDet.data]).toEqual(expected.map(() => infinity));
    }
  });

  test.each([
    ['Tanh', new Tanh(), [1.5, -2]],
    ['Sigmoid', new Sigmoid(), [-0.1, 1.1]],
    ['Softplus', new Softplus(), [-1]],
    ['Exp', new Exp(), [-1]],
    ['GumbelCDF', new GumbelCDF(), [-0.5, 2]],
  ] as const)('%s: outside its range the inverse is NaN', (_name, bijector, outside) => {
    for (const make of [Float32Array, Float64Array]) {
      expect([...(bijector as Bijector).inverse(make.from(outside)).data].every(Number.isNaN)).toBe(true);
    }
  });

  test('denormals and tiny numbers keep their inverse', () => {
    expect(new Exp().inverse(Float32Array.of(1e-40)).data[0]).toBeCloseTo(Math.log(1e-40), 3);
    expect(new Sigmoid().inverse(Float32Array.of(1e-40)).data[0]).toBeCloseTo(Math.log(1e-40), 3);
    expect(new Sigmoid().inverse(Float32Array.of(0.5)).data[0]).toBe(0);
  });
});

describe('arrays', () => {
  test('numbers, nested numbers, typed arrays, {data, shape} and tensors', () => {
    const shift = new Shift({ shift: 1 });
    expect(shift.forward(2)).toEqual({ data: Float32Array.of(3), shape: [] });
    expect(shift.forward([[1, 2]])).toEqual({ data: Float32Array.of(2, 3), shape: [1, 2] });
    expect(shift.forward(Float64Array.of(0.1)).data).toEqual(Float64Array.of(1.1));
    expect(shift.forward(Tensor.from(Float32Array.of(1, 2), { shape: [2, 1] }))).toEqual({
      data: Float32Array.of(2, 3),
      shape: [2, 1],
    });
    expect(shift.forward(Tensor.from(Int32Array.of(4))).data).toEqual(Float32Array.of(5));
    expectError(() => shift.forward('x' as never), 'INVALID_ARGUMENT', 'x');
    expectError(() => shift.forward([[1], [2, 3]]), 'INVALID_SHAPE', 'x[1]');
    expectError(() => shift.forward({ data: Float32Array.of(1), shape: [2] }), 'INVALID_SHAPE');
  });

  test('parameters broadcast against numbers, in both directions', () => {
    const affine = new ScalarAffine({
      shift: { data: Float64Array.of(1, 2, 3, 4, 5, 6), shape: [2, 1, 3] },
      scale: [1, 10, 100],
    });
    const { y, logDet } = affine.forwardAndLogDet([
      [1, 1, 1],
      [2, 2, 2],
    ]);
    expect(y.shape).toEqual([2, 2, 3]);
    expect([...y.data]).toEqual([2, 12, 103, 3, 22, 203, 5, 15, 106, 6, 25, 206]);
    expect(logDet.shape).toEqual([2, 2, 3]);
    const diag = new DiagLinear({ diag: { data: Float64Array.of(1, 2, 3, 4), shape: [2, 1, 2] } }).forwardAndLogDet([
      [1, 1],
    ]);
    expect([diag.y.shape, diag.logDet.shape]).toEqual([
      [2, 1, 2],
      [2, 1],
    ]);
    expect(diag.logDet.data[1]).toBeCloseTo(Math.log(12), 6);
  });

  test('empty batches', () => {
    expect(new Tanh().forward({ data: new Float32Array(0), shape: [0, 3] }).shape).toEqual([0, 3]);
    expect(new MaxNorm().forwardLogDet({ data: new Float32Array(0), shape: [0, 3] }).shape).toEqual([0]);
  });

  test('Block sums the log-det of any number of dimensions', () => {
    const x = { data: Float64Array.of(1, 2, 3, 4, 5, 6), shape: [2, 3] };
    const each = new Tanh().forwardLogDet(x).data as Float64Array;
    expect(new Block({ bijector: new Tanh(), ndims: 0 }).forwardLogDet(x).data).toEqual(each);
    const total = new Block({ bijector: new Tanh(), ndims: 2 }).forwardLogDet(x);
    expect(total.shape).toEqual([]);
    expect(total.data[0]).toBeCloseTo(
      each.reduce((a, b) => a + b),
      12,
    );
    expectError(() => new Block({ bijector: new Tanh(), ndims: 2 }).native(3), 'UNSUPPORTED', 'Block');
  });
});

describe('composition', () => {
  test('Chain applies the last one first', () => {
    const chain = new Chain({ bijectors: [new Exp(), new Shift({ shift: 1 })] });
    expect(chain.forward(Float64Array.of(2)).data[0]).toBeCloseTo(Math.exp(3), 10);
    expect(chain.native(1).map(({ name }) => name)).toEqual(['scalar_affine', 'exp']);
    expect(chain.isConstantLogDet).toBe(false);
    expect(new Chain({ bijectors: [new Free(), new Shift({ shift: 1 })] }).isConstantJacobian).toBe(true);
  });

  test('errors', () => {
    expectError(() => new Chain({ bijectors: [] }), 'INVALID_ARGUMENT', 'bijectors');
    expectError(() => new Chain({ bijectors: [Math.tanh as never] }), 'INVALID_ARGUMENT', 'bijectors[0]');
    expectError(() => new Chain({ bijectors: [new MaxNorm(), new Tanh()] }), 'INVALID_SHAPE', 'bijectors[1]', 'Block');
    expectError(() => new Block({ bijector: new Tanh(), ndims: -1 }), 'INVALID_ARGUMENT', 'ndims');
    expectError(() => new Inverse({ bijector: 3 as never }), 'INVALID_ARGUMENT', 'bijector of Inverse');
    expectError(() => new ScalarAffine({ scale: 1, logScale: 0 }), 'INVALID_ARGUMENT', 'logScale');
    expectError(() => new ScalarAffine({ scale: [1, 0] }), 'INVALID_ARGUMENT', 'scale');
    expectError(() => new ScalarAffine({ shift: Number.NaN }), 'NON_FINITE', 'shift');
    expectError(() => new Shift({} as never), 'MISSING_OPTION', 'shift');
    expectError(() => new DiagLinear({ diag: 2 }), 'INVALID_SHAPE', 'diag');
    expectError(() => new Tanh({ x: 1 } as never), 'UNKNOWN_OPTION', 'Tanh');
  });

  test('a class with a constant Jacobian has a constant log-det, and a number of event dimensions', () => {
    class Wrong extends Bijector {
      readonly options = {};
      protected map(x: never) {
        return { value: x, logDet: x };
      }
    }
    expectError(
      () => new Wrong({ isConstantJacobian: true, isConstantLogDet: false }),
      'INVALID_ARGUMENT',
      'isConstantLogDet',
    );
    expectError(() => new Wrong({ eventNdimsIn: -1 }), 'INVALID_ARGUMENT', 'eventNdimsIn');
    expectError(() => new Wrong().native(2), 'UNSUPPORTED', 'Wrong');
    expectError(() => new Wrong().metadata, 'UNKNOWN_NAME', 'Wrong', 'register');
  });

  test('sameAs sees parameters inside', () => {
    const block = (high: number) => new Block({ bijector: new Box({ low: 0, high }), ndims: 1 });
    expect(block(1).sameAs(block(1))).toBe(true);
    expect(block(1).sameAs(block(2))).toBe(false);
    expect(new Shift({ shift: 1 }).sameAs(new ScalarAffine({ shift: 1 }))).toBe(false);
    expect(new MaxNorm().sameAs(new MaxNorm({ eps: 1e-5 }))).toBe(false);
  });
});
