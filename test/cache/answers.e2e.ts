import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { AnswerCacheRepository } from '../../src/chat/cache/answer-cache.repository.js';
import type { CachePlace } from '../../src/chat/cache/cache-key.js';
import { KeptTexts } from '../../src/chat/stream/kept-texts.service.js';
import type { PolicyService } from '../../src/moderation/index.js';
import { Sealer } from '../../src/platform/crypto/index.js';
import { eventually } from '../kit/eventually.js';

let redis: Redis;
let answers: AnswerCacheRepository;
let sealTexts = false;
const texts = (version = 1): KeptTexts => new KeptTexts({ of: async () => Promise.resolve({ sealTexts }) } as unknown as PolicyService, new Sealer({ current: version, byVersion: new Map([[version, Buffer.alloc(32, version)]]) }));

beforeAll(async () => {
  const servers = inject('servers');
  const url = new URL(servers.redisUrl);
  url.pathname = `/${servers.redisDatabases - 1}`;
  redis = new Redis(url.toString());
  await redis.flushdb();
  answers = new AnswerCacheRepository(redis, texts());
});
beforeEach(async () => {
  sealTexts = false;
  await redis.flushdb();
});
afterAll(async () => {
  await redis.flushdb();
  redis.disconnect();
});

const place = (digest: string, tenantId = 't', userId?: string): CachePlace => ({ tenantId, userId, digest });
const answer = (content: string) => ({ content, completionTokens: 1, reasoningTokens: 0 });
const bytes = async (): Promise<number> => Number(await redis.hget('{answers:t}:sizes', '+'));

describe('stored answers', () => {
  it('lie under their tenant, user and request, and nowhere else', async () => {
    await answers.keep(place('d', 't', 'u'), answer('x'), 60);
    expect(await answers.find(place('d', 't', 'u'))).toEqual(answer('x'));
    for (const other of [place('d', 't', 'v'), place('d', 't'), place('d', 's', 'u'), place('e', 't', 'u')]) expect(await answers.find(other)).toBeUndefined();
  });

  it('are at most 10,000 a tenant: the oldest go, and other tenants keep theirs', async () => {
    await answers.keep(place('0', 's'), answer('theirs'), 60);
    for (let from = 0; from < 10_050; from += 50) await Promise.all(Array.from({ length: 50 }, (_, at) => answers.keep(place(String(from + at).padStart(6, '0')), answer('x'), 60)));
    expect(await redis.zcard('{answers:t}:index')).toBe(10_000);
    expect(await redis.dbsize()).toBe(10_000 + 2 + 3);
    expect([await answers.find(place('000000')), await answers.find(place('010049')), await answers.find(place('0', 's'))]).toEqual([undefined, answer('x'), answer('theirs')]);
    expect(await bytes()).toBe(10_000 * JSON.stringify(answer('x')).length);
  });

  it('have at most 64 MiB a tenant, whatever is stored again under the same request', async () => {
    const long = answer('x'.repeat(64 * 1024));
    for (let at = 0; at < 1_100; at += 1) await answers.keep(place(`d${at}`), long, 60);
    for (let at = 0; at < 100; at += 1) await answers.keep(place('d1099'), long, 60);
    const size = JSON.stringify(long).length;
    expect(await bytes()).toBeLessThanOrEqual(64 * 1024 * 1024);
    expect(await bytes()).toBe((await redis.zcard('{answers:t}:index')) * size);
    expect([await answers.find(place('d0')), (await answers.find(place('d1099')))?.content.length]).toEqual([undefined, 64 * 1024]);
  });

  it('end, and so do the books that are kept of them', async () => {
    await answers.keep(place('short'), answer('x'), 1);
    await answers.keep(place('long'), answer('y'), 600);
    await eventually(() => answers.find(place('short')), (found) => found === undefined);
    await answers.keep(place('next'), answer('z'), 1);
    expect([await redis.zcard('{answers:t}:index'), await bytes()]).toEqual([2, 2 * JSON.stringify(answer('x')).length]);
    expect(await redis.ttl('{answers:t}:index')).toBeGreaterThan(600);
    expect(await redis.ttl('{answers:t}:sizes')).toBeGreaterThan(600);
  });
});

