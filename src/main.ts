import 'reflect-metadata';
import { ConfigurationError, readConfig } from './platform/config/index.js';
import { Readiness } from './platform/lifecycle/index.js';
import { NestLogger, makeLogger } from './platform/telemetry/index.js';
import { makeApp } from './app.js';

/** The process: reads the environment, builds the house, listens, and goes down in order on SIGTERM. */
async function main(): Promise<void> {
  const config = readConfig(process.env);
  const logger = makeLogger(config.logLevel, config.role);
  const app = await makeApp(config, logger, new NestLogger(logger));
  let stopping: Promise<void> | undefined;
  const stop = (reason: string): void => {
    stopping ??= (async () => {
      logger.info({ reason }, 'stopping');
      app.get(Readiness).stop();
      // No new connections from here on; those that are open end with their answers.
      (app.getHttpServer()).close();
      await app.close();
      logger.info('stopped');
      process.exit(0);
    })().catch((error: unknown) => {
      logger.error({ reason: error instanceof Error ? error.message : 'unknown' }, 'stopping failed');
      process.exit(1);
    });
  };
  process.once('SIGTERM', () => stop('SIGTERM'));
  process.once('SIGINT', () => stop('SIGINT'));
  // Started by a launcher that is gone: nobody would ever stop this process.
  process.once('disconnect', () => stop('the launcher is gone'));
  // A reader of our output that is gone must not take the service with it.
  process.stdout.on('error', () => undefined);
  process.stderr.on('error', () => undefined);
  process.on('unhandledRejection', (error) => logger.error({ reason: error instanceof Error ? error.message : 'unknown', stack: error instanceof Error ? error.stack : undefined }, 'unhandled rejection'));
  await app.listen(config.http.port, config.http.host);
  logger.info({ port: config.http.port, role: config.role }, 'listening');
}

main().catch((error: unknown) => {
  process.stderr.write(`${startFault(error)}\n`);
  process.exit(1);
});

/** One clear sentence for whoever starts the process. */
function startFault(error: unknown): string {
  if (error instanceof ConfigurationError) return error.message;
  if (!(error instanceof Error)) return 'Bailiao could not start.';
  const { code, address, port } = error as { code?: string; address?: string; port?: number };
  if (code === 'EADDRINUSE') return `Bailiao could not start: port ${port} is in use. Set PORT to a free one, or stop what uses it.`;
  if (code === 'EACCES') return `Bailiao could not start: no right to listen on port ${port}. Set PORT to one above 1023.`;
  if (code === 'ECONNREFUSED') return `Bailiao could not start: nothing answers at ${address}:${port}. Is PostgreSQL (DATABASE_URL) or Redis (REDIS_URL) running there?`;
  if (code === '28P01' || code === '28000') return 'Bailiao could not start: PostgreSQL refused the login of the app\'s role. Run "npm run migrate" with DATABASE_URL and the same MASTER_KEY.';
  return `Bailiao could not start: ${error.message}`;
}
