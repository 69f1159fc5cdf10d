// Imported before a command (`node --import`): it computes on one thread, so that several can run side by side.
import { setThreads } from '../../dist/index.js';

setThreads(1);
