import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditLedger } from '../../src/billing/audit/audit.service.js';
import { tenantAccount, walletOf, type Account } from '../../src/billing/ledger/account.js';
import { LedgerRefused, LedgerService } from '../../src/billing/ledger/ledger.service.js';
import { LedgerRepository } from '../../src/billing/ledger/ledger.repository.js';
import type { Transfer } from '../../src/billing/ledger/transfer.js';
import { systemContext } from '../../src/platform/context/index.js';
import { LedgerBench } from '../kit/ledger-bench.js';

const ledger = new LedgerService(new LedgerRepository());
let bench: LedgerBench;

beforeAll(async () => {
  bench = await LedgerBench.open();
});
afterAll(async () => bench.close());

const apply = (tenantId: string, transfers: readonly Transfer[]): Promise<string> =>
  bench.database.inTenant(systemContext(tenantId, 'test', 'test'), (tx) => ledger.apply(tx, transfers)).then((results) => results.join(), (error: unknown) => {
    if (error instanceof LedgerRefused) return `${error.fault}@${error.at}`;
    throw error;
  });

/** What a ledger must do, in the plainest words. */
class Model {
  readonly balances = new Map<string, { dp: bigint; cp: bigint; dh: bigint; ch: bigint; deep: boolean }>();
  readonly transfers = new Map<string, { readonly content: string; readonly transfer: Transfer; resolved: 'posted' | 'voided' | undefined }>();

  apply(batch: readonly Transfer[]): string {
    const before = [...this.balances].map(([id, balance]) => [id, { ...balance }] as const);
    const known = [...this.transfers].map(([id, each]) => [id, { ...each }] as const);
    const results: string[] = [];
    for (const [at, transfer] of batch.entries()) {
      const result = this.one(transfer);
      if (result !== 'created' && result !== 'exists') {
        this.balances.clear();
        before.forEach(([id, balance]) => this.balances.set(id, balance));
        this.transfers.clear();
        known.forEach(([id, each]) => this.transfers.set(id, each));
        return `${result}@${at}`;
      }
      results.push(result);
    }
    return results.join();
  }

  private of(account: Account): { dp: bigint; cp: bigint; dh: bigint; ch: bigint; deep: boolean } {
    const balance = this.balances.get(account.id) ?? { dp: 0n, cp: 0n, dh: 0n, ch: 0n, deep: account.mayGoNegative };
    this.balances.set(account.id, balance);
    return balance;
  }

  private one(transfer: Transfer): string {
    const pending = 'pendingId' in transfer ? this.transfers.get(transfer.pendingId) : undefined;
    const held = pending?.transfer.kind === 'pending' ? pending.transfer : undefined;
    if ('pendingId' in transfer && held === undefined) return 'pending_not_found';
    const amount = transfer.kind === 'void' ? held?.amount : transfer.amount;
    const content = JSON.stringify([transfer.kind, 'debit' in transfer ? [transfer.debit.id, transfer.credit.id] : [held?.debit.id, held?.credit.id], amount?.toString(), 'pendingId' in transfer ? transfer.pendingId : null, transfer.reason, transfer.reference]);
    const prior = this.transfers.get(transfer.id);
    if (prior !== undefined) return prior.content === content ? 'exists' : 'conflict';
    if (amount === undefined || amount <= 0n) return 'bad_amount';
    if ('pendingId' in transfer && pending !== undefined && held !== undefined) {
      if (pending.resolved !== undefined) return `already_${pending.resolved}`;
      if (amount > held.amount) return 'exceeds_pending';
      pending.resolved = transfer.kind === 'post' ? 'posted' : 'voided';
      const [debit, credit] = [this.of(held.debit), this.of(held.credit)];
      debit.dh -= held.amount;
      credit.ch -= held.amount;
      if (transfer.kind === 'post') [debit.dp, credit.cp] = [debit.dp + amount, credit.cp + amount];
    } else if ('debit' in transfer) {
      const [debit, credit] = [this.of(transfer.debit), this.of(transfer.credit)];
      if (transfer.debit.unit !== transfer.credit.unit) return 'units_differ';
      if (!debit.deep && debit.cp - debit.dp - debit.dh < amount) return 'insufficient';
      // What int8 can't hold is refused, not wrapped around.
      if ((transfer.kind === 'single' ? debit.dp : debit.dh) + amount >= 2n ** 63n || (transfer.kind === 'single' ? credit.cp : credit.ch) + amount >= 2n ** 63n) return 'bad_amount';
      if (transfer.kind === 'single') [debit.dp, credit.cp] = [debit.dp + amount, credit.cp + amount];
      else [debit.dh, credit.ch] = [debit.dh + amount, credit.ch + amount];
    }
    this.transfers.set(transfer.id, { content, transfer, resolved: undefined });
    return 'created';
  }
}

