// Same-step autoreset of native environments: flags, final observations, and states that can be saved.
import { describe, expect, it } from 'vitest';
import { NativeVectorEnvironment } from '../../lib/envs/native-vector-environment.js';

const steps = (environment: NativeVectorEnvironment) => environment.save().steps;

describe('Pendulum-v1', () => {
  it('truncates after 200 steps, never terminates, and starts the next episode at once', () => {
    const environment = new NativeVectorEnvironment({ name: 'Pendulum-v1', count: 2, key: 5 });
    const action = Float32Array.of(1.5, -0.5);
    for (let t = 0; t < 199; t++) {
      const { truncated, terminated } = environment.step(action);
      expect([...truncated, ...terminated]).toEqual([0, 0, 0, 0]);
    }
    const before = environment.save();
    const { truncated, terminated, observation, finalObservation } = environment.step(action);
    expect([...truncated]).toEqual([1, 1]);
    expect([...terminated]).toEqual([0, 0]);
    expect([...steps(environment)]).toEqual([0, 0]);
    expect([...environment.save().episodes]).toEqual([1, 1]);
    // The same step in an episode with time left shows what the final observation has to be.
    const same = new NativeVectorEnvironment({ name: 'Pendulum-v1', count: 2 });
    same.restore({ ...before, steps: Int32Array.of(0, 0) });
    expect(same.step(action).observation).toEqual(finalObservation);
    expect(observation).not.toEqual(finalObservation);
  });

  it('clips the torque, as Gymnasium does', () => {
    const torque = (value: number) => {
      const environment = new NativeVectorEnvironment({ name: 'Pendulum-v1', key: 1 });
      return [...environment.step(Float32Array.of(value)).observation];
    };
    expect(torque(50)).toEqual(torque(2));
    expect(torque(-50)).toEqual(torque(-2));
    expect(torque(1)).not.toEqual(torque(2));
  });
});

describe('CartPole-v1', () => {
  it('keeps the final observation of the pole that fell', () => {
    const environment = new NativeVectorEnvironment({ name: 'CartPole-v1', count: 3, key: 2 });
    const action = Int32Array.of(1, 1, 1);
    for (let t = 0; t < 30; t++) {
      const { terminated, observation, finalObservation, reward } = environment.step(action);
      expect([...reward]).toEqual([1, 1, 1]);
      terminated.forEach((ended, row) => {
        if (!ended) return;
        expect(Math.abs(finalObservation[row * 4 + 2] as number)).toBeGreaterThan((12 * Math.PI) / 180);
        expect(Math.abs(observation[row * 4 + 2] as number)).toBeLessThanOrEqual(0.05);
      });
      if (terminated.some((ended) => ended === 1)) return;
    }
    expect.unreachable('a pole pushed one way falls within 30 steps');
  });

  it('terminates at the limits of position and angle, and not inside them', () => {
    const ends = (state: number[]) => {
      const environment = new NativeVectorEnvironment({ name: 'CartPole-v1' });
      environment.restore({
        state: Float32Array.of(...state, 0),
        steps: Int32Array.of(0),
        episodes: Int32Array.of(0),
      });
      return environment.step(Int32Array.of(0)).terminated[0];
    };
    expect(ends([2.39, 0.4, 0, 0])).toBe(0);
    expect(ends([2.39, 0.6, 0, 0])).toBe(1);
    expect(ends([-2.39, -0.6, 0, 0])).toBe(1);
    expect(ends([0, 0, 0.2, 0.4])).toBe(0);
    expect(ends([0, 0, 0.2, 0.5])).toBe(1);
    expect(ends([0, 0, -0.2, -0.5])).toBe(1);
  });

  it('may terminate and be truncated in one step', () => {
    const environment = new NativeVectorEnvironment({ name: 'CartPole-v1' });
    const state = Float32Array.of(2.39, 0.6, 0, 0, 499);
    environment.restore({ state, steps: Int32Array.of(499), episodes: Int32Array.of(0) });
    const { terminated, truncated } = environment.step(Int32Array.of(0));
    expect([terminated[0], truncated[0]]).toEqual([1, 1]);
  });
});

describe('state', () => {
  it('that was saved goes on bit for bit', () => {
    const make = () => new NativeVectorEnvironment({ name: 'CartPole-v1', count: 4, key: 9 });
    const [one, other] = [make(), make()];
    const action = Int32Array.of(0, 1, 1, 0);
    for (let t = 0; t < 25; t++) one.step(action);
    other.restore(one.save());
    expect(Float32Array.from(other.observe())).toEqual(Float32Array.from(one.observe()));
    for (let t = 0; t < 25; t++) {
      expect(Float32Array.from(other.step(action).observation)).toEqual(
        Float32Array.from(one.step(action).observation),
      );
    }
    expect(other.save()).toEqual(one.save());
  });
});

describe('bad input', () => {
  it('is a typed error that names the environment', () => {
    expect(() => new NativeVectorEnvironment({ name: 'Pendulum-v0' })).toThrow(
      expect.objectContaining({ code: 'UNKNOWN_NAME', message: expect.stringContaining('Pendulum-v1') }),
    );
    expect(() => new NativeVectorEnvironment({ name: 'Pendulum-v1', count: 0 })).toThrow(/count.*positive integer.*0/);
    expect(() => new NativeVectorEnvironment({ name: 'Pendulum-v1', cuont: 1 } as never)).toThrow(
      expect.objectContaining({ code: 'UNKNOWN_OPTION' }),
    );
    const pendulum = new NativeVectorEnvironment({ name: 'Pendulum-v1', count: 2 });
    const before = pendulum.save();
    expect(() => pendulum.step(Float32Array.of(0, Number.NaN))).toThrow(
      expect.objectContaining({ code: 'NON_FINITE', message: expect.stringContaining('environment 1') }),
    );
    expect(() => pendulum.step(Float32Array.of(0))).toThrow(expect.objectContaining({ code: 'INVALID_SHAPE' }));
    expect(() => pendulum.step(Int32Array.of(0, 1))).toThrow(expect.objectContaining({ code: 'INVALID_DTYPE' }));
    expect(pendulum.save()).toEqual(before);
    const cartpole = new NativeVectorEnvironment({ name: 'CartPole-v1', count: 2 });
    expect(() => cartpole.step(Int32Array.of(0, 2))).toThrow(
      expect.objectContaining({ code: 'OUT_OF_RANGE', message: expect.stringMatching(/environment 1.*0 to 1, got 2/) }),
    );
    expect(() => cartpole.restore({ ...cartpole.save(), state: new Float32Array(10).fill(Number.NaN) })).toThrow(
      expect.objectContaining({ code: 'NON_FINITE' }),
    );
    cartpole.dispose();
    expect(() => cartpole.observe()).toThrow(expect.objectContaining({ code: 'DISPOSED' }));
    cartpole.dispose();
  });
});
