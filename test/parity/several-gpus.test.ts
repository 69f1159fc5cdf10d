// A machine with two GPUs, emulated: each is a device of its own, with the bits of a machine that has one alone. The emulated runtime refuses
// whatever belongs to one of them while the other is current, so all of this fails where a call or a thread has forgotten its GPU.
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { collectGarbage } from '../support/garbage.js';
import { buildEmulated, buildTimeout, emulatedCublas, emulatedCudnn } from './emulated.js';
import { anotherMachine, eventsOf, withFault } from './machine.js';
import { inThread } from './workers.js';

type Library = typeof import('../../lib/index.js');
type Gpu = 'cuda:0' | 'cuda:1';
const gpus = ['cuda:0', 'cuda:1'] as const;

let emulated = '';
beforeAll(async () => {
  emulated = await buildEmulated();
}, buildTimeout);
afterEach(() => {
  delete process.env.TORSOR_EMULATED_GPUS;
});

/** Modules are fresh with every machine, and so is the class of their errors. */
function expectError(run: () => unknown, code: string, message: RegExp): void {
  expect(run).toThrow(expect.objectContaining({ name: 'TorsorError', code, message: expect.stringMatching(message) }));
}

const MiB = 2 ** 20;
const observation = Float32Array.from({ length: 4 * 50 }, (_, i) => Math.sin(i));
const sizes = { observationSpaceSize: 4, actionSpaceSize: 2, discrete: true };

/** Of small layers, of layers wider than the ordinary shared memory of a block, and two with a memory. */
const models: Record<string, [name: string, options: object, training: object]> = {
  small: ['SharedActorCritic', { architecture: [16] }, {}],
  wide: ['SharedActorCritic', { architecture: [300] }, {}],
  'layers by cuBLAS': ['SharedActorCritic', { architecture: [16], products: 'cublas' }, {}],
  'LSTM by torsor': [
    'LSTMActorCritic',
    { lstmFeatures: 5, hiddenFeatures: 6, lstm: 'torsor' },
    { segmentLength: 4, burnIn: 2 },
  ],
  'LSTM by cuDNN': [
    'LSTMActorCritic',
    { lstmFeatures: 5, hiddenFeatures: 6, lstm: 'cudnn' },
    { segmentLength: 4, optimizer: 'muon' },
  ],
};

function trainerOn(lib: Library, device: Gpu, of: string, key = 1) {
  const [name, options, training] = models[of] as (typeof models)[string];
  const environment = new lib.NativeVectorEnvironment({ name: 'CartPole-v1', count: 8, key, device });
  const model = lib.Model.create(name, { ...sizes, ...options, key, device });
  const settings = { horizon: 8, epochs: 2, minibatches: 2, ...training };
  return new lib.PPO({ model, environment, key, ...settings });
}
type Trainer = ReturnType<typeof trainerOn>;

const iterations = 4; // from the second on as graphs
const runOf = (trainer: Trainer) => trainer.run({ steps: iterations * 8 * 8 });

async function allOf(trainer: Trainer): Promise<number[]> {
  const losses: number[] = [];
  for await (const { loss, gradNorm } of runOf(trainer)) losses.push(loss, gradNorm);
  return [...losses, ...trainer.model.parameters.flat()];
}

beforeAll(() => {
  process.env.TORSOR_CUDNN = emulatedCudnn;
  process.env.TORSOR_CUBLASLT = emulatedCublas;
});

test('using one of them starts no other, and listing them starts none', async () => {
  const started = ['start 0', 'start 1'];
  const { lib, events } = await (async () => {
    let lib: Library | undefined;
    const events = await eventsOf(async () => {
      lib = await anotherMachine(2);
      expect(lib.devices().map(({ device }) => device)).toEqual(['cpu', 'cuda:0', 'cuda:1']);
    }, started);
    return { lib: lib as unknown as Library, events };
  })();
  expect(events).toEqual({});
  const trained = () => allOf(trainerOn(lib, 'cuda:1', 'LSTM by cuDNN'));
  expect(await eventsOf(trained, started)).toEqual({ 'start 1': 1 });
});

describe.each(Object.keys(models))('training: %s', (of) => {
  test('in turn and at once, as with one GPU, bit for bit', async () => {
    const one = await anotherMachine(1);
    const alone = [await allOf(trainerOn(one, 'cuda:0', of, 1)), await allOf(trainerOn(one, 'cuda:0', of, 2))];
    const lib = await anotherMachine(2);
    const trainers = () => gpus.map((gpu, k) => trainerOn(lib, gpu, of, k + 1));

    const inTurn = trainers();
    const runs = inTurn.map(runOf);
    const losses: number[][] = [[], []];
    for (let k = 0; k < iterations; k++)
      for (const [which, run] of runs.entries()) {
        const { loss, gradNorm } = (await run.next()).value as { loss: number; gradNorm: number };
        losses[which]?.push(loss, gradNorm);
      }
    expect(inTurn.map(({ model }, which) => [...(losses[which] ?? []), ...model.parameters.flat()])).toEqual(alone);

    expect(await Promise.all(trainers().map(allOf))).toEqual(alone);
  });
});

