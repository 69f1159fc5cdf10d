// What goes wrong on a GPU while it runs, on the emulated one: memory that ends in the middle of a call, a kernel that does not start, a device
// that is lost; and threads and processes that share a device.
import { beforeAll, describe, expect, test } from 'vitest';
import { buildEmulated, buildTimeout } from './emulated.js';
import { anotherMachine, eventsOf, withFault } from './machine.js';
import { inProcess, inThread } from './workers.js';

type Library = typeof import('../../lib/index.js');
let emulated = '';
beforeAll(async () => {
  emulated = await buildEmulated();
}, buildTimeout);

const device = 'cuda';
const observation = Float32Array.from({ length: 4 * 50 }, (_, i) => Math.sin(i));

function modelOf(lib: Library, name = 'LSTMActorCritic') {
  const sizes = { observationSpaceSize: 4, actionSpaceSize: 2, discrete: true };
  const small = name === 'LSTMActorCritic' ? { lstmFeatures: 5, hiddenFeatures: 6 } : { architecture: [8] };
  return lib.Model.create(name, { ...sizes, ...small, key: 2, device });
}

function world(lib: Library, name?: string) {
  const environment = new lib.NativeVectorEnvironment({ name: 'CartPole-v1', count: 8, key: 1, device });
  const model = modelOf(lib, name);
  return { environment, model, trainer: () => new lib.PPO({ model, environment, key: 3, horizon: 16 }) };
}
type World = ReturnType<typeof world>;

async function update({ trainer }: Pick<World, 'trainer'>, steps = 8 * 16): Promise<number[]> {
  const losses: number[] = [];
  for await (const { loss } of trainer().run({ steps })) losses.push(loss);
  return losses;
}

/** Each runs on a model of its own and gives what came out. */
const calls: Record<string, (lib: Library, own: World) => unknown> = {
  'a tensor': (lib) => {
    using tensor = lib.Tensor.from(observation, { device });
    return [...tensor.dataSync()];
  },
  'a model': (lib) => {
    using model = modelOf(lib);
    return [...model.parameters.flat()];
  },
  'a policy step': (_, { model }) => [...model.act(observation, { key: 1 }).logProb.dataSync()],
  'an evaluation': (_, { model }) => [...model.evaluate(observation, new Int32Array(50)).entropy.dataSync()],
  'a gradient': (_, { model }) => [
    ...model.gradient(observation, new Int32Array(50), { dValue: new Float32Array(50).fill(1) }).observation,
  ],
  'an update of PPO': (_, own) => update(own),
};

test.each(Object.keys(calls))('memory that ends at any point of %s', async (name) => {
  const run = calls[name] as (typeof calls)[string];
  const lib = await anotherMachine();
  const expected = await run(lib, world(lib));
  for (let which = 1; ; which++) {
    const own = world(lib);
    lib.setMemoryLimit(device, null); // nothing waits in pools
    const before = lib.memory(device);
    const outcome = await withFault('allocation', which, async () => run(lib, own)).catch((error: unknown) => ({
      error,
    }));
    if (!(outcome as { error?: unknown }).error) {
      expect(outcome).toEqual(expected);
      expect(which).toBeGreaterThan(1);
      break;
    }
    expect(outcome).toMatchObject({ error: { name: 'TorsorError', code: 'OUT_OF_MEMORY' } });
    expect((outcome as { error: Error }).error.message).toMatch(/^no memory for \d+ bytes on cuda:0: /);
    // Models that train keep their programs and sums; environments have gone on when an update fails.
    if (!/gradient|PPO/.test(name))
      expect(lib.memory(device)).toMatchObject({ buffers: before.buffers, bytes: before.bytes });
    const again = await run(lib, own);
    if (name === 'an update of PPO') expect((again as number[]).every(Number.isFinite)).toBe(true);
    else expect(again).toEqual(expected);
    own.model.dispose();
  }
});

