import { pino } from 'pino';
import { describe, expect, it, vi } from 'vitest';
import type { Bus } from '../../platform/redis/index.js';
import type { Outcome, RunPlan } from '../run/run.js';
import { nameOfPlace, type AnswerCacheRepository, type Joined } from './answer-cache.repository.js';
import { AnswerCache } from './answer-cache.service.js';

const place = { tenantId: 't', userId: 'u', digest: 'd' };
const answer = { content: 'x', completionTokens: 1, reasoningTokens: 0 };
type Look = Awaited<ReturnType<AnswerCacheRepository['look']>>;

/** A cache over a store that the test speaks for. */
async function cacheOver(store: Partial<AnswerCacheRepository>) {
  const published: string[] = [];
  let tell: (name: string) => void = () => undefined;
  const bus = {
    subscribe: (_: string, handler: (message: string) => void) => Promise.resolve(void (tell = handler)),
    publish: (_: string, message: string) => Promise.resolve(void published.push(message)),
  };
  const cache = new AnswerCache(store as AnswerCacheRepository, bus as unknown as Bus, pino({ level: 'silent' }));
  await cache.onModuleInit();
  return { cache, published, tell: (name: string) => tell(name) };
}

/** A store whose looks answer one after the other, the last for ever; nobody leads when it is joined. */
function looks(...answers: readonly Look[]) {
  let at = 0;
  return { join: vi.fn((..._: readonly unknown[]) => Promise.resolve<Joined>({ kind: 'lead' })), look: vi.fn(() => Promise.resolve(answers[Math.min(at++, answers.length - 1)] as Look)) };
}
const led: Look = { answer: undefined, leader: 'l' };

describe('AnswerCache', () => {
  it('gives the answer when the leader lands, at once', async () => {
    const store = looks(led, { answer, leader: undefined });
    const { cache, tell } = await cacheOver(store);
    const waiting = cache.share(place, 'f', 'l', new AbortController().signal);
    await vi.waitFor(() => expect(store.look).toHaveBeenCalledTimes(1));
    tell(nameOfPlace({ ...place, userId: undefined }));
    tell(nameOfPlace(place));
    expect(await waiting).toEqual(answer);
    expect(store.look).toHaveBeenCalledTimes(2);
  });

  it.each([
    ['ended without an answer', { answer: undefined, leader: undefined }],
    ['is another by now, and that one is gone, too', { answer: undefined, leader: 'm' }],
  ])('gives up when the leader %s, also when nobody tells', async (_, look) => {
    const { cache } = await cacheOver(looks(led, look));
    expect(await cache.share(place, 'f', 'l', new AbortController().signal)).toBeUndefined();
  });

  it('follows the one that leads next, and no more than three', async () => {
    const store = looks(led, { answer: undefined, leader: 'm' }, { answer, leader: undefined });
    store.join.mockResolvedValueOnce({ kind: 'follow', leader: 'm' });
    const { cache, tell } = await cacheOver(store);
    const waiting = cache.share(place, 'f', 'l', new AbortController().signal);
    await vi.waitFor(() => expect(store.look).toHaveBeenCalledTimes(1));
    tell(nameOfPlace(place));
    await vi.waitFor(() => expect(store.join).toHaveBeenCalledWith(place, 'f', 15_000));
    expect(await waiting).toEqual(answer);
    const restless = looks({ answer: undefined, leader: undefined });
    restless.join.mockResolvedValue({ kind: 'follow', leader: 'n' });
    expect(await (await cacheOver(restless)).cache.share(place, 'f', 'l', new AbortController().signal)).toBeUndefined();
    expect(restless.look).toHaveBeenCalledTimes(3);
  });

  it('gives up a leader after fifteen seconds, and all of them after thirty', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    try {
      const store = looks(led);
      store.join.mockResolvedValue({ kind: 'follow', leader: 'l' });
      const { cache } = await cacheOver(store);
      const waiting = cache.share(place, 'f', 'l', new AbortController().signal);
      let over = false;
      void waiting.then(() => { over = true; });
      await vi.advanceTimersByTimeAsync(14_900);
      expect(store.join).toHaveBeenCalledTimes(0);
      await vi.advanceTimersByTimeAsync(200);
      expect(store.join).toHaveBeenCalledTimes(1);
      await vi.advanceTimersByTimeAsync(14_800);
      expect(over).toBe(false);
      await vi.advanceTimersByTimeAsync(200);
      expect(await waiting).toBeUndefined();
    } finally {
      vi.useRealTimers();
    }
  });

  it('ends with the reason of whoever stops it', async () => {
    const control = new AbortController();
    const { cache } = await cacheOver(looks(led));
    const waiting = cache.share(place, 'f', 'l', control.signal);
    control.abort(new Error('stopped'));
    await expect(waiting).rejects.toThrow('stopped');
  });

  it('lets a bounded number wait; the others lead', async () => {
    const { cache } = await cacheOver({ ...looks(led), join: () => Promise.resolve<Joined>({ kind: 'follow', leader: 'l' }) });
    const control = new AbortController();
    const waiting = Array.from({ length: 1_000 }, () => cache.share(place, 'f', 'l', control.signal).catch(() => undefined));
    expect(await cache.join(place, 'r')).toEqual({ kind: 'lead' });
    control.abort(new Error('over'));
    await Promise.all(waiting);
    expect(await cache.join(place, 'r')).toEqual({ kind: 'follow', leader: 'l' });
  });

  it('stores first and tells then, and only where the run led', async () => {
    const steps: string[] = [];
    const { cache, published } = await cacheOver({
      keep: () => Promise.resolve(void steps.push('keep')),
      land: (_, runId, shares) => Promise.resolve(void steps.push(`land ${runId}${shares ? '' : ' alone'}`)).then(() => runId === 'l'),
    });
    const plan = { cache: { place, seconds: 60 } } as RunPlan;
    const outcome: Outcome = { state: 'finished', finishReason: 'stop', content: 'x', usage: { promptTokens: 1, completionTokens: 1 }, usageSource: 'upstream' };
    await cache.conclude(plan, 'l', outcome);
    await cache.conclude(plan, 'f', { ...outcome, usageSource: 'cache' });
    await cache.conclude(plan, 'l', { ...outcome, state: 'failed', content: '' });
    await cache.conclude(plan, 'l', { ...outcome, partial: true });
    await cache.conclude({} as RunPlan, 'l', outcome);
    expect([steps, published]).toEqual([['keep', 'land l', 'land f alone', 'land l', 'land l alone'], [nameOfPlace(place), nameOfPlace(place), nameOfPlace(place)]]);
  });

  it('is as if it were not there while Redis is away', async () => {
    const away = (): Promise<never> => Promise.reject(new Error('Connection is closed.'));
    const { cache } = await cacheOver({ find: away, join: away, look: away, keep: away, land: away });
    expect(await cache.find(place)).toBeUndefined();
    expect(await cache.join(place, 'r')).toEqual({ kind: 'lead' });
    expect(await cache.share(place, 'f', 'l', new AbortController().signal)).toBeUndefined();
    await cache.conclude({ cache: { place, seconds: 60 } } as RunPlan, 'r', { state: 'finished', finishReason: 'stop', content: 'x', usage: { promptTokens: 1, completionTokens: 1 }, usageSource: 'upstream' });
  });
});
