// Results of trainings in a JSON file: what is there need not be trained again.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { root } from '../setup.mjs';
import { parts } from './parts.mjs';

/** The last commit that changed what trains; + where files differ from it. */
function commitOfCode() {
  const git = (...args) => spawnSync('git', args, { cwd: root, encoding: 'utf8' }).stdout.trim();
  const paths = ['--', 'lib', 'native'];
  const commit = git('log', '-1', '--format=%h', ...paths);
  return git('status', '--porcelain', ...paths) === '' ? commit : `${commit}+`;
}

/** A run on one line: the file is read by people too. */
function format(data) {
  return `${JSON.stringify(data, null, 2).replaceAll(
    /\{\s+("seed"[^}]*?)\s+\}/g,
    (_, run) => `{ ${run.replaceAll(/\n\s+/g, ' ')} }`,
  )}\n`;
}

/**
 * {processor, date, PART: {environment: {model: {steps, runs: [{seed, meanReturn, seconds, commit, parameters}]}}}, …} in a file, of which this is one
 * part. It is read again before every change: another process may train other cells.
 */
export class Results {
  #file;
  #part;
  #data;
  #commit = commitOfCode();

  constructor(file, part) {
    this.#file = file;
    this.#part = part;
    this.#read();
  }

  get #cells() {
    return this.#data[this.#part];
  }

  #read() {
    const processor = cpus()[0].model.trim();
    const empty = { processor, date: '', ...Object.fromEntries(Object.keys(parts).map((part) => [part, {}])) };
    this.#data = existsSync(this.#file) ? JSON.parse(readFileSync(this.#file, 'utf8')) : empty;
    if (this.#data.processor !== processor)
      throw new Error(
        `${this.#file} holds results of ${this.#data.processor}, this is ${processor}: name another file`,
      );
  }

  #write() {
    const half = `${this.#file}.${process.pid}`;
    writeFileSync(half, format(this.#data));
    renameSync(half, this.#file);
  }

  get processor() {
    return this.#data.processor;
  }

  get date() {
    return this.#data.date;
  }

  get commits() {
    const cells = Object.values(this.#cells).flatMap(Object.values);
    return [...new Set(cells.flatMap(({ runs }) => runs.map(({ commit }) => commit)))].sort();
  }

  /** {steps, runs}, or undefined where nothing was run. */
  cell(env, model) {
    return this.#cells[env]?.[model];
  }

  has(env, model, seed) {
    return this.cell(env, model)?.runs.some((run) => run.seed === seed) ?? false;
  }

  drop(env, model) {
    this.#read();
    delete this.#cells[env]?.[model];
    this.#write();
  }

  /** Takes over what a training ended with. */
  add({ env, model, seed, steps, meanReturn, seconds, parametersSha256 }) {
    this.#read();
    this.#cells[env] ??= {};
    this.#cells[env][model] ??= { steps, runs: [] };
    const { runs } = this.#cells[env][model];
    runs.push({
      seed,
      meanReturn: Number(meanReturn.toFixed(4)),
      seconds: Number(seconds.toFixed(1)),
      commit: this.#commit,
      parameters: parametersSha256.slice(0, 16),
    });
    runs.sort((a, b) => a.seed - b.seed);
    this.#data.date = new Date().toISOString().slice(0, 10);
    this.#write();
  }
}
