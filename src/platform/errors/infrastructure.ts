import { DomainError } from './domain-error.js';

/** SQLSTATE classes and codes that mean "PostgreSQL can't serve this now": connection, resources, shutdown, lock and statement timeouts. */
const POSTGRES_AWAY = /^(08|53|57P|58)|^(55P03|57014|25006)$/;
const NETWORK_AWAY = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);
const AWAY_TEXTS = [
  /timeout exceeded when trying to connect/,
  /Connection terminated/,
  /Connection is closed/,
  /Command timed out/,
  /Stream isn't writeable/,
  /^(LOADING|READONLY|CLUSTERDOWN|MASTERDOWN|OOM|MISCONF) /,
  /max retries per request/,
  /Client was closed/,
  /not currently accepting connections/,
  /Query read timeout/,
];

/** Whether an error of a driver says that PostgreSQL or Redis is away for now, rather than that we did something wrong. */
export function isAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = (error as { code?: unknown }).code ?? (error as { driverError?: { code?: unknown } }).driverError?.code;
  if (typeof code === 'string' && (NETWORK_AWAY.has(code) || POSTGRES_AWAY.test(code))) return true;
  if (AWAY_TEXTS.some((text) => text.test(error.message))) return true;
  return error.cause !== undefined && error.cause !== error && isAway(error.cause);
}

/** Any error as one of the closed list: what we threw, `unavailable` for a store that is away, else `internal`. */
export function asDomainError(error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  if (isAway(error)) return new DomainError('unavailable', { retryAfterMs: 2_000, cause: error });
  return new DomainError('internal', { cause: error });
}