test('steps of environments in TypeScript, single calls and sequences, in turn', async () => {
  const results = async (lib: Library, devices: readonly Gpu[]) => {
    const each = devices.map((device) => {
      const model = lib.Model.create('LSTMActorCritic', { ...sizes, lstmFeatures: 5, hiddenFeatures: 6, device });
      const world = new lib.NativeVectorEnvironment({ name: 'CartPole-v1', count: 4, device: 'cpu' });
      const environment = Object.assign(Object.create(null), {
        ...{ name: 'here', count: 4, observationSpace: world.observationSpace, actionSpace: world.actionSpace },
        reset: () => world.reset(),
        observe: () => world.observe(),
        step: (action: Int32Array) => world.step(action),
      });
      const trainer = new lib.PPO({ model, environment, key: 3, horizon: 6, minibatches: 2, segmentLength: 3 });
      return { model, run: trainer.run({ steps: 3 * 24 }) };
    });
    const seen: number[][] = each.map(() => []);
    for (let k = 0; k < 3; k++)
      for (const [which, { model, run }] of each.entries()) {
        const { loss } = (await run.next()).value as { loss: number };
        const sequence = { data: observation, shape: [10, 5, 4] };
        const { value } = model.forward(sequence, { sequence: true });
        const { observation: d } = model.gradient(observation, new Int32Array(50), {
          dValue: observation.subarray(50, 100),
        });
        seen[which]?.push(loss, ...value.dataSync(), ...d, ...model.act(observation, { key: 1 }).logProb.dataSync());
      }
    return seen;
  };
  const [alone] = await results(await anotherMachine(1), ['cuda:0']);
  expect(await results(await anotherMachine(2), gpus)).toEqual([alone, alone]);
});

test('threads, each with a GPU of its own or both with one', async () => {
  process.env.TORSOR_EMULATED_GPUS = '2';
  const alone = await inThread(emulated, 'cuda:0');
  const all = await Promise.all(['cuda:0', 'cuda:1', 'cuda:1'].map((gpu) => inThread(emulated, gpu)));
  for (const one of all) expect(one).toEqual(alone);
});

test('what is on one of them is nothing for the other', async () => {
  const lib = await anotherMachine(2);
  const { addon } = await import('../../lib/addon/load.js');
  const model = lib.Model.create('SharedActorCritic', { ...sizes, architecture: [8], device: 'cuda:1' });
  const environment = new lib.NativeVectorEnvironment({ name: 'CartPole-v1', count: 2, device: 'cuda' });
  const words = /environment: the model is on cuda:1, CartPole-v1 on cuda:0; make it with device: 'cuda:1'/;
  expectError(() => new lib.PPO({ model, environment, key: 1 }), 'INVALID_DEVICE', words);
  expectError(() => new lib.Rollout({ model, environment, horizon: 2 }), 'INVALID_DEVICE', words);
  const tensor = lib.Tensor.from(observation, { shape: [50, 4], device: 'cuda:0' });
  const apart = /observation: the model is on cuda:1, this tensor on cuda:0/;
  expectError(() => model.act(tensor, { key: 1 }), 'INVALID_DEVICE', apart);
  const rest = { action: new Int32Array(50), logProb: new Float32Array(50), value: new Float32Array(50), key: 1 };
  expectError(() => model.bind({ observation: tensor, ...rest }), 'INVALID_DEVICE', apart);

  // The native core looks for itself, whatever TypeScript has let through.
  const refused = (name: string) =>
    expect.objectContaining({
      code: 'INVALID_DEVICE',
      message: `${name}: it is on cuda:1, what it is given to on cuda:0`,
    });
  const { Rollout, Trainer, Buffer, Environment } = addon('cuda:0');
  const adam = { name: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, nesterov: false, weightDecay: 0 };
  expect(() => new Rollout(model.native, 2, 2)).toThrow(refused('model'));
  expect(() => new Trainer(model.native, adam, new Int32Array())).toThrow(refused('model'));
  const key = { seedLow: 1, seedHigh: 0, stream: 0, counter: 0 };
  const here = lib.Model.create('SharedActorCritic', { ...sizes, architecture: [8], device: 'cuda:0' });
  const foreign = new (addon('cuda:1').Environment)('CartPole-v1', 2, key);
  expect(() => new Rollout(here.native, 2, 2).collect(foreign, key)).toThrow(refused('environment'));
  const own = new Environment('CartPole-v1', 2, key);
  expect(() => own.observe(new (addon('cuda:1').Buffer)(64))).toThrow(refused('observation'));
  own.observe(new Buffer(64));
});

