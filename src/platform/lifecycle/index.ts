export { LifecycleModule } from './lifecycle.module.js';
export { Readiness } from './readiness.js';
export { Rounds, type RoundsOptions } from './rounds.js';
