import { beforeEach, describe, expect, it } from 'vitest';
import { Gathering, type GatheringOptions } from './gathering.js';

let requests: string[][];
let answer: (items: readonly string[], signal: AbortSignal) => Promise<readonly string[]>;

beforeEach(() => {
  requests = [];
  answer = async (items) => items.map((item) => item.toUpperCase());
});

const gathering = (options: Partial<GatheringOptions<string>> = {}): Gathering<string, string> =>
  new Gathering<string, string>(
    { waitMs: 1, mostItems: 4, mostWeight: 10, weigh: (item) => item.length, mostWaiting: 20, refusal: () => new Error('full'), isOneItemsFault: (error) => (error as Error).message === 'bad item', ...options },
    (items, signal) => {
      requests.push([...items]);
      return answer(items, signal);
    },
  );
const patience = (): AbortSignal => new AbortController().signal;

describe('Gathering', () => {
  it('asks for several callers in one request, and gives each its own', async () => {
    const one = gathering();
    const answers = await Promise.all([one.ask(['a', 'b'], patience()), one.ask(['c'], patience())]);
    expect([answers, requests]).toEqual([[['A', 'B'], ['C']], [['a', 'b', 'c']]]);
  });

  it('keeps to most items and most weight', async () => {
    const one = gathering();
    expect(await one.ask(['a', 'b', 'c', 'd', 'e'], patience())).toEqual(['A', 'B', 'C', 'D', 'E']);
    await one.ask(['aaaaaa', 'bbbbbb', 'cccccccccccc', 'd'], patience());
    expect(requests).toEqual([['a', 'b', 'c', 'd'], ['e'], ['aaaaaa'], ['bbbbbb'], ['cccccccccccc'], ['d']]);
  });

  it('asks again one by one when an item may be bad, and lets that one fail alone', async () => {
    answer = async (items) => {
      if (items.includes('x')) throw new Error('bad item');
      return items.map((item) => item.toUpperCase());
    };
    const one = gathering();
    const outcomes = await Promise.allSettled([one.ask(['a'], patience()), one.ask(['x'], patience()), one.ask(['b'], patience())]);
    expect(outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value[0] : (outcome.reason as Error).message))).toEqual(['A', 'bad item', 'B']);
  });

  it('fails all of a request that failed', async () => {
    answer = async () => {
      throw new Error('away');
    };
    const one = gathering();
    const outcomes = await Promise.allSettled([one.ask(['a'], patience()), one.ask(['b'], patience())]);
    expect([outcomes.map(({ status }) => status), requests.length]).toEqual([['rejected', 'rejected'], 1]);
  });

  it('lets a caller leave, and ends the request when the last one has left', async () => {
    const aborted = Promise.withResolvers<boolean>();
    answer = (_, signal) => new Promise((_, reject) => {
      signal.addEventListener('abort', () => {
        aborted.resolve(leavers[1]?.signal.aborted === true);
        reject(signal.reason as Error);
      });
    });
    const leavers = [new AbortController(), new AbortController()];
    const one = gathering({ mostItems: 2 });
    const asked = leavers.map((leaver, at) => one.ask([`${at}`], leaver.signal));
    const outcomes = Promise.allSettled(asked);
    leavers[0]?.abort(new Error('left first'));
    await expect(asked[0]).rejects.toThrow('left first');
    leavers[1]?.abort(new Error('left last'));
    expect(await aborted.promise).toBe(true);
    expect((await outcomes).map((outcome) => (outcome.status === 'rejected' ? (outcome.reason as Error).message : ''))).toEqual(['left first', 'left last']);
  });

  it('refuses beyond its bound whatever was sent already, whole, until there is room again', async () => {
    const gate = Promise.withResolvers<undefined>();
    answer = async (items) => {
      await gate.promise;
      return items.map((item) => item.toUpperCase());
    };
    const one = gathering({ mostItems: 2, mostWaiting: 5 });
    const served = Promise.all([one.ask(['a', 'b'], patience()), one.ask(['c', 'd'], patience())]);
    await expect(one.ask(['e', 'f'], patience())).rejects.toThrow('full');
    const last = one.ask(['g'], patience());
    await expect(one.ask(['h'], patience())).rejects.toThrow('full');
    gate.resolve(undefined);
    expect([await served, await last]).toEqual([[['A', 'B'], ['C', 'D']], ['G']]);
    expect(requests).toEqual([['a', 'b'], ['c', 'd'], ['g']]);
    expect(await one.ask(['i', 'j', 'k', 'l', 'm'], patience())).toHaveLength(5);
  });

  it('has room again when requests fail, or all whom they served have left', async () => {
    answer = (_, signal) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    const one = gathering({ mostItems: 2, mostWaiting: 2 });
    const leaver = new AbortController();
    const gone = one.ask(['a', 'b'], leaver.signal);
    await expect(one.ask(['c'], patience())).rejects.toThrow('full');
    leaver.abort(new Error('left'));
    await expect(gone).rejects.toThrow('left');
    answer = async () => {
      throw new Error('bad item');
    };
    await expect(one.ask(['d', 'e'], patience())).rejects.toThrow('bad item');
    answer = async (items) => items;
    expect(await one.ask(['f', 'g'], patience())).toEqual(['f', 'g']);
  });

  it('asks nothing for whoever leaves before the request', async () => {
    const leaver = new AbortController();
    const one = gathering({ mostItems: 100, mostWaiting: 1 });
    const gone = one.ask(['a'], leaver.signal);
    await expect(one.ask(['b'], patience())).rejects.toThrow('full');
    leaver.abort(new Error('left'));
    await expect(gone).rejects.toThrow('left');
    expect(await one.ask(['c'], patience())).toEqual(['C']);
    expect(requests).toEqual([['c']]);
  });
});
