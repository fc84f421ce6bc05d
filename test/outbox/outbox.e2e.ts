import pino from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemContext, type RequestContext } from '../../src/platform/context/index.js';
import type { Fact } from '../../src/platform/outbox/fact.js';
import { COMMITTED, NotYet, Outbox } from '../../src/platform/outbox/outbox.js';
import { OutboxJob } from '../../src/platform/outbox/outbox.job.js';
import { OutboxRepository } from '../../src/platform/outbox/outbox.repository.js';
import type { Bus } from '../../src/platform/redis/index.js';
import { Metrics } from '../../src/platform/telemetry/index.js';
import { newId } from '../../src/platform/values/index.js';
import { eventually } from '../kit/eventually.js';
import { LedgerBench } from '../kit/ledger-bench.js';

class Happened implements Fact {
  static readonly kind = 'test.happened';
  readonly kind = Happened.kind;
  constructor(readonly what: string) {}
}
class Other implements Fact {
  static readonly kind = 'test.other';
  readonly kind = Other.kind;
}

/** A bus of one process. */
function busOf(): Bus {
  const handlers: (() => void)[] = [];
  return { subscribe: (_: string, handler: () => void) => Promise.resolve(void handlers.push(handler)), publish: (channel: string) => Promise.resolve(channel === COMMITTED ? handlers.forEach((each) => each()) : undefined) } as unknown as Bus;
}

const repository = new OutboxRepository();
const logger = pino({ level: 'silent' });
let bench: LedgerBench;
let ctx: RequestContext;
let jobs: OutboxJob[];

beforeAll(async () => { bench = await LedgerBench.open(); });
afterAll(async () => bench.close());
beforeEach(async () => {
  jobs = [];
  ctx = systemContext(newId(), 'test', 'r');
  await bench.sql('DELETE FROM facts');
  await bench.sql('INSERT INTO tenants (tenant_id, slug, display_name) VALUES ($1, $2, $2)', [ctx.tenantId, `t-${ctx.tenantId.slice(-12)}`]);
});
afterEach(async () => { for (const job of jobs) await job.onApplicationShutdown(); });

/** One more process. */
async function node(subscribe: (outbox: Outbox) => void, bus = busOf()): Promise<{ readonly outbox: Outbox; readonly metrics: Metrics }> {
  const [outbox, metrics] = [new Outbox(repository, bus, logger), new Metrics()];
  subscribe(outbox);
  const job = new OutboxJob(bench.database, repository, outbox, bus, metrics, logger);
  jobs.push(job);
  await job.onApplicationBootstrap();
  return { outbox, metrics };
}

const silent = new Outbox(repository, busOf(), logger);
const publish = (...facts: readonly Fact[]): Promise<void> => bench.database.inTenant(ctx, async (tx) => { for (const fact of facts) await silent.publish(tx, fact); });
const rows = () => bench.sql<{ kind: string; handled: string[]; attempts: number; delivered: boolean }>('SELECT kind, handled, attempts, delivered_at IS NOT NULL AS delivered FROM facts ORDER BY id');

