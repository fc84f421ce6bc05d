import { destination, pino, type Logger as Pino } from 'pino';
import type { LoggerService } from '@nestjs/common';

/** JSON lines on stdout. Fields carry request id and tenant; never message texts, never secrets. */
export type Logger = Pino;
export const LOGGER = Symbol('Logger');

/** Names that must not reach a log, wherever an object holds them. */
const SECRET_FIELDS = ['authorization', 'password', 'secret', 'app_secret', 'token', 'access_token', 'refresh_token', 'api_key', 'push_token', 'push_aes_key', 'content'];

/** Bytes of lines that wait for a slow reader; beyond it lines are dropped, and the service goes on. */
const WAITING_LIMIT = 4 * 1024 * 1024;

export function makeLogger(level: string, role: string): Logger {
  // Written off the request's path; what a crash would cut off is the last moment's lines.
  const out = destination({ fd: 1, sync: false, maxLength: WAITING_LIMIT });
  out.on('error', () => undefined);
  return pino({
    level,
    base: { role, pid: process.pid },
    redact: { paths: SECRET_FIELDS, censor: '[hidden]' },
    formatters: { level: (label) => ({ level: label }) },
    timestamp: () => `,"time":"${new Date(performance.timeOrigin + performance.now()).toISOString()}"`,
  }, out);
}

/** What an error may show in a log: kind, code and stack, but no message of drivers that quote values, no body. */
export function errorFields(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { kind: typeof error };
  const code = (error as { code?: unknown }).code;
  return {
    kind: error.name,
    ...(typeof code === 'string' || typeof code === 'number' ? { errcode: code } : {}),
    reason: error.message.slice(0, 300),
    stack: error.stack?.split('\n').slice(1, 8).map((line) => line.trim()),
    ...(error.cause === undefined ? {} : { cause: errorFields(error.cause) }),
  };
}

/** Lets Nest's own messages go the same way. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}
  log(message: unknown, context?: string): void {
    this.logger.debug({ context }, String(message));
  }
  error(message: unknown, ...rest: unknown[]): void {
    this.logger.error({ context: rest.at(-1) }, String(message));
  }
  warn(message: unknown, context?: string): void {
    this.logger.warn({ context }, String(message));
  }
  debug(message: unknown, context?: string): void {
    this.logger.debug({ context }, String(message));
  }
}
