import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Bus, BusHandler } from '../../platform/redis/index.js';
import { Metrics, type Logger } from '../../platform/telemetry/index.js';
import { INJECTION_PATTERNS } from '../text/injection-patterns.js';
import { scan } from '../text/scan.js';
import { Lexicons } from './lexicons.service.js';
import type { ListedEntry } from './word-list.js';
import type { WordOwner } from './word-owner.js';
import type { ListVersions, WordReading } from './word-reading.service.js';

const entry = (text: string): ListedEntry => ({ kind: 'word', text, category: '测试', severity: 'medium', action: 'block', pinyin: false, list: { id: text, name: text } });

let tell: BusHandler;
let versions: ListVersions;
let words: Record<string, string>;
let reads: WordOwner[];
let hold: Promise<void>;
let broken: boolean;
let lexicons: Lexicons;

const bus = {
  subscribe: async (_: string, handler: BusHandler) => { tell = handler; return () => undefined; },
  publish: async (_: string, message: string) => tell(message),
  onGap: () => () => undefined,
} as unknown as Bus;
const reading = {
  versions: async () => versions,
  entries: async (owner: WordOwner) => {
    reads.push(owner);
    await hold;
    if (broken) throw new Error('away');
    return [entry(words[owner ?? 'platform'] ?? '没有')];
  },
} as unknown as WordReading;
const logger = { warn: () => undefined, error: () => undefined } as unknown as Logger;
const list = (...tenants: readonly (readonly [string, string])[]): ListVersions => ({ platform: 'p1', tenants: new Map(tenants) });
const finds = async (tenant: string, text: string): Promise<readonly string[]> => scan(text, await lexicons.of(tenant)).map((hit) => hit.entry.text);

beforeEach(async () => {
  [versions, words, reads, hold, broken] = [list(['a', 'a1'], ['b', 'b1']), { platform: '平台的词', a: '甲的词', b: '乙的词' }, [], Promise.resolve(), false];
  lexicons = new Lexicons(reading, new Metrics(), logger, bus);
  await lexicons.onModuleInit();
});
afterEach(() => {
  lexicons.onApplicationShutdown();
  vi.useRealTimers();
});

describe('Lexicons', () => {
  it('have the platform\'s at once, and a tenant\'s when it is first asked for', async () => {
    expect(reads).toEqual([undefined]);
    expect([lexicons.ready('nobody')?.length, lexicons.ready('nobody')?.[0]?.size, lexicons.ready('a')]).toEqual([1, INJECTION_PATTERNS.length + 1, undefined]);
    expect(await Promise.all([finds('a', '平台的词，甲的词，乙的词'), finds('a', '甲的词'), finds('b', '甲的词，乙的词')])).toEqual([['平台的词', '甲的词'], ['甲的词'], ['乙的词']]);
    expect([reads, lexicons.ready('a')?.length]).toEqual([[undefined, 'a', 'b'], 2]);
  });

  it('say what is ready to who asks again and again, and begin to build what is not', async () => {
    expect([lexicons.newest('nobody')?.length, lexicons.newest('a'), lexicons.newest('a')]).toEqual([1, undefined, undefined]);
    await vi.waitFor(() => expect(lexicons.newest('a')).toHaveLength(2));
    expect(reads).toEqual([undefined, 'a']);
  });

  it('have a version that differs with all that applies to the tenant, and with nothing else', async () => {
    const of = (): Promise<readonly string[]> => Promise.all(['a', 'b', 'nobody'].map((tenant) => lexicons.versionOf(tenant)));
    const first = await of();
    expect(new Set(first).size).toBe(3);
    versions = list(['a', 'a2'], ['b', 'b1']);
    await lexicons.tell('a');
    const second = await of();
    expect(second.map((version, at) => version === first[at])).toEqual([false, true, true]);
    versions = { ...versions, platform: 'p2' };
    await lexicons.tell(undefined);
    expect((await of()).map((version, at) => version === second[at])).toEqual([false, false, false]);
  });

  it('serve the old until the new is built, also while the tables can not be read', async () => {
    await lexicons.of('a');
    words = { ...words, a: '新的词' };
    versions = list(['a', 'a2'], ['b', 'b1']);
    broken = true;
    await lexicons.tell('a');
    expect(await finds('a', '甲的词，新的词')).toEqual(['甲的词']);
    broken = false;
    await lexicons.tell('a');
    tell('a');
    await vi.waitFor(async () => expect(await finds('a', '甲的词，新的词')).toEqual(['新的词']), { timeout: 3_000 });
  });

  it('drop a tenant\'s when its lists are gone', async () => {
    await lexicons.of('a');
    versions = list();
    await lexicons.tell('a');
    expect([lexicons.ready('a')?.length, await finds('a', '甲的词')]).toEqual([1, []]);
  });

  it('refuse after 10 s rather than let a text through unsearched', async () => {
    vi.useFakeTimers();
    hold = new Promise(() => undefined);
    const asked = lexicons.of('a');
    const refused = expect(asked).rejects.toMatchObject({ code: 'unavailable' });
    await vi.advanceTimersByTimeAsync(10_000);
    await refused;
  });

  it('say what went wrong to who waits for the first', async () => {
    broken = true;
    await expect(lexicons.of('a')).rejects.toThrow('away');
    broken = false;
    expect(await finds('a', '甲的词')).toEqual(['甲的词']);
  });
});
