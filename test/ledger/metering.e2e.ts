import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditLedger } from '../../src/billing/audit/audit.service.js';
import { tenantAccount, walletOf } from '../../src/billing/ledger/account.js';
import { derivedId } from '../../src/billing/ledger/derived-id.js';
import { LedgerRepository } from '../../src/billing/ledger/ledger.repository.js';
import { LedgerService } from '../../src/billing/ledger/ledger.service.js';
import { systemContext } from '../../src/platform/context/index.js';
import { LedgerBench } from '../kit/ledger-bench.js';

const ledger = new LedgerService(new LedgerRepository());
const HOUR_MS = 3_600_000;
let bench: LedgerBench;

beforeAll(async () => {
  bench = await LedgerBench.open();
});
afterAll(async () => bench.close());

interface Opened { readonly outcome: string; readonly held?: string; readonly available?: string }
interface Concluded { readonly outcome: string; readonly charged?: string; readonly balance?: string }

/** What is done to the database, by the calls that the app makes. */
class Wallets {
  readonly tenantId = randomUUID();
  readonly users = [randomUUID(), randomUUID()];
  private readonly ctx = systemContext(this.tenantId, 'test', 'test');

  async topUp(user: number, amount: bigint): Promise<void> {
    const userId = this.user(user);
    await bench.database.inTenant(this.ctx, (tx) => ledger.apply(tx, [{ id: randomUUID(), kind: 'single', reason: 'signup', reference: randomUUID(), ownerId: userId, debit: tenantAccount(this.tenantId, 'issued'), credit: walletOf(this.tenantId, userId), amount }]));
  }

  async grant(user: number, key: string, amount: bigint, expiresAt: Date | null): Promise<void> {
    await bench.database.inTenant(this.ctx, (tx) => tx.query('SELECT grant_due($1, $2, $3)', [this.tenantId, this.user(user), JSON.stringify([{ key, amount: amount.toString(), reason: 'daily', expires_at: expiresAt }])]));
  }

  async open(user: number, runId: string, wanted: bigint, minimum: bigint): Promise<Opened> {
    const charge = { wanted: wanted.toString(), minimum: minimum.toString(), model: 'm', price_list_id: randomUUID(), conversation_id: null, api_key_id: null, grants: [] };
    return bench.database.call(this.ctx, 'open_runs', { user_id: this.user(user), run_id: runId, conversation_id: null, question: null, idempotency_key: null, request_hash: runId, answer_id: randomUUID(), model: 'm', charge });
  }

  async conclude(runId: string, cost: bigint): Promise<Concluded> {
    const charge = { cost: cost.toString(), prompt_tokens: 1, cached_tokens: 0, completion_tokens: 1, reasoning_tokens: 0, usage_source: 'counted' };
    return bench.database.call(this.ctx, 'conclude_runs', { run_id: runId, generation: 1, state: 'finished', content: 'x', finish_reason: 'stop', usage_source: 'counted', prompt_tokens: 1, completion_tokens: 1, charge });
  }

  /** Time passes for one pocket. */
  async age(user: number, key: string): Promise<void> {
    await bench.sql(`UPDATE accounts SET expires_at = now() - interval '1 second' WHERE tenant_id = $1 AND id = $2 AND expires_at IS NOT NULL`, [this.tenantId, this.pocket(user, key)]);
  }

  async expireGrants(): Promise<void> {
    const due = await bench.sql<{ id: string }>('SELECT id FROM accounts WHERE tenant_id = $1 AND expires_at <= now() AND closed_at IS NULL', [this.tenantId]);
    await bench.database.inTenant(this.ctx, (tx) => tx.query('SELECT expire_grants($1, $2::uuid[])', [this.tenantId, due.map((row) => row.id)]));
  }

  /** The last net: a run that nobody concluded loses its holds. */
  async expireHolds(runId: string): Promise<void> {
    await bench.sql(`UPDATE charges SET created_at = created_at - interval '3 hours' WHERE tenant_id = $1 AND run_id = $2`, [this.tenantId, runId]);
    const holds = await bench.sql<{ id: string }>(`UPDATE transfers SET expires_at = now() - interval '1 second' WHERE tenant_id = $1 AND reference = $2 AND kind = 'pending' RETURNING id`, [this.tenantId, runId]);
    await bench.database.inTenant(this.ctx, (tx) => tx.query('SELECT expire_holds($1, $2::uuid[])', [this.tenantId, holds.map((row) => row.id)]));
  }

  async pockets(): Promise<Record<string, string>> {
    const rows = await bench.sql<{ id: string; state: string }>(`SELECT id, concat_ws(' ', credits_posted - debits_posted - debits_pending, debits_pending) AS state FROM accounts WHERE tenant_id = $1 AND owner_id IS NOT NULL`, [this.tenantId]);
    return Object.fromEntries(rows.map((row) => [row.id, row.state]));
  }