/** A step of a run, before the ids of that run are known: small numbers that name accounts and earlier transfers. */
interface Step {
  readonly tenant: number;
  readonly kind: 'topup' | 'spend' | 'hold' | 'post' | 'void' | 'gift' | 'cash' | 'cross';
  readonly user: number;
  readonly amount: bigint;
  readonly which: number;
  readonly replay: 'fresh' | 'same' | 'changed';
}

const amounts = fc.oneof({ weight: 8, arbitrary: fc.bigInt({ min: 1n, max: 500n }) }, fc.constantFrom(0n, -1n, 2n ** 31n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 62n));
const step: fc.Arbitrary<Step> = fc.record({
  tenant: fc.integer({ min: 0, max: 1 }), kind: fc.constantFrom('topup', 'spend', 'hold', 'post', 'void', 'gift', 'cash', 'cross'), user: fc.integer({ min: 0, max: 2 }), amount: amounts,
  which: fc.nat({ max: 30 }), replay: fc.oneof({ weight: 6, arbitrary: fc.constant('fresh' as const) }, fc.constantFrom('same' as const, 'changed' as const)),
});
const batches = fc.array(fc.array(step, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 25 });

/** Turns steps into batches of real transfers, remembering what a later step may repeat or resolve. */
class Script {
  readonly tenants = [randomUUID(), randomUUID()];
  readonly users = [randomUUID(), randomUUID(), randomUUID()];
  private readonly made = new Map<number, Transfer[]>();

  batch(steps: readonly Step[]): { readonly tenantId: string; readonly transfers: readonly Transfer[] } {
    const tenant = steps[0]?.tenant ?? 0;
    return { tenantId: this.tenants[tenant] ?? '', transfers: steps.map((each) => this.transfer(tenant, each)) };
  }

  private transfer(tenant: number, { kind, user, amount, which, replay }: Step): Transfer {
    const earlier = this.made.get(tenant) ?? [];
    this.made.set(tenant, earlier);
    const old = earlier[which % Math.max(1, earlier.length)];
    if (replay === 'same' && old !== undefined) return old;
    if (replay === 'changed' && old !== undefined) return { ...old, reference: randomUUID() };
    const made = this.fresh(tenant, kind, user, amount, earlier.filter((each) => each.kind === 'pending'), which);
    earlier.push(made);
    return made;
  }

  private fresh(tenant: number, kind: Step['kind'], user: number, amount: bigint, holds: readonly Transfer[], which: number): Transfer {
    const tenantId = this.tenants[tenant] ?? '';
    const owner = this.users[user] ?? '';
    const wallet = walletOf(tenantId, owner);
    const issued = tenantAccount(tenantId, 'issued');
    const common = { id: randomUUID(), reason: 'topup', reference: randomUUID(), ownerId: owner } as const;
    const hold = holds[which % Math.max(1, holds.length)];
    switch (kind) {
      case 'topup': return { ...common, kind: 'single', debit: issued, credit: wallet, amount };
      case 'spend': return { ...common, kind: 'single', debit: wallet, credit: issued, amount };
      case 'gift': return { ...common, kind: 'single', debit: wallet, credit: walletOf(tenantId, this.users[(user + 1) % 3] ?? ''), amount };
      case 'cash': return { ...common, kind: 'single', debit: tenantAccount(tenantId, 'payer'), credit: tenantAccount(tenantId, 'cash'), amount };
      case 'cross': return { ...common, kind: 'single', debit: wallet, credit: tenantAccount(tenantId, 'cash'), amount };
      case 'hold': return { ...common, kind: 'pending', debit: wallet, credit: issued, amount, expiresAt: undefined };
      case 'post': return { ...common, kind: 'post', pendingId: hold?.id ?? randomUUID(), amount };
      case 'void': return { ...common, kind: 'void', pendingId: hold?.id ?? randomUUID() };
    }
  }
}