describe('stored answers of a tenant that seals', () => {
  const keyOf = (digest: string): string => `{answers:t}:*:${digest}`;

  it('open under their own key only, and lie beside those that were stored before', async () => {
    await answers.keep(place('before'), answer('x'), 60);
    sealTexts = true;
    await answers.keep(place('d'), answer('y'), 60);
    expect([await answers.find(place('before')), await answers.find(place('d'))]).toEqual([answer('x'), answer('y')]);
    const sealed = (await redis.get(keyOf('d'))) ?? '';
    expect(sealed).toMatch(/^v1\./);
    expect(await bytes()).toBe(JSON.stringify(answer('x')).length + sealed.length);
    await redis.set(keyOf('moved'), sealed);
    await expect(answers.find(place('moved'))).rejects.toThrow();
  });

  it('are taken back like others, and so is what nobody can open any more', async () => {
    sealTexts = true;
    for (const [digest, content] of [['a', 'bad'], ['b', 'fine']] as const) await answers.keep(place(digest), answer(content), 60);
    await new AnswerCacheRepository(redis, texts(2)).keep(place('c'), answer('fine'), 60);
    await answers.removeAll('t', ({ content }) => content === 'bad');
    expect([await answers.find(place('a')), await answers.find(place('b')), await redis.exists(keyOf('c'))]).toEqual([undefined, answer('fine'), 0]);
    expect(await redis.zcard('{answers:t}:index')).toBe(1);
  });
});

describe('answers that are taken back', () => {
  it('go with what the books say of them, from under every question of the tenant, and no others', async () => {
    for (let at = 0; at < 300; at += 1) await answers.keep(place(`d${at}`, 't', at % 2 === 0 ? 'u' : undefined), answer(at % 100 === 7 ? 'bad' : `fine ${at}`), 600);
    await answers.keep(place('by run'), { ...answer('other words'), runId: 'r' }, 600);
    await answers.keep(place('d', 's'), answer('bad'), 600);
    await answers.removeAll('t', (stored) => stored.content === 'bad' || stored.runId === 'r');
    expect([await answers.find(place('d7')), await answers.find(place('d107')), await answers.find(place('by run'))]).toEqual([undefined, undefined, undefined]);
    expect([await answers.find(place('d8', 't', 'u')), await answers.find(place('d', 's'))]).toEqual([answer('fine 8'), answer('bad')]);
    expect(await redis.zcard('{answers:t}:index')).toBe(297);
    const left = Array.from({ length: 300 }, (_, at) => at).filter((at) => at % 100 !== 7);
    expect(await bytes()).toBe(left.reduce((sum, at) => sum + JSON.stringify(answer(`fine ${at}`)).length, 0));
    await answers.removeAll('nobody', () => true);
  });
});

describe('a flight', () => {
  it('has one leader, whom the others follow until it lands', async () => {
    const joined = await Promise.all(['a', 'b', 'c'].map((run) => answers.join(place('d'), run, 5_000)));
    expect(joined.map(({ kind }) => kind).sort()).toEqual(['follow', 'follow', 'lead']);
    const leader = joined.findIndex(({ kind }) => kind === 'lead');
    expect(joined.filter(({ kind }) => kind === 'follow')).toEqual(Array(2).fill({ kind: 'follow', leader: 'abc'[leader] }));
    expect([await answers.land(place('d'), 'nobody', true), await answers.land(place('d'), 'abc'[leader] ?? '', true), await answers.land(place('d'), 'abc'[leader] ?? '', true)]).toEqual([false, true, false]);
    expect(await answers.look(place('d'))).toEqual({ answer: undefined, leader: undefined });
  });

  it('that ended with an answer that nobody else may have leaves those who waited for it to themselves for a moment', async () => {
    for (const run of ['a', 'b']) await answers.join(place('d'), run, 5_000);
    expect(await answers.land(place('d'), 'a', false)).toBe(true);
    expect([await answers.join(place('d'), 'b', 5_000), await answers.join(place('d'), 'c', 5_000)]).toEqual([{ kind: 'lead' }, { kind: 'lead' }]);
    await eventually(() => answers.look(place('d')), ({ leader }) => leader === undefined);
    expect(await answers.join(place('d'), 'b', 5_000)).toEqual({ kind: 'lead' });
    expect(await answers.join(place('d'), 'c', 5_000)).toEqual({ kind: 'follow', leader: 'b' });
  });

  it('is not begun where the answer is there', async () => {
    await answers.keep(place('d'), answer('x'), 60);
    expect(await answers.join(place('d'), 'a', 5_000)).toEqual({ kind: 'answer', answer: answer('x') });
  });

  it('of a leader that died ends by itself', async () => {
    await answers.join(place('d'), 'dead', 200);
    expect(await answers.look(place('d'))).toEqual({ answer: undefined, leader: 'dead' });
    expect(await eventually(() => answers.join(place('d'), 'b', 200), ({ kind }) => kind === 'lead', 2_000)).toEqual({ kind: 'lead' });
  });
});
