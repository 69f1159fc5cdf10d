// A process of its own: steps environments in threads, and leaves them alone.
import { WorkerVectorEnvironment } from '../../../lib/index.js';

const make = { module: new URL('./environments.ts', import.meta.url), export: 'walk' };
const environment = await WorkerVectorEnvironment.create({ make, count: 2, workers: 2 });
await environment.step(new Int32Array(2));
console.log('stepped');
