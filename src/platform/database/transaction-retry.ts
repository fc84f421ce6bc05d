import { delay } from '../values/index.js';

const ATTEMPTS = 4;

/** Re-runs a whole transaction that PostgreSQL rolled back for its neighbours' sake: serialisation failure 40001, deadlock 40P01. */
export async function retryTransaction<T>(run: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await run();
    } catch (error) {
      if (attempt === ATTEMPTS || !isRolledBackForOthers(error)) throw error;
      await delay(5 * 2 ** attempt * (0.5 + Math.random()));
    }
  }
}

function isRolledBackForOthers(error: unknown): boolean {
  const code = sqlState(error);
  return code === '40001' || code === '40P01';
}

/** The SQLSTATE of a driver's or TypeORM's error, if it has one. */
export function sqlState(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const code = (error as { code?: unknown }).code ?? (error as { driverError?: { code?: unknown } }).driverError?.code;
  return typeof code === 'string' ? code : undefined;
}

/** The name of the constraint that refused a row (SQLSTATE 23505), so that a repository can say what was taken. */
export function violatedConstraint(error: unknown): string | undefined {
  if (sqlState(error) !== '23505') return undefined;
  const driver = (error as { driverError?: { constraint?: unknown }; constraint?: unknown }).driverError ?? (error as { constraint?: unknown });
  return typeof driver.constraint === 'string' ? driver.constraint : '';
}
