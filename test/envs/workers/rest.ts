// A process of its own: steps environments in threads, and leaves them alone, or lets them close.
import { WorkerVectorEnvironment } from '../../../lib/index.js';

const make = { module: new URL('./environments.ts', import.meta.url), export: 'walk' };
const environment = await WorkerVectorEnvironment.create({ make, count: 2, workers: 2 });
await environment.step(new Int32Array(2));
console.log('stepped');
if (process.argv.includes('dispose')) {
  await environment.dispose();
  console.log('disposed');
}
