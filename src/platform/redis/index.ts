export { Bus, type BusHandler } from './bus.js';
export { checkEviction } from './eviction.js';
export { NewsCache, type NewsCacheOptions, type NewsHandlers, type Stale } from './news-cache.js';
export { NewsTable, type NewsTableOptions } from './news-table.js';
export { patientOptions } from './redis.js';
export { REDIS, RedisModule } from './redis.module.js';
export { Script } from './script.js';
