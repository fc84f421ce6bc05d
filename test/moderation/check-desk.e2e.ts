import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { CheckDesk, type Inquiry } from '../../src/moderation/checkers/check-desk.service.js';
import { CheckFailed, type Checker, type Finding } from '../../src/moderation/checkers/checker.js';
import { VerdictCacheRepository } from '../../src/moderation/checkers/verdict-cache.repository.js';
import { makeContext, type RequestContext } from '../../src/platform/context/index.js';
import { Metrics } from '../../src/platform/telemetry/index.js';
import { newId } from '../../src/platform/values/index.js';
import { eventually } from '../kit/eventually.js';

const FOUND: Finding = { suggests: 'block', label: 'politics', score: 0.9, traceId: 't', version: 'v' };
let redis: Redis;

beforeAll(() => {
  const url = new URL(inject('servers').redisUrl);
  url.pathname = `/${(process.pid * 13) % inject('servers').redisDatabases}`;
  redis = new Redis(url.toString());
});
afterAll(() => redis.disconnect());

/** A layer whose answers the test gives. */
class ScriptedChecker implements Checker {
  readonly layer = 'wechat';
  readonly asked: (readonly string[])[] = [];
  covered = true;
  answer: (ctx: RequestContext, signal: AbortSignal) => Promise<Finding> = async () => FOUND;

  async covers(): Promise<boolean> {
    return this.covered;
  }

  async check({ ctx }: { readonly ctx: RequestContext }, texts: readonly string[], signal: AbortSignal): Promise<Finding> {
    this.asked.push(texts);
    return this.answer(ctx, signal);
  }
}

let checker: ScriptedChecker;
let warned: object[];
beforeEach(async () => {
  await redis.flushdb();
  checker = new ScriptedChecker();
  warned = [];
});

const deskOn = (connection: Redis): CheckDesk => new CheckDesk([checker], new VerdictCacheRepository(connection), new Metrics(), { warn: (fields: object) => warned.push(fields) } as never);
const user = (tenantId = newId()): RequestContext => makeContext({ tenantId, actor: { kind: 'user', userId: newId(), via: 'session', credentialId: newId() }, requestId: 'r', locale: 'zh', client: 'wxapp', platform: 'other' });
const inquiry = (ctx: RequestContext, more: Partial<Inquiry> = {}, stage: 'input' | 'output' = 'input', thresholds: Record<string, number> = { default: 0.5 }): Inquiry =>
  ({ layer: 'wechat', subject: { ctx, stage, thresholds }, texts: ['句'], deadlineMs: 5_000, ...more });
/** What is kept is kept behind the answer's back. */
const kept = (count: number): Promise<number> => eventually(() => redis.dbsize(), (size) => size === count);