test('a kernel that does not start is an error of that call alone', async () => {
  const lib = await anotherMachine();
  const own = world(lib, 'SharedActorCritic');
  const act = () => [...own.model.act(observation, { key: 1 }).logProb.dataSync()];
  const expected = act();
  const failed = withFault('launch', 1, act);
  await expect(failed).rejects.toMatchObject({
    code: 'NATIVE',
    message: expect.stringMatching(
      /^the kernel policy_step \(4 blocks .*\): too many resources requested for launch \(cudaErrorLaunchOutOfResources\)$/,
    ),
  });
  expect(act()).toEqual(expected);
  await expect(withFault('launch', 20, () => update(own))).rejects.toMatchObject({ code: 'NATIVE' });
  expect((await update(own)).every(Number.isFinite)).toBe(true);
});

describe('a lost device', () => {
  test('fails everything with one error, hangs nothing and can be disposed of', async () => {
    const lib = await anotherMachine();
    const own = world(lib);
    const step = own.model.bind({
      ...{
        observation,
        action: new Int32Array(50),
        logProb: new Float32Array(50),
        value: new Float32Array(50),
        key: 1,
      },
    });
    const tensor = lib.Tensor.from(observation, { device });
    const pinned = lib.pin(new SharedArrayBuffer(64), device);
    const trainer = own.trainer();
    const message =
      /^device 'cuda:0' \(Emulated GPU\) was lost: .*: an illegal memory access was encountered \(cudaErrorIllegalAddress\)\. .* start a new process/;
    let first = '';
    await withFault('lost', 30, async () => {
      for await (const _ of trainer.run({ steps: 8 * 16 * 100 }));
    }).catch((error: Error) => {
      expect(error).toMatchObject({
        name: 'TorsorError',
        code: 'DEVICE_LOST',
        message: expect.stringMatching(message),
      });
      first = error.message;
    });
    expect(first).not.toBe('');

    const lost = expect.objectContaining({ code: 'DEVICE_LOST', message: first });
    expect(() => own.model.act(observation, { key: 1 })).toThrow(lost);
    expect(() => own.model.parameters.flat()).toThrow(lost);
    expect(() => step.step()).toThrow(lost);
    expect(() => tensor.dataSync()).toThrow(lost);
    expect(() => lib.Tensor.zeros([1], { device })).toThrow(lost);
    expect(() => world(lib)).toThrow(lost);
    expect(() => lib.pin(new ArrayBuffer(8), device)).toThrow(lost);
    await expect(update(own)).rejects.toMatchObject({ code: 'DEVICE_LOST', message: first });
    await expect(own.model.save('/nowhere')).rejects.toMatchObject({ code: 'DEVICE_LOST', message: first });
    expect(lib.devices()[1]).toMatchObject({ device: 'cuda:0', available: false, reason: first });

    const events = await eventsOf(() => {
      for (const held of [tensor, pinned, own.model, own.environment]) held.dispose();
    });
    expect(events).toEqual({});
    expect(lib.Tensor.zeros([3]).dataSync()).toEqual(new Float32Array(3));
  });

  test('an error of the moment does not make it one', async () => {
    const lib = await anotherMachine();
    const own = world(lib, 'SharedActorCritic');
    await expect(withFault('launch', 1, () => own.model.act(observation, { key: 1 }))).rejects.toMatchObject({
      code: 'NATIVE',
    });
    await expect(withFault('allocation', 1, () => lib.Tensor.zeros([1 << 20], { device }))).rejects.toMatchObject({
      code: 'OUT_OF_MEMORY',
    });
    expect(lib.devices()[1]).toMatchObject({ available: true });
    expect((await update(own)).length).toBe(1);
  });
});

describe('a device that is shared', () => {
  test('by threads and by processes gives each what it gives alone', async () => {
    const alone = await inProcess(emulated);
    expect(alone).toMatchObject({ failed: 'OUT_OF_MEMORY', pinned: 1600, limit: null });
    const together = await Promise.all([
      inThread(emulated),
      inThread(emulated),
      inProcess(emulated),
      inProcess(emulated),
    ]);
    for (const one of together) expect(one).toEqual(alone);
  });
});
