import { NestFactory } from '@nestjs/core';
import type { FastifyAdapter, NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from './app.module.js';
import type { Config } from './platform/config/index.js';
import { DomainError } from './platform/errors/index.js';
import { ErrorFilter, allowCrossOrigin, makeAdapter, makeValidationPipe, observeRequests, sendError } from './platform/http/index.js';
import { Readiness } from './platform/lifecycle/index.js';
import { Stage } from './platform/rehearsal/index.js';
import { Metrics, type Logger, type NestLogger } from './platform/telemetry/index.js';
import { TenantOrigins, tenantHintsOf } from './tenants/index.js';
import { Dispatcher } from './upstream/index.js';
import { serveDocs } from './openapi.js';
import { serveTryout } from './tryout.js';

/** Builds the application, ready to listen. */
export async function makeApp(config: Config, logger: Logger, nestLogger: NestLogger): Promise<NestFastifyApplication> {
  const adapter = makeAdapter(config.http.trustedHops);
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.for(config, logger), adapter, { logger: nestLogger, abortOnError: false, bodyParser: false });
  observeRequests(adapter, logger, app.get(Metrics), app.get(Stage));
  if (config.role === 'worker') closeDoors(adapter, logger);
  app.useGlobalPipes(makeValidationPipe());
  app.useGlobalFilters(new ErrorFilter(logger));
  const dispatcher = app.get(Dispatcher);
  app.get(Readiness).add('queue', () => dispatcher.ping());
  if (config.role !== 'worker') {
    const origins = app.get(TenantOrigins);
    allowCrossOrigin(adapter, (origin, request) => origins.allows(origin, tenantHintsOf(request)));
    await serveDocs(app);
    await serveTryout(app, config);
  }
  await app.init();
  return app;
}

/** A worker serves nobody: it only says how it is. */
function closeDoors(adapter: FastifyAdapter, logger: Logger): void {
  const open = new Set(['/healthz', '/readyz', '/metrics']);
  adapter.getInstance().addHook('onRequest', (request, reply, done) => {
    if (open.has(request.routeOptions.url ?? '')) done();
    else sendError(request, reply, new DomainError('not_found'), logger);
  });
}