describe('the desk', () => {
  it('does not judge a text twice, on whatever node, for the same tenant, stage, thresholds and lists', async () => {
    const ctx = user();
    const [one, other] = [deskOn(redis), deskOn(redis)];
    expect(await one.ask(inquiry(ctx))).toMatchObject({ kind: 'found', finding: FOUND, cached: false });
    await kept(1);
    expect(await other.ask(inquiry(user(ctx.tenantId)))).toMatchObject({ kind: 'found', finding: FOUND, cached: true });
    expect(checker.asked).toHaveLength(1);
    const others = [inquiry(user()), inquiry(ctx, {}, 'output'), inquiry(ctx, {}, 'input', { default: 0.6 }), inquiry(ctx, { listVersion: '7' }), inquiry(ctx, { texts: ['句', ''] }), inquiry(ctx, { texts: ['句 '] })];
    for (const each of others) expect(await one.ask(each)).toMatchObject({ cached: false });
    expect(checker.asked).toHaveLength(7);
    await kept(7);
    for (const key of await redis.keys('*')) {
      expect([key.includes('句'), /^[0-9a-f-]{36}:verdict:wechat:/.test(key)]).toEqual([false, true]);
      expect(await redis.ttl(key)).toBeGreaterThan(500);
    }
  });

  it('asks once for those who ask at once', async () => {
    const ctx = user();
    const gate = Promise.withResolvers<Finding>();
    checker.answer = () => gate.promise;
    const desk = deskOn(redis);
    const asked = Promise.all([1, 2, 3].map(() => desk.ask(inquiry(ctx))));
    await eventually(async () => checker.asked.length, (count) => count === 1);
    gate.resolve(FOUND);
    expect((await asked).map((answer) => answer.kind === 'found' && answer.cached)).toEqual([false, true, true]);
    expect(checker.asked).toHaveLength(1);
  });

  it('keeps no failure, and says its kind', async () => {
    const ctx = user();
    const desk = deskOn(redis);
    checker.answer = async () => {
      throw new CheckFailed('quota', 'd');
    };
    expect(await desk.ask(inquiry(ctx))).toMatchObject({ kind: 'failed', failure: 'quota' });
    checker.answer = async () => {
      throw new Error('some fault');
    };
    expect(await desk.ask(inquiry(ctx))).toMatchObject({ kind: 'failed', failure: 'unreachable' });
    checker.answer = async () => FOUND;
    expect(await desk.ask(inquiry(ctx))).toMatchObject({ kind: 'found', cached: false });
    expect(warned).toMatchObject([{ layer: 'wechat', failure: 'quota' }]);
    expect(JSON.stringify(warned)).not.toContain('句');
  });

  it('ends by the deadline, and aborts the call', async () => {
    const aborted = Promise.withResolvers<unknown>();
    checker.answer = (_, signal) => new Promise((_, reject) => signal.addEventListener('abort', () => {
      aborted.resolve(signal.reason);
      reject(signal.reason as Error);
    }));
    const began = performance.now();
    expect(await deskOn(redis).ask(inquiry(user(), { deadlineMs: 60 }))).toMatchObject({ kind: 'failed', failure: 'timeout' });
    expect(performance.now() - began).toBeLessThan(1_000);
    expect((await aborted.promise as Error).name).toBe('TimeoutError');
    checker.answer = () => new Promise(() => undefined);
    expect(await deskOn(redis).ask(inquiry(user(), { deadlineMs: 60 }))).toMatchObject({ kind: 'failed', failure: 'timeout' });
  });

  it('lets everybody who joined wait for as long as he may himself', async () => {
    const ctx = user();
    const gate = Promise.withResolvers<Finding>();
    const aborted: unknown[] = [];
    checker.answer = (_, signal) => {
      signal.addEventListener('abort', () => aborted.push(signal.reason));
      return gate.promise;
    };
    const desk = deskOn(redis);
    const [first, patient, hasty] = [60, 5_000, 30].map((deadlineMs) => desk.ask(inquiry(ctx, { deadlineMs })));
    expect(await hasty).toMatchObject({ kind: 'failed', failure: 'timeout' });
    expect(await first).toMatchObject({ kind: 'failed', failure: 'timeout' });
    gate.resolve(FOUND);
    expect(await patient).toMatchObject({ kind: 'found', finding: FOUND, cached: true });
    expect([checker.asked.length, aborted]).toEqual([1, []]);
  });

  it('ends a call that nobody waits for any more, and joins nobody to one that is ending', async () => {
    const ctx = user();
    const aborted = Promise.withResolvers<unknown>();
    checker.answer = (_, signal) => new Promise(() => signal.addEventListener('abort', () => aborted.resolve(signal.reason)));
    const desk = deskOn(redis);
    const answers = await Promise.all([20, 60].map((deadlineMs) => desk.ask(inquiry(ctx, { deadlineMs }))));
    expect(answers).toMatchObject([{ failure: 'timeout' }, { failure: 'timeout' }]);
    expect((await aborted.promise as Error).name).toBe('TimeoutError');
    checker.answer = async () => FOUND;
    expect(await desk.ask(inquiry(ctx))).toMatchObject({ kind: 'found', cached: false });
  });

  it.each(['not_seen', 'user_budget'] as const)('does not take for everybody what was said of one user: %s', async (failure) => {
    const tenantId = newId();
    const [unseen, seen] = [user(tenantId), user(tenantId)];
    const gate = Promise.withResolvers<undefined>();
    checker.answer = async (ctx) => {
      if (ctx === seen) return FOUND;
      await gate.promise;
      throw new CheckFailed(failure, 'd');
    };
    const desk = deskOn(redis);
    const answers = Promise.all([desk.ask(inquiry(unseen)), desk.ask(inquiry(seen))]);
    await eventually(async () => checker.asked.length, (count) => count === 1);
    gate.resolve(undefined);
    expect(await answers).toMatchObject([{ kind: 'failed', failure }, { kind: 'found', cached: false }]);
    expect(warned).toEqual([]);
  });

  it('judges while Redis is away, or holds something else', async () => {
    const away = new Redis({ host: '127.0.0.1', port: 1, lazyConnect: true, enableOfflineQueue: false, maxRetriesPerRequest: 0, retryStrategy: () => null });
    away.on('error', () => undefined);
    expect(await deskOn(away).ask(inquiry(user()))).toMatchObject({ kind: 'found', cached: false });
    const silent = { get: () => new Promise(() => undefined), set: async () => 'OK' } as unknown as Redis;
    expect(await deskOn(silent).ask(inquiry(user()))).toMatchObject({ kind: 'found', cached: false });
    const spoilt = { get: async () => 'no json', set: async () => 'OK' } as unknown as Redis;
    expect(await deskOn(spoilt).ask(inquiry(user()))).toMatchObject({ kind: 'found', cached: false });
  });

  it('knows what it does not cover', async () => {
    checker.covered = false;
    expect(await deskOn(redis).ask(inquiry(user()))).toEqual({ kind: 'uncovered' });
    expect(await deskOn(redis).ask(inquiry(user(), { layer: 'openai' }))).toEqual({ kind: 'uncovered' });
    expect(checker.asked).toEqual([]);
  });
});
