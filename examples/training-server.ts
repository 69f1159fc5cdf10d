// Train behind HTTP: start, watch and stop a run, and ask the newest policy while it learns. `npm run example -- training-server`
import { createReadStream, existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import {
  type Logger,
  Model,
  NativeVectorEnvironment,
  PPO,
  type RunOutcome,
  type RunRecord,
  TorsorError,
  type TrainingMetrics,
  trainRun,
} from 'torsor';

const { PORT = '0', RUN_FOLDER } = process.env;
const folder = RUN_FOLDER ?? (await mkdtemp(join(tmpdir(), 'torsor-example-')));
const newest = join(folder, 'last.safetensors');

const environment = new NativeVectorEnvironment({ name: 'CartPole-v1', count: 64, key: 1 });
const model = Model.create('SharedActorCritic', {
  observationSpaceSize: 4,
  actionSpaceSize: 2,
  discrete: true,
  key: 2,
});
const trainer = new PPO({ model, environment, key: 3, horizon: 64, learningRate: 2e-3, rewardScale: 0.1 });
// What a server before this one had learned in that folder.
if (existsSync(newest)) await trainer.load(newest);

let run: { stop: AbortController; ended: Promise<void> } | undefined;
let metrics: TrainingMetrics | undefined;
let outcome: RunOutcome | { status: 'failed'; error: { code: string; message: string } } | undefined;

/** Goes on from the newest checkpoint where there is one. */
function start(steps: number): void {
  const stop = new AbortController();
  outcome = undefined;
  const logger = {
    record(record: RunRecord) {
      metrics = record.metrics;
    },
  };
  run = { stop, ended: train(steps, stop.signal, logger) };
}

async function train(steps: number, signal: AbortSignal, logger: Logger): Promise<void> {
  try {
    outcome = await trainRun(trainer, { folder, steps, resume: existsSync(newest), loggers: [logger], signal });
  } catch (error) {
    const { code, message } = TorsorError.from(error);
    outcome = { status: 'failed', error: { code, message } };
  }
  run = undefined;
}

async function stop(): Promise<void> {
  run?.stop.abort();
  await run?.ended; // the iteration under way is finished and saved
}

/** What a caller did wrong, as a status of HTTP. */
class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

const routes: Record<string, (body: Record<string, unknown>) => unknown> = {
  'POST /training': ({ steps }) => {
    if (run !== undefined) throw new Refused(409, 'a run is under way: DELETE /training stops it');
    if (!Number.isSafeInteger(steps) || (steps as number) <= trainer.steps) {
      throw new Refused(400, `steps: expected an integer above ${trainer.steps}, which are done`);
    }
    start(steps as number);
    return { status: 'running' };
  },
  'GET /training': () => ({
    status: run ? 'running' : (outcome?.status ?? 'idle'),
    steps: trainer.steps,
    metrics,
    outcome,
  }),
  'DELETE /training': async () => {
    await stop();
    return outcome ?? { status: 'idle' };
  },
  // Training runs in threads of its own. An answer comes from the parameters as they are now: between two steps of the optimiser.
  'POST /action': ({ observation }) => {
    const { action, value } = model.act(observation as number[], { deterministic: true });
    return { action: [...action.dataSync()], value: [...value.dataSync()], steps: trainer.steps };
  },
};

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const send = (status: number, body: unknown) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
  try {
    const name = `${request.method} ${request.url}`;
    // The file is replaced as a whole: whoever reads it reads one checkpoint to its end.
    if (name === 'GET /policy' && existsSync(newest)) {
      createReadStream(newest).pipe(response.writeHead(200, { 'content-type': 'application/octet-stream' }));
      return;
    }
    const route = routes[name];
    if (route === undefined) throw new Refused(404, `${name}: not known, or not there yet`);
    const body = await text(request);
    send(200, await route(body === '' ? {} : JSON.parse(body)));
  } catch (error) {
    const status = error instanceof Refused ? error.status : 400;
    send(status, { error: (error as Error).message });
  }
}

const server = createServer(answer).listen(Number(PORT), '127.0.0.1');
await new Promise((done) => server.once('listening', done));
const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

async function close(): Promise<void> {
  await stop();
  await new Promise((done) => server.close(done));
  trainer.dispose();
  if (RUN_FOLDER === undefined) await rm(folder, { recursive: true });
}

if (process.env.PORT !== undefined) {
  console.log(`${address}: POST, GET and DELETE /training, POST /action, GET /policy`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, close);
} else {
  await demonstrate();
  await close();
}

/** What a client does; answers are JSON of many kinds. */
async function call(method: string, path: string, body?: unknown) {
  const response = await fetch(address + path, { method, ...(body !== undefined && { body: JSON.stringify(body) }) });
  return JSON.parse(await response.text());
}

async function demonstrate(): Promise<void> {
  const upright = { observation: [0, 0, 0.02, 0] };
  const before = await call('POST', '/action', upright);
  console.log((await call('POST', '/training', { steps: 300_000 })).status);
  console.log((await call('POST', '/training', { steps: 400_000 })).error);

  // It answers while it learns.
  let answers = 0;
  for (let now = before; now.steps < 60_000; answers++) now = await call('POST', '/action', upright);
  console.log(`${answers > 10 ? 'many' : 'few'} answers meanwhile`);
  console.log((await call('DELETE', '/training')).status);

  // Another process takes the policy as a file.
  const fetched = join(folder, 'fetched.safetensors');
  await writeFile(fetched, Buffer.from(await (await fetch(`${address}/policy`)).arrayBuffer()));
  const elsewhere = (await Model.load(fetched)).act(upright.observation, { deterministic: true });
  const here = await call('POST', '/action', upright);
  console.log(`from its file it answers alike: ${elsewhere.value.item() === here.value[0]}`);

  await call('POST', '/training', { steps: 300_000 });
  await run?.ended;
  const { status, steps, metrics } = await call('GET', '/training');
  console.log(`${status} after ${steps} steps: mean return ${metrics.meanReturn.toFixed(0)}`);
  console.log((await call('POST', '/action', { observation: [1, 2, 3] })).error);
}
