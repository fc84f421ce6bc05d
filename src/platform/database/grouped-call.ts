import type { Pool, PoolClient } from 'pg';
import { retryTransaction, sqlState } from './transaction-retry.js';
import { withClient } from './with-client.js';

/** Most rows, and most characters of JSON, that one statement takes. */
const MOST_ROWS = 64;
const MOST_LENGTH = 1 << 20;
/**
 * While a statement runs, the next group gathers, so that an idle platform waits for nothing and a busy one shares its
 * commits. A second one runs beside it only for a full group: small ones would wait for each other wherever one wallet is busy.
 */
const AT_ONCE = 2;
/** Callers that may wait; more are refused at once instead of piling up. */
const MOST_WAITING = 20_000;

interface Waiting {
  readonly json: string;
  resolve(answer: never): void;
  reject(error: unknown): void;
}

/** Too many callers wait for the database. */
export class GroupsFull extends Error {
  override readonly name = 'GroupsFull';
  /** SQLSTATE class 53, insufficient resources: the error filter answers `unavailable`. */
  readonly code = '53000';
}

/**
 * Calls a SQL function `name(rows jsonb) returns jsonb` for many callers in one
 * statement. Each caller gets its own answer. When a statement fails for one
 * row's sake, every row of it is asked again alone, so that a bad row fails by
 * itself; a connection that breaks fails all of its group.
 */
export class GroupedCall {
  private waiting: Waiting[] = [];
  private running = 0;

  constructor(private readonly pool: Pool, private readonly name: string) {}

  /** @throws GroupsFull, or the driver's error. */
  call<Answer>(row: unknown): Promise<Answer> {
    if (this.waiting.length >= MOST_WAITING) return Promise.reject(new GroupsFull(`too many calls of ${this.name} wait`));
    return new Promise<Answer>((resolve, reject) => {
      this.waiting.push({ json: JSON.stringify(row), resolve, reject });
      // Callers of the same turn of the loop go together.
      if (this.waiting.length === 1 && this.running === 0) setImmediate(() => this.pump());
      else if (this.waiting.length >= MOST_ROWS) this.pump();
    });
  }

  /** Prepares the statement on `connections` of the pool, which opens them: the first caller finds it ready. */
  async warm(connections: number): Promise<void> {
    await Promise.all(Array.from({ length: connections }, () => withClient(this.pool, (client) => client.query({ ...this.statement, values: ['[]'] }))));
  }

  /** Calls it for one row in a transaction of the caller's. */
  async callIn<Answer>(client: PoolClient, row: unknown): Promise<Answer> {
    const { rows } = await client.query<{ answers: readonly Answer[] }>({ ...this.statement, values: [JSON.stringify([row])] });
    return rows[0]?.answers[0] as Answer;
  }

  private get statement(): { readonly name: string; readonly text: string } {
    return { name: this.name, text: `SELECT ${this.name}($1) AS answers` };
  }

  private pump(): void {
    while (this.running === 0 ? this.waiting.length > 0 : this.running < AT_ONCE && this.waiting.length >= MOST_ROWS) {
      const group = this.nextGroup();
      this.running += 1;
      void this.send(group).finally(() => {
        this.running -= 1;
        this.pump();
      });
    }
  }

  private nextGroup(): Waiting[] {
    let count = 0;
    let length = 0;
    while (count < Math.min(this.waiting.length, MOST_ROWS)) {
      length += this.waiting[count]?.json.length ?? 0;
      if (count > 0 && length > MOST_LENGTH) break;
      count += 1;
    }
    const group = this.waiting.slice(0, count);
    this.waiting = this.waiting.slice(count);
    return group;
  }

  /** Never rejects: every outcome goes to the callers. */
  private async send(group: readonly Waiting[]): Promise<void> {
    try {
      const answers = await this.query(group);
      group.forEach((each, at) => each.resolve(answers[at] as never));
    } catch (error) {
      if (group.length > 1 && isOneRowsFault(error)) for (const each of group) await this.send([each]);
      else for (const each of group) each.reject(error);
    }
  }

  private async query(group: readonly Waiting[]): Promise<readonly unknown[]> {
    const query = { ...this.statement, values: [`[${group.map((each) => each.json).join(',')}]`] };
    const { rows } = await retryTransaction(() => this.pool.query<{ answers: readonly unknown[] }>(query));
    const answers = rows[0]?.answers;
    if (answers?.length !== group.length) throw new Error(`${this.name} answered ${answers?.length ?? 'nothing'} for ${group.length} rows`);
    return answers;
  }
}

/** Not the connection's (class 08), the server's (53, 57, 58): a statement that another row may have spoilt. */
function isOneRowsFault(error: unknown): boolean {
  const state = sqlState(error);
  return state !== undefined && /^[0-9A-Z]{5}$/.test(state) && !['08', '53', '57', '58'].includes(state.slice(0, 2));
}
