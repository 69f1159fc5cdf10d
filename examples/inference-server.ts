// One policy for many game clients: a WebSocket server that answers what arrived together in one call. `npm run example -- inference-server`
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type BoundStep, Key, LSTMActorCritic, Model, TorsorError } from 'torsor';
import { WebSocket, WebSocketServer } from 'ws';

/** A client sends `{ observation, reset? }` and receives `{ action, value }` or `{ error }`; `reset` says that a new episode begins. */
interface Question {
  client: Client;
  observation: number[];
  reset: boolean;
}

/** `memory` is the client's row of the carry of a recurrent policy; empty where the policy remembers nothing. */
interface Client {
  socket: WebSocket;
  memory: Float32Array;
}

class InferenceServer {
  readonly batches: number[] = [];
  readonly #model: Model<object>;
  readonly #limits: { rows: number; milliseconds: number };
  readonly #server: WebSocketServer;
  readonly #steps = new Map<number, Step>();
  #waiting: Question[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** Answers once `rows` questions have come, and at the latest so many `milliseconds` after the first of them. */
  constructor(model: Model<object>, port: number, limits: { rows: number; milliseconds: number }) {
    this.#model = model;
    this.#limits = limits;
    this.#server = new WebSocketServer({ host: '127.0.0.1', port, maxPayload: 1 << 16 });
    this.#server.on('connection', (socket) => {
      const client = { socket, memory: new Float32Array(this.#step(1).bound.carry.length) };
      socket.on('message', (text) => this.#receive(client, String(text)));
      socket.on('error', () => socket.terminate()); // as for a message that is too long
    });
  }

  async address(): Promise<string> {
    if (this.#server.address() === null) await once(this.#server, 'listening');
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Takes no more clients, answers what has arrived, and says goodbye. */
  async close(): Promise<void> {
    const closed = new Promise((done) => this.#server.close(done));
    while (this.#waiting.length > 0) this.#answer();
    for (const socket of this.#server.clients) socket.close(1001, 'the server shuts down');
    await closed;
  }

  #receive(client: Client, text: string): void {
    try {
      this.#waiting.push({ client, ...this.#parse(text) });
    } catch (error) {
      send(client.socket, { error: (error as Error).message });
      return;
    }
    if (this.#waiting.length >= this.#limits.rows) this.#answer();
    else this.#timer ??= setTimeout(() => this.#answer(), this.#limits.milliseconds);
  }

  /** Everything is checked here, so that nobody spoils the batch of the others. */
  #parse(text: string): Omit<Question, 'client'> {
    const { observation, reset = false } = (JSON.parse(text) ?? {}) as Partial<Question>;
    const size = this.#model.options.observationSpaceSize;
    if (!Array.isArray(observation) || observation.length !== size || !observation.every(Number.isFinite)) {
      throw new Error(`observation: expected ${size} finite numbers`);
    }
    if (typeof reset !== 'boolean') throw new Error('reset: expected true or false');
    return { observation, reset };
  }

  #answer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    // Of one client a question a batch: the next one needs the memory that this one leaves.
    const batch = new Map<Client, Question>();
    const later: Question[] = [];
    for (const question of this.#waiting) {
      if (batch.size === this.#limits.rows || batch.has(question.client)) later.push(question);
      else batch.set(question.client, question);
    }
    this.#waiting = later;
    if (later.length > 0) this.#timer = setTimeout(() => this.#answer());
    if (batch.size > 0) this.#run([...batch.values()]);
  }

  #run(batch: readonly Question[]): void {
    const { bound, observation, action, value } = this.#step(batch.length);
    const width = bound.carry.length / batch.length;
    batch.forEach(({ client, reset, observation: row }, index) => {
      if (reset) client.memory.fill(0);
      observation.set(row, index * row.length);
      bound.carry.set(client.memory, index * width);
    });
    this.batches.push(batch.length);
    try {
      bound.step();
    } catch (error) {
      for (const { client } of batch) send(client.socket, { error: TorsorError.from(error).message });
      return;
    }
    const size = action.length / batch.length;
    batch.forEach(({ client }, index) => {
      client.memory.set(bound.carry.subarray(index * width, (index + 1) * width));
      const own = [...action.subarray(index * size, (index + 1) * size)];
      send(client.socket, { action: own, value: value[index] as number });
    });
  }

  /** A step of so many rows over arrays of its own, made once: answering then allocates nothing for the policy. */
  #step(rows: number): Step {
    const known = this.#steps.get(rows);
    if (known !== undefined) return known;
    const { observationSpaceSize, actionSpaceSize, discrete } = this.#model.options;
    const arrays = {
      observation: new Float32Array(rows * observationSpaceSize),
      action: discrete ? new Int32Array(rows) : new Float32Array(rows * actionSpaceSize),
      logProb: new Float32Array(rows),
      value: new Float32Array(rows),
    };
    const step = { ...arrays, bound: this.#model.bind({ ...arrays, deterministic: true }) };
    this.#steps.set(rows, step);
    return step;
  }
}

interface Step {
  bound: BoundStep;
  observation: Float32Array;
  action: Float32Array | Int32Array;
  value: Float32Array;
}

function send(socket: WebSocket, answer: { action: number[]; value: number } | { error: string }): void {
  if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(answer));
}

// POLICY=file.safetensors PORT=8080 serves a policy of yours until Ctrl-C; otherwise clients of our own try the server.
const { POLICY, PORT } = process.env;
const sizes = { observationSpaceSize: 4, actionSpaceSize: 4, discrete: true, key: 1 };
const model = POLICY ? await Model.load(POLICY) : new LSTMActorCritic({ ...sizes, lstmFeatures: 64 });
const server = new InferenceServer(model, Number(PORT ?? 0), { rows: 64, milliseconds: 2 });
const address = await server.address();
if (PORT !== undefined) {
  console.log(`${model.typeName} at ${address}`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => server.close());
} else {
  await demonstrate();
}

/** Many clients play; then every answer is compared with what the model says to one client alone. */
async function demonstrate(): Promise<void> {
  const games = await Promise.all(Array.from({ length: 100 }, (_, index) => play(new Key(index), 3, 20)));
  const answers = games.flat();
  const latencies = answers.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b);
  const rows = answers.length / server.batches.length;
  console.log(`${answers.length} answers to ${games.length} clients, ${rows.toFixed(1)} a batch`);
  console.log(`half of them within ${at(latencies, 0.5)} ms, 99 % within ${at(latencies, 0.99)} ms`);
  console.log(`the same as without the server: ${games.every(isAsAlone)}`);

  const { ask, socket } = await connect();
  for (const text of ['{', '{"observation":[1,2]}']) console.log((await ask(text)).error);
  // What was asked before the shutdown is answered.
  const last = ask(JSON.stringify({ observation: [1, 0, 0, 0] }));
  await sleep(1);
  const gone = once(socket, 'close');
  await server.close();
  console.log(`closed: ${'action' in (await last)}, code ${(await gone)[0]}`);
}

interface Turn {
  observation: number[];
  reset: boolean;
  answer: { action: number[]; value: number };
  milliseconds: number;
}

/** Asks as a game does: the next question when the last one is answered, and a new episode every so many steps. */
async function play(key: Key, episodes: number, steps: number): Promise<Turn[]> {
  const { ask, socket } = await connect();
  const turns: Turn[] = [];
  for (let step = 0; step < episodes * steps; step++) {
    const observation = Array.from({ length: 4 }, (_, index) => key.word(4 * step + index) / 2 ** 31 - 1);
    const reset = step % steps === 0;
    const start = performance.now();
    const answer = await ask(JSON.stringify({ observation, reset }));
    turns.push({ observation, reset, answer, milliseconds: performance.now() - start });
  }
  socket.close();
  return turns;
}

function isAsAlone(turns: readonly Turn[]): boolean {
  return turns.every(({ observation, reset, answer }) => {
    if (reset) model.reset([1, observation.length]);
    const { action, value } = model.act([observation], { deterministic: true });
    return action.item() === answer.action[0] && value.item() === answer.value;
  });
}

/** A client that asks one question at a time. */
async function connect() {
  const socket = new WebSocket(address);
  await once(socket, 'open');
  const ask = async (text: string) => {
    socket.send(text);
    return JSON.parse(String((await once(socket, 'message'))[0]));
  };
  return { socket, ask };
}

function at(sorted: readonly number[], share: number): string {
  return (sorted[Math.floor(share * sorted.length)] as number).toFixed(1);
}
