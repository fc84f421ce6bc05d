import { Global, Module, type DynamicModule } from '@nestjs/common';
import { LOGGER, type Logger } from './logger.js';
import { Metrics } from './metrics.js';

@Global()
@Module({})
export class TelemetryModule {
  static with(logger: Logger): DynamicModule {
    const metrics = new Metrics();
    return {
      module: TelemetryModule,
      providers: [{ provide: LOGGER, useValue: logger }, { provide: Metrics, useValue: metrics }],
      exports: [LOGGER, Metrics],
    };
  }
}
