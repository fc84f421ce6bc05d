export { LifecycleModule } from './lifecycle.module.js';
export { Readiness } from './readiness.js';