  async revenue(): Promise<string> {
    return (await bench.sql<{ sum: string }>(`SELECT coalesce(sum(credits_posted), 0)::text AS sum FROM accounts WHERE tenant_id = $1 AND kind = 'revenue'`, [this.tenantId]))[0]?.sum ?? '0';
  }

  pocket(user: number, key: string): string {
    return key === 'wallet' ? walletOf(this.tenantId, this.user(user)).id : derivedId(`${this.user(user)}:grant:${key}`);
  }

  private user(at: number): string {
    return this.users[at] ?? '';
  }
}

interface Pocket { readonly key: string; free: bigint; held: bigint; readonly expiresAt: number; expired: boolean; closed: boolean }
interface Run { readonly user: number; readonly parts: { readonly pocket: Pocket; readonly amount: bigint; released: boolean }[]; open: boolean }

/** Credits of each user in pockets; those that end first are spent first. */
class Model {
  readonly pockets = [new Map<string, Pocket>(), new Map<string, Pocket>()];
  readonly runs = new Map<string, Run>();
  revenue = 0n;

  give(user: number, key: string, amount: bigint, expiresAt: number): void {
    const known = this.pockets[user]?.get(key);
    if (key === 'wallet' && known !== undefined) known.free += amount;
    else if (known === undefined) this.pockets[user]?.set(key, { key, free: amount, held: 0n, expiresAt, expired: false, closed: false });
  }

  open(user: number, runId: string, wanted: bigint, minimum: bigint): Opened {
    const parts: Run['parts'] = [];
    let held = 0n;
    for (const pocket of this.usable(user)) {
      const take = pocket.free < wanted - held ? pocket.free : wanted - held;
      if (take > 0n) parts.push({ pocket, amount: take, released: false });
      held += take;
    }
    if (held < minimum) return { outcome: 'insufficient', available: this.balance(user).toString() };
    for (const { pocket, amount } of parts) [pocket.free, pocket.held] = [pocket.free - amount, pocket.held + amount];
    this.runs.set(runId, { user, parts, open: true });
    return { outcome: 'opened', held: held.toString() };
  }

  conclude(runId: string, cost: bigint): Concluded {
    const run = this.runs.get(runId);
    if (run === undefined) return { outcome: 'not_found' };
    if (!run.open) return { outcome: 'already' };
    run.open = false;
    let charged = 0n;
    for (const part of run.parts) {
      if (part.released) continue;
      const post = cost - charged < part.amount ? cost - charged : part.amount;
      [part.pocket.held, part.pocket.free] = [part.pocket.held - part.amount, part.pocket.free + part.amount - post];
      charged += post;
    }
    for (const pocket of this.usable(run.user)) {
      const take = pocket.free < cost - charged ? pocket.free : cost - charged;
      [pocket.free, charged] = [pocket.free - take, charged + take];
    }
    this.revenue += charged;
    return { outcome: 'concluded', charged: charged.toString(), balance: this.balance(run.user).toString() };
  }

  expireHolds(runId: string): void {
    for (const part of this.runs.get(runId)?.open === true ? (this.runs.get(runId)?.parts ?? []) : []) {
      if (part.released) continue;
      part.released = true;
      [part.pocket.held, part.pocket.free] = [part.pocket.held - part.amount, part.pocket.free + part.amount];
    }
  }

  expireGrants(): void {
    for (const pocket of this.pockets.flatMap((each) => [...each.values()])) if (pocket.expired && !pocket.closed) [pocket.free, pocket.closed] = [0n, pocket.held === 0n];
  }

  balance(user: number): bigint {
    return this.usable(user).reduce((sum, pocket) => sum + pocket.free, 0n);
  }

  private usable(user: number): Pocket[] {
    return [...(this.pockets[user]?.values() ?? [])].filter((pocket) => !pocket.expired && !pocket.closed).sort((a, b) => a.expiresAt - b.expiresAt || (a.key === 'wallet' ? 1 : -1));
  }
}

const user = fc.integer({ min: 0, max: 1 });
const credits = fc.bigInt({ min: 1n, max: 300n });
const which = fc.nat({ max: 40 });
const GRANTS = ['g1', 'g2', 'g3', 'forever'] as const;
const steps = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('topUp' as const), user, amount: credits }),
    fc.record({ do: fc.constant('grant' as const), user, key: fc.constantFrom(...GRANTS), amount: credits }),
    { weight: 3, arbitrary: fc.record({ do: fc.constant('open' as const), user, wanted: credits, minimum: fc.bigInt({ min: 0n, max: 60n }) }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('conclude' as const), which, cost: fc.oneof(fc.constant(0n), credits) }) },
    fc.record({ do: fc.constant('age' as const), user, key: fc.constantFrom('g1', 'g2', 'g3') }),
    fc.record({ do: fc.constant('expireGrants' as const) }),
    fc.record({ do: fc.constant('expireHolds' as const), which }),
  ),
  { minLength: 5, maxLength: 40 },
);