describe('memory', () => {
  test('is counted, limited and used up apart', async () => {
    const lib = await anotherMachine(2);
    const zeros = (device: Gpu, mebibytes: number) => lib.Tensor.zeros([(mebibytes * MiB) / 4], { device });
    const held = [zeros('cuda:0', 200), zeros('cuda:1', 100)];
    expect(gpus.map((gpu) => lib.memory(gpu).bytes)).toEqual([200 * MiB, 100 * MiB]);
    expect(lib.memory('cuda').bytes).toBe(200 * MiB);
    expectError(() => zeros('cuda:0', 100), 'OUT_OF_MEMORY', /104857600 bytes on cuda:0: \d+ of 268435456/);
    held.push(zeros('cuda:1', 100));

    lib.setMemoryLimit('cuda:0', 220 * MiB);
    expect(gpus.map((gpu) => lib.memory(gpu).limit)).toEqual([220 * MiB, null]);
    expectError(() => zeros('cuda:0', 40), 'OUT_OF_MEMORY', /on cuda:0: .*which may have 230686720/);
    held.push(zeros('cuda:1', 20));
    for (const tensor of held) tensor.dispose();
    expect(gpus.map((gpu) => lib.memory(gpu).bytes)).toEqual([0, 0]);
    // What was freed waits on its own GPU alone, and goes back to the system there.
    expect(gpus.map((gpu) => lib.memory(gpu).reserved)).toEqual([0, 20 * MiB]);
    lib.setMemoryLimit('cuda:1', null);
    lib.setMemoryLimit('cuda:0', null);
    expect(gpus.map((gpu) => lib.memory(gpu).reserved)).toEqual([0, 0]);
    zeros('cuda:0', 250).dispose();
    zeros('cuda:1', 250).dispose();
  });

  test('that nobody holds any more goes back where it came from', async () => {
    const lib = await anotherMachine(2);
    const make = () => gpus.map((gpu) => allOf(trainerOn(lib, gpu, 'LSTM by cuDNN')));
    await Promise.all(make());
    for (const gpu of gpus) lib.Tensor.zeros([4 * MiB], { device: gpu }).dispose();
    for (let k = 0; k < 50 && gpus.some((gpu) => lib.memory(gpu).bytes > 0); k++) await collectGarbage();
    expect(gpus.map((gpu) => lib.memory(gpu).bytes)).toEqual([0, 0]);
    for (const gpu of gpus) lib.setMemoryLimit(gpu, null);
    expect(gpus.map((gpu) => lib.memory(gpu).reserved)).toEqual([0, 0]);
  });

  test('of the process is pinned for both at once', async () => {
    const lib = await anotherMachine(2);
    const make = () => ({
      observation: new Float32Array(new SharedArrayBuffer(observation.byteLength)),
      ...{ action: new Int32Array(50), logProb: new Float32Array(50), value: new Float32Array(50) },
    });
    const arrays = make();
    const steps = gpus.map((device) => {
      const model = lib.Model.create('SharedActorCritic', { ...sizes, architecture: [8], device });
      return model.bind({ ...arrays, key: 4 });
    });
    const pins = [lib.pin(arrays.observation.buffer, 'cuda:1'), lib.pin(arrays.observation.buffer, 'cuda:0')];
    for (const step of steps) expect(await eventsOf(() => step.step())).toEqual({ direct: 1, staged: 3 });
    pins[0]?.dispose();
    for (const step of steps) expect(await eventsOf(() => step.step())).toEqual({ direct: 1, staged: 3 });
    expect(await eventsOf(() => pins[1]?.dispose())).toEqual({ unpin: 1 });
    for (const step of steps) expect(await eventsOf(() => step.step())).toEqual({ staged: 4 });
  });
});

test('one that is lost takes nothing of the other with it', async () => {
  const lib = await anotherMachine(2);
  const [stays, goes] = [trainerOn(lib, 'cuda:0', 'LSTM by cuDNN'), trainerOn(lib, 'cuda:1', 'LSTM by cuDNN')];
  const tensors = gpus.map((device) => lib.Tensor.from(observation, { device }));
  const expected = await allOf(trainerOn(lib, 'cuda:0', 'LSTM by cuDNN'));
  const lost = expect.objectContaining({
    code: 'DEVICE_LOST',
    message: expect.stringMatching(/^device 'cuda:1' \(Emulated GPU\) was lost: /),
  });
  await expect(withFault('lost', 30, () => allOf(goes))).rejects.toThrow(lost);
  expect(() => tensors[1]?.dataSync()).toThrow(lost);
  expect(() => lib.Tensor.zeros([1], { device: 'cuda:1' })).toThrow(lost);
  expect(lib.devices().map(({ available }) => available)).toEqual([true, true, false]);
  expect(await allOf(stays)).toEqual(expected);
  expect(tensors[0]?.dataSync()).toEqual(observation);
  for (const tensor of tensors) tensor.dispose();
  for (const { model } of [stays, goes]) model.dispose();
  expect(lib.Tensor.zeros([3], { device: 'cuda' }).dataSync()).toEqual(new Float32Array(3));
});
