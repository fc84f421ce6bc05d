export { LOGGER, NestLogger, errorFields, makeLogger, type Logger } from './logger.js';
export { Metrics } from './metrics.js';
export { TelemetryModule } from './telemetry.module.js';
