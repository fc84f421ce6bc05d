export { Bus, type BusHandler } from './bus.js';
export { patientOptions } from './redis.js';
export { REDIS, RedisModule } from './redis.module.js';
export { Script } from './script.js';
