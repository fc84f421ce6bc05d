import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StaffActionService } from '../../src/identity/staff/staff-action.service.js';
import { StaffActionRepository } from '../../src/identity/staff/staff-action.repository.js';
import { DeskRulesRepository } from '../../src/moderation/desk/desk-rules.repository.js';
import type { MediaCheck, MediaVerdict } from '../../src/moderation/media/media-check.js';
import { MediaCallRepository, MediaRepository } from '../../src/moderation/media/media.repository.js';
import { MediaVerdicts } from '../../src/moderation/media/media-verdicts.service.js';
import { ReviewRepository } from '../../src/moderation/review/review.repository.js';
import { ReviewService } from '../../src/moderation/review/review.service.js';
import type { Judgement } from '../../src/moderation/verdict.js';
import type { VerdictLog } from '../../src/moderation/verdicts/verdict-log.service.js';
import { systemContext, systemPlatformContext } from '../../src/platform/context/index.js';
import { Sealer } from '../../src/platform/crypto/index.js';
import { newId } from '../../src/platform/values/index.js';
import { LedgerBench } from '../kit/ledger-bench.js';

const checks = new MediaRepository();
const logged: Judgement[] = [];
let bench: LedgerBench;
let verdicts: MediaVerdicts;
const tenantId = randomUUID();
const ctx = systemContext(tenantId, 'test', 'test');

beforeAll(async () => {
  bench = await LedgerBench.open();
  await bench.sql(`INSERT INTO tenants (tenant_id, slug, display_name) VALUES ($1, 'media', 'x')`, [tenantId]);
  const { database } = bench;
  const log = { record: (_ctx: unknown, _subject: unknown, judgements: readonly Judgement[]) => void logged.push(...judgements) } as unknown as VerdictLog;
  const reviews = new ReviewService(database, new ReviewRepository(new Sealer({ current: 1, byVersion: new Map([[1, Buffer.alloc(32, 1)]]) })), new DeskRulesRepository(), new StaffActionService(database, new StaffActionRepository()));
  verdicts = new MediaVerdicts(database, checks, new MediaCallRepository(), reviews, log);
});
afterAll(async () => bench.close());

const make = (userId = randomUUID()): Promise<MediaCheck> =>
  bench.database.inTenant(ctx, (tx) => checks.insert(tx, { id: newId(), userId, purpose: 'avatar', type: 'image', url: 'https://a.example/a.png' }));
const read = (id: string): Promise<MediaCheck | undefined> => bench.database.inTenant(ctx, (tx) => checks.find(tx, id));
const begin = (id: string): Promise<number | undefined> => bench.database.inTenant(ctx, (tx) => checks.begin(tx, id));
const passes = (traceId: string): MediaVerdict => ({ traceId, errcode: 0, suggest: 'pass', label: 100 });
const fails = (traceId: string): MediaVerdict => ({ traceId, errcode: -1008, suggest: undefined, label: undefined });
const dueIn = async (id: string): Promise<number> => (await bench.sql<{ s: number }>('SELECT extract(epoch FROM due_at - clock_timestamp())::float AS s FROM media_checks WHERE id = $1', [id]))[0]?.s ?? NaN;

