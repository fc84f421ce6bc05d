import { describe, expect, it } from 'vitest';
import type { Position } from '../../upstream/index.js';
import { hasWords, withQueuedFrames } from './queued-frames.js';
import type { StreamFrame } from './run-event.js';

async function* run(...steps: (readonly StreamFrame[] | Promise<unknown>)[]): AsyncGenerator<readonly StreamFrame[]> {
  for (const step of steps) {
    if (step instanceof Promise) await step;
    else yield step;
  }
}

async function collect(frames: AsyncIterable<readonly StreamFrame[]>): Promise<readonly StreamFrame[]> {
  const all: StreamFrame[] = [];
  for await (const batch of frames) all.push(...batch);
  return all;
}

const STARTED = [{ type: 'started', seq: 1 }] as const;
const DONE = [{ type: 'done', seq: 2, finishReason: 'stop', usage: { promptTokens: 1, completionTokens: 1 } }] as const;

describe('withQueuedFrames', () => {
  it('tells the first place and each change, then the run', async () => {
    let turn: () => void = () => undefined;
    const waited = new Promise<void>((resolve) => { turn = resolve; });
    const places: (Position | undefined)[] = [{ position: 3, etaMs: 30 }, { position: 3, etaMs: 20 }, { position: 1, etaMs: 10 }];
    const ask = (): Promise<Position | undefined> => {
      const place = places.shift();
      if (places.length === 0) turn();
      return Promise.resolve(place);
    };
    const frames = await collect(withQueuedFrames({ position: 4, etaMs: 40 }, ask, run(waited, STARTED, DONE), { everyMs: 1 }));
    expect(frames).toEqual([
      { type: 'queued', position: 4, etaMs: 40 },
      { type: 'queued', position: 3, etaMs: 30 },
      { type: 'queued', position: 1, etaMs: 10 },
      ...STARTED,
      ...DONE,
    ]);
  });

  it('does not ask once the run has begun', async () => {
    let asked = 0;
    const ask = (): Promise<undefined> => Promise.resolve(void (asked += 1));
    await collect(withQueuedFrames({ position: 1, etaMs: 1 }, ask, run(STARTED, new Promise((resolve) => setTimeout(resolve, 20)), DONE), { everyMs: 1 }));
    expect(asked).toBe(0);
  });

  it('tells the places of a run that was taken first, and given to the queue without a word', async () => {
    let turn: () => void = () => undefined;
    const waited = new Promise<void>((resolve) => { turn = resolve; });
    const places: (Position | undefined)[] = [undefined, { position: 2, etaMs: 20 }, undefined];
    const ask = (): Promise<Position | undefined> => {
      const place = places.shift();
      if (places.length === 0) turn();
      return Promise.resolve(place);
    };
    const frames = await collect(withQueuedFrames(undefined, ask, run(STARTED, waited, DONE), { isOver: hasWords, everyMs: 1 }));
    expect(frames).toEqual([...STARTED, { type: 'queued', position: 2, etaMs: 20 }, ...DONE]);
  });

  it('asks less often as long as the turn is far', async () => {
    let asked = 0;
    const ask = (): Promise<Position> => Promise.resolve({ position: 900 - (asked += 1), etaMs: 5_000 });
    await collect(withQueuedFrames({ position: 900, etaMs: 400 }, ask, run(new Promise((resolve) => setTimeout(resolve, 120)), STARTED, DONE), { everyMs: 1 }));
    expect(asked).toBe(1);
  });

  it('goes on when the place can not be read, and closes the run when the client leaves', async () => {
    let closed = false;
    async function* endless(): AsyncGenerator<readonly StreamFrame[]> {
      try {
        yield [{ type: 'heartbeat' }];
        yield STARTED;
        yield DONE;
      } finally {
        closed = true;
      }
    }
    for await (const batch of withQueuedFrames({ position: 1, etaMs: 1 }, () => Promise.reject(new Error('away')), endless(), { everyMs: 1 })) {
      if (batch.some((frame) => frame.type === 'started')) break;
    }
    expect(closed).toBe(true);
  });
});