describe('the outbox', () => {
  it('tells each subscriber of what was committed, in its tenant, and of nothing that was undone', async () => {
    const heard: unknown[] = [];
    await publish(new Happened('before'));
    await expect(bench.database.inTenant(ctx, async (tx) => { await silent.publish(tx, new Happened('undone')); throw new Error('no'); })).rejects.toThrow('no');
    const { outbox } = await node((box) => {
      box.subscribe(Happened, 'one', async (inside, fact) => void heard.push(['one', inside.tenantId, fact]));
      box.subscribe(Happened, 'two', async (inside, fact, id) => void heard.push(['two', inside.requestId === id, fact.what]));
    });
    await eventually(rows, ([row]) => row?.delivered === true);
    expect(heard).toEqual([['one', ctx.tenantId, { kind: 'test.happened', what: 'before' }], ['two', true, 'before']]);
    const began = performance.now();
    await publish(new Happened('after'));
    await outbox.nudge();
    await eventually(rows, (all) => all.length === 2 && all.every(({ delivered }) => delivered));
    expect([heard.length, performance.now() - began < 1_500]).toEqual([4, true]);
  });

  it('tells one that fails again, later and later, and keeps neither the other subscribers nor other facts', async () => {
    const heard: string[] = [];
    let broken = true;
    const { metrics } = await node((box) => {
      box.subscribe(Happened, 'broken', async (_, { what }) => { heard.push(`broken ${what}`); if (broken) throw new Error('not yet'); });
      box.subscribe(Happened, 'well', async (_, { what }) => void heard.push(`well ${what}`));
      box.subscribe(Other, 'other', async () => void heard.push('other'));
    });
    await publish(new Happened('x'), new Other());
    await eventually(rows, (all) => all[1]?.delivered === true && (all[0]?.attempts ?? 0) >= 2);
    expect(await rows()).toMatchObject([{ handled: ['well'], delivered: false }, { kind: 'test.other', delivered: true }]);
    expect(await metrics.text()).toMatch(/^bailiao_facts_undelivered\{kind="test\.happened"\} 1$/m);
    broken = false;
    await bench.sql('UPDATE facts SET due_at = now() WHERE delivered_at IS NULL');
    await eventually(rows, (all) => all.every(({ delivered }) => delivered));
    expect(heard.filter((each) => each === 'well x')).toHaveLength(1);
    expect(heard.filter((each) => each === 'broken x').length).toBeGreaterThanOrEqual(3);
    expect((await rows())[0]?.handled.sort()).toEqual(['broken', 'well']);
    await eventually(() => metrics.text(), (text) => text.includes('bailiao_facts_undelivered{kind="test.happened"} 0'));
    expect((await metrics.factFailures.get()).values[0]?.labels).toEqual({ subscriber: 'broken' });
  });

  it('tells one whose time has not come again soon, as often as it says so, and counts no failure', async () => {
    const heard: number[] = [];
    const { metrics } = await node((box) => box.subscribe(Happened, 'patient', async () => { if (heard.push(performance.now()) < 5) throw new NotYet(); }));
    await publish(new Happened('x'));
    await eventually(rows, ([row]) => row?.delivered === true, 15_000);
    expect(heard).toHaveLength(5);
    expect(Math.max(...heard.map((at, nth) => at - (heard[nth - 1] ?? at)))).toBeLessThan(3_000);
    expect((await rows())[0]?.attempts).toBe(1);
    expect((await metrics.factFailures.get()).values).toEqual([]);
  }, 20_000);

  it('gives each fact to one of several workers', async () => {
    const heard: string[] = [];
    for (let each = 0; each < 3; each += 1) await node((box) => box.subscribe(Happened, 'one', async (_, { what }) => void heard.push(what)));
    const names = Array.from({ length: 90 }, (_, at) => `${at}`);
    await publish(...names.map((name) => new Happened(name)));
    await eventually(rows, (all) => all.every(({ delivered }) => delivered));
    expect(heard.sort()).toEqual([...names].sort());
  });

  it('takes up what a worker that died had taken, when its lease is over', async () => {
    await publish(new Happened('left'));
    const taken = await bench.database.inPlatform(systemContext(ctx.tenantId, 'test', 'r'), (tx) => repository.takeDue(tx, ['test.happened'], 5, 400));
    expect(taken.map(({ body }) => body)).toEqual([{ what: 'left' }]);
    expect(await bench.database.inPlatform(ctx, (tx) => repository.takeDue(tx, ['test.happened'], 5, 400))).toEqual([]);
    const heard: string[] = [];
    await node((box) => box.subscribe(Happened, 'one', async (_, { what }) => void heard.push(what)));
    await eventually(rows, ([row]) => row?.delivered === true);
    expect(heard).toEqual(['left']);
  });

  it('leaves facts of which this release knows nothing, and forgets delivered ones after a day', async () => {
    await publish(new Other(), new Happened('x'), new Happened('y'));
    await bench.sql(`UPDATE facts SET due_at = NULL, delivered_at = now() - CASE body->>'what' WHEN 'x' THEN interval '25 hours' ELSE interval '1 hour' END WHERE kind = 'test.happened'`);
    await node((box) => box.subscribe(Happened, 'one', async () => undefined));
    expect(await bench.database.inPlatform(ctx, (tx) => repository.removeDelivered(tx, 24 * 3_600_000, 10))).toBe(1);
    expect(await rows()).toMatchObject([{ kind: 'test.other', attempts: 0, delivered: false }, { kind: 'test.happened', delivered: true }]);
  });

  it('lets the app state facts, and change none', async () => {
    await publish(new Happened('x'));
    await expect(bench.database.inTenant(ctx, (tx) => tx.query('UPDATE facts SET due_at = NULL WHERE tenant_id = $1', [ctx.tenantId]))).rejects.toThrow(/permission denied/);
    await expect(bench.database.inTenant(ctx, (tx) => tx.query('DELETE FROM facts WHERE tenant_id = $1', [ctx.tenantId]))).rejects.toThrow(/permission denied/);
    expect(() => { silent.subscribe(Other, 'twice', async () => undefined); silent.subscribe(Other, 'twice', async () => undefined); }).toThrow(/two subscribers/);
  });
});