describe('a pushed verdict', () => {
  it('ends the check that it is about, once', async () => {
    const { id } = await make();
    await begin(id);
    await verdicts.expect(ctx, id, 'once');
    expect(await read(id)).toMatchObject({ state: 'pending', step: 'wait', traceId: 'once', attempts: 1 });
    logged.length = 0;
    expect(await Promise.all(Array.from({ length: 5 }, () => verdicts.accept(ctx, passes('once'))))).toEqual(expect.arrayContaining(['settled', 'known', 'known', 'known', 'known']));
    expect(await verdicts.accept(ctx, { ...passes('once'), suggest: 'risky' })).toBe('known');
    expect(await read(id)).toMatchObject({ state: 'passed', label: 100 });
    expect(logged).toEqual([expect.objectContaining({ layer: 'wechat', action: 'pass', label: '100', traceId: 'once' })]);
  });

  it('that is faster than the answer to the question waits for it', async () => {
    const { id } = await make();
    expect(await verdicts.accept(ctx, { ...passes('early'), suggest: 'risky', label: 20002 })).toBe('kept');
    expect(await read(id)).toMatchObject({ state: 'pending', step: 'ask' });
    await verdicts.expect(ctx, id, 'early');
    expect(await read(id)).toMatchObject({ state: 'rejected', label: 20002 });
  });

  it('is lost in no race with that answer', async () => {
    const made = await Promise.all(Array.from({ length: 40 }, async () => (await make()).id));
    await Promise.all(made.flatMap((id) => [verdicts.expect(ctx, id, `race-${id}`), verdicts.accept(ctx, passes(`race-${id}`))]));
    expect(new Set(await Promise.all(made.map(async (id) => (await read(id))?.state)))).toEqual(new Set(['passed']));
  });

  it('of a failure makes WeChat be asked again, a bounded number of times', async () => {
    const { id } = await make();
    const delays: number[] = [];
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      expect(await begin(id)).toBe(attempt);
      await verdicts.expect(ctx, id, `failing-${attempt}`);
      expect(await dueIn(id)).toBeGreaterThan(34 * 60);
      await verdicts.accept(ctx, fails(`failing-${attempt}`));
      delays.push(Math.round(await dueIn(id)));
    }
    expect(delays).toEqual([1, 4, 16, 64, NaN]);
    expect(await read(id)).toMatchObject({ state: 'failed', failure: 'unjudged' });
    expect(await begin(id)).toBeUndefined();
  });

  it('about which there is doubt goes to a person', async () => {
    const { id, userId } = await make();
    await verdicts.expect(ctx, id, 'doubt');
    await verdicts.accept(ctx, { ...passes('doubt'), suggest: 'review', label: 21000 });
    expect(await read(id)).toMatchObject({ state: 'review', label: 21000 });
    expect(await bench.sql('SELECT kind, user_id, subject_id, label, state FROM reviews WHERE natural_key = $1', [`media:${id}`])).toEqual([{ kind: 'media', user_id: userId, subject_id: id, label: '21000', state: 'waiting' }]);
  });

  it('of another tenant is about nothing here', async () => {
    const { id } = await make();
    await verdicts.expect(ctx, id, 'mine');
    expect(await verdicts.accept(systemContext(randomUUID(), 'test', 'test'), passes('mine'))).toBe('kept');
    expect(await read(id)).toMatchObject({ state: 'pending' });
  });
});

describe("what is read of a user's pictures", () => {
  it('is of one moment, though a verdict arrives meanwhile', async () => {
    for (let round = 0; round < 20; round += 1) {
      const { id, userId } = await make();
      await verdicts.expect(ctx, id, `moment-${id}`);
      const reads = Array.from({ length: 6 }, () => bench.database.inTenant(ctx, (tx) => checks.ownOf(tx, userId, 'avatar')));
      await verdicts.accept(ctx, passes(`moment-${id}`));
      for (const { newest, shown } of await Promise.all(reads)) expect([newest?.state, shown?.id]).toEqual(newest?.state === 'passed' ? ['passed', id] : ['pending', undefined]);
    }
  });
});

describe('checks that are due', () => {
  it('are taken by one worker each, and again when its lease is over', async () => {
    const made = await Promise.all(Array.from({ length: 10 }, () => make()));
    const mine = new Set(made.map(({ id }) => id));
    const take = () => bench.database.inPlatform(systemPlatformContext('test', 'test'), (tx) => checks.takeDue(tx, 100, 60_000));
    const taken = (await Promise.all([take(), take(), take()])).flat().filter(({ id }) => mine.has(id));
    expect([taken.length, new Set(taken.map(({ id }) => id)).size]).toEqual([10, 10]);
    expect((await take()).filter(({ id }) => mine.has(id))).toEqual([]);
    await bench.sql(`UPDATE media_checks SET due_at = clock_timestamp() - interval '1 second' WHERE id = $1`, [made[0]?.id]);
    expect(await take()).toMatchObject([{ tenantId, id: made[0]?.id }]);
  });
});
