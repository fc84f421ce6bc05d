import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Lexicon } from '../text/lexicon.js';
import { BuildSlots } from './build-slots.js';
import { OwnerLexicon } from './owner-lexicon.js';

interface Build {
  readonly version: string;
  done(): void;
  fail(): void;
}

let builds: Build[];
let faults: number;
let built: number;
let own: OwnerLexicon;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const last = (): Build => builds.at(-1) as Build;

beforeEach(() => {
  [builds, faults, built] = [[], 0, 0];
  own = new OwnerLexicon('1', {
    build: (version) => new Promise<Lexicon>((resolve, reject) => builds.push({ version, done: () => resolve({ version } as Lexicon), fail: () => reject(new Error('away')) })),
    onBuilt: () => (built += 1),
    onFault: () => (faults += 1),
  });
});

describe('OwnerLexicon', () => {
  it('builds nothing before it is asked for, and once for all who ask', async () => {
    own.want('2');
    expect([builds.length, own.ready]).toEqual([0, undefined]);
    const asked = [own.get(), own.get()];
    last().done();
    expect((await Promise.all(asked)).map(({ version }) => version)).toEqual(['2', '2']);
    expect([builds.length, built]).toEqual([1, 1]);
  });

  it('serves the old one until the new one is ready, with one build more for all changes meanwhile', async () => {
    const first = own.get();
    last().done();
    await first;
    for (const version of ['2', '3', '4', '5']) own.want(version);
    expect([builds.length, last().version, own.ready?.version, (await own.get()).version]).toEqual([2, '2', '1', '1']);
    last().done();
    await turn();
    expect([builds.length, last().version, own.ready?.version]).toEqual([3, '5', '2']);
    const settled = own.settled();
    last().done();
    await settled;
    expect([builds.length, own.ready?.version]).toEqual([3, '5']);
    own.want('5');
    expect(builds.length).toBe(3);
  });

  it('tells who waits that the first one failed, and builds it for the next who asks', async () => {
    const asked = own.get();
    last().fail();
    await expect(asked).rejects.toThrow('away');
    const again = own.get();
    last().done();
    expect([(await again).version, faults]).toEqual(['1', 1]);
  });

  it('begins to build for who will ask again, and not again at once when that fails', async () => {
    vi.useFakeTimers();
    try {
      const begin = async (): Promise<number> => {
        own.begin();
        await vi.advanceTimersByTimeAsync(0);
        return builds.length;
      };
      expect([await begin(), await begin()]).toEqual([1, 1]);
      last().fail();
      await vi.advanceTimersByTimeAsync(900);
      expect(await begin()).toBe(1);
      await vi.advanceTimersByTimeAsync(200);
      expect(await begin()).toBe(2);
      last().done();
      await vi.advanceTimersByTimeAsync(0);
      expect([await begin(), own.ready?.version]).toEqual([2, '1']);
    } finally {
      vi.useRealTimers();
    }
  });

  it('tries again by itself where an old one serves meanwhile, until it is given up', async () => {
    vi.useFakeTimers();
    try {
      const first = own.get();
      last().done();
      await first;
      own.want('2');
      last().fail();
      await vi.advanceTimersByTimeAsync(1_100);
      expect([builds.length, last().version, own.ready?.version]).toEqual([3, '2', '1']);
      last().fail();
      await vi.advanceTimersByTimeAsync(0);
      own.stop();
      await vi.advanceTimersByTimeAsync(10_000);
      expect([builds.length, faults]).toEqual([3, 2]);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('BuildSlots', () => {
  it('lets so many run at once, and the next when one ends, even by failing', async () => {
    const slots = new BuildSlots(2);
    const ends: ((error?: Error) => void)[] = [];
    const runs = Array.from({ length: 4 }, () => slots.take(() => new Promise<void>((resolve, reject) => ends.push((error) => (error === undefined ? resolve() : reject(error))))));
    await turn();
    expect(ends).toHaveLength(2);
    ends[0]?.(new Error('broken'));
    await expect(runs[0]).rejects.toThrow('broken');
    await turn();
    expect(ends).toHaveLength(3);
    ends[1]?.();
    ends[2]?.();
    await Promise.all([runs[1], runs[2]]);
    await turn();
    ends[3]?.();
    await runs[3];
    let ran = 0;
    await slots.take(async () => (ran += 1));
    expect(ran).toBe(1);
  });
});