async function balances(tenants: readonly string[]): Promise<Map<string, string>> {
  const rows = await bench.sql<{ id: string; balance: string }>(`SELECT id, concat_ws(' ', debits_posted, credits_posted, debits_pending, credits_pending) AS balance FROM accounts WHERE tenant_id = ANY ($1::uuid[])`, [tenants]);
  return new Map(rows.map((row) => [row.id, row.balance]));
}

/** Accounts that nothing was ever moved on may or may not be there. */
function moved(entries: Iterable<readonly [string, string]>): [string, string][] {
  return [...entries].filter(([, balance]) => balance !== '0 0 0 0').map(([id, balance]): [string, string] => [id, balance]).sort(([a], [b]) => (a < b ? -1 : 1));
}

describe('the ledger', () => {
  it('does what the model does, whatever the batches', async () => {
    let steps = 0;
    await fc.assert(fc.asyncProperty(batches, async (run) => {
      const script = new Script();
      const models = new Map(script.tenants.map((tenantId): [string, Model] => [tenantId, new Model()]));
      for (const each of run) {
        const { tenantId, transfers } = script.batch(each);
        steps += transfers.length;
        expect(await apply(tenantId, transfers)).toBe(models.get(tenantId)?.apply(transfers));
      }
      const expected = [...models.values()].flatMap((model) => [...model.balances].map(([id, { dp, cp, dh, ch }]) => [id, `${dp} ${cp} ${dh} ${ch}`] as const));
      expect(moved(await balances(script.tenants))).toEqual(moved(expected));
    }), { numRuns: 1_200 });
    expect(steps).toBeGreaterThan(8_000);
    expect((await auditLedger(bench.urlFor('bailiao_platform'))).filter(({ invariant }) => ['double_entry', 'balances', 'resolutions', 'never_overdrawn'].includes(invariant)).map((each) => each.violations)).toEqual([[], [], [], []]);
  }, 120_000);

  it('is never overdrawn and loses nothing, however many are at it at once', async () => {
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
      const script = new Script();
      const jobs = steps.map((each) => script.batch([{ ...each, tenant: 0 }]));
      const outcomes = await Promise.all(jobs.flatMap(({ tenantId, transfers }) => [apply(tenantId, transfers), apply(tenantId, transfers)]));
      // Each transfer was sent twice at the same moment, and moved once.
      const created = outcomes.filter((outcome) => outcome === 'created').length;
      const [counted] = await bench.sql<{ count: number }>('SELECT count(*)::int AS count FROM transfers WHERE tenant_id = $1', [script.tenants[0]]);
      expect(counted?.count).toBe(created);
      const overdrawn = await bench.sql('SELECT id FROM accounts WHERE tenant_id = $1 AND NOT may_go_negative AND credits_posted - debits_posted - debits_pending < 0', [script.tenants[0]]);
      expect(overdrawn).toEqual([]);
    }), { numRuns: 15 });
    const results = await auditLedger(bench.urlFor('bailiao_platform'));
    expect(results.filter(({ invariant }) => ['double_entry', 'balances', 'resolutions'].includes(invariant)).map((each) => each.violations)).toEqual([[], [], []]);
  }, 120_000);

  it('lets 200 at once take exactly what is there', async () => {
    const [tenantId, user] = [randomUUID(), randomUUID()];
    const wallet = walletOf(tenantId, user);
    const issued = tenantAccount(tenantId, 'issued');
    const common = { reason: 'topup', ownerId: user } as const;
    await apply(tenantId, [{ ...common, id: randomUUID(), reference: randomUUID(), kind: 'single', debit: issued, credit: wallet, amount: 79n }]);
    const outcomes = await Promise.all(Array.from({ length: 200 }, () => apply(tenantId, [{ ...common, id: randomUUID(), reference: randomUUID(), kind: 'single', debit: wallet, credit: issued, amount: 10n }])));
    expect([outcomes.filter((each) => each === 'created').length, outcomes.filter((each) => each === 'insufficient@0').length]).toEqual([7, 193]);
  }, 60_000);
});