const defined = (answer: object): object => Object.fromEntries(Object.entries(answer).filter(([name, value]) => value !== null && ['outcome', 'held', 'available', 'charged', 'balance'].includes(name)));

describe('metering', () => {
  it('holds, charges and expires as the model does, whatever happens in whatever order', async () => {
    let count = 0;
    await fc.assert(fc.asyncProperty(steps, async (run) => {
      const [wallets, model] = [new Wallets(), new Model()];
      const runs: string[] = [];
      const base = Date.now() + HOUR_MS;
      const later = (key: string): number => (key === 'forever' ? Infinity : base + GRANTS.indexOf(key as never) * 1_000);
      for (const step of run) {
        count += 1;
        const runId = 'which' in step ? (runs[step.which % Math.max(1, runs.length)] ?? randomUUID()) : randomUUID();
        switch (step.do) {
          case 'topUp':
            await wallets.topUp(step.user, step.amount);
            model.give(step.user, 'wallet', step.amount, Infinity);
            break;
          case 'grant':
            await wallets.grant(step.user, step.key, step.amount, step.key === 'forever' ? null : new Date(later(step.key)));
            model.give(step.user, step.key, step.amount, later(step.key));
            break;
          case 'open': {
            const minimum = step.minimum < step.wanted ? step.minimum : step.wanted;
            runs.push(runId);
            expect(defined(await wallets.open(step.user, runId, step.wanted, minimum))).toEqual(withHeld(model.open(step.user, runId, step.wanted, minimum)));
            break;
          }
          case 'conclude':
            expect(defined(await wallets.conclude(runId, step.cost))).toEqual(model.conclude(runId, step.cost));
            break;
          case 'age': {
            await wallets.age(step.user, step.key);
            const pocket = model.pockets[step.user]?.get(step.key);
            if (pocket !== undefined) pocket.expired = true;
            break;
          }
          case 'expireGrants':
            await wallets.expireGrants();
            model.expireGrants();
            break;
          case 'expireHolds':
            await wallets.expireHolds(runId);
            model.expireHolds(runId);
            break;
        }
      }
      const expected = Object.fromEntries(model.pockets.flatMap((each, at) => [...each.values()].map((pocket) => [wallets.pocket(at, pocket.key), `${pocket.free} ${pocket.held}`])));
      expect(await wallets.pockets()).toEqual(expected);
      expect(await wallets.revenue()).toBe(model.revenue.toString());
    }), { numRuns: 800 });
    expect(count).toBeGreaterThan(4_000);
    const wrong = (await auditLedger(bench.urlFor('bailiao_platform'))).filter(({ invariant, violations }) => violations.length > 0 && invariant !== 'overdue_grants' && invariant !== 'overdue_holds');
    expect(wrong).toEqual([]);
  }, 120_000);

  it('stays exact when opens, conclusions, top-ups and expiries of many users run at once', async () => {
    const platforms = Array.from({ length: 4 }, () => new Wallets());
    await Promise.all(platforms.map((wallets) => Promise.all([wallets.topUp(0, 5_000n), wallets.topUp(1, 5_000n), wallets.grant(0, 'g1', 500n, new Date(Date.now() + HOUR_MS))])));
    const outcomes = await Promise.all(Array.from({ length: 600 }, async (_, at) => {
      const wallets = platforms[at % platforms.length]!;
      const runId = randomUUID();
      const opened = await wallets.open(at % 2, runId, 100n, 100n);
      if (at % 7 === 0) await wallets.topUp(at % 2, 10n);
      if (opened.outcome !== 'opened') return 0n;
      if (at % 11 === 0) await wallets.expireHolds(runId);
      const [first, second] = await Promise.all([wallets.conclude(runId, 37n), wallets.conclude(runId, 37n)]);
      const answers = [first, second].filter((each) => each.outcome === 'concluded');
      expect(answers).toHaveLength(1);
      return BigInt(answers[0]?.charged ?? 0);
    }));
    const revenue = (await Promise.all(platforms.map((wallets) => wallets.revenue()))).reduce((sum, each) => sum + BigInt(each), 0n);
    expect(revenue).toBe(outcomes.reduce((sum, each) => sum + each, 0n));
    expect(outcomes.filter((each) => each === 37n).length).toBeGreaterThan(300);
    expect((await auditLedger(bench.urlFor('bailiao_platform'))).filter(({ violations, invariant }) => violations.length > 0 && !invariant.startsWith('overdue'))).toEqual([]);
  }, 120_000);
});

/** An opened run tells what it holds; a refused one that it holds nothing. */
function withHeld(answer: Opened): object {
  return answer.outcome === 'insufficient' ? { ...answer, held: 0 } : answer;
}
