import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Database } from '../../platform/database/index.js';
import { Metrics, type Logger } from '../../platform/telemetry/index.js';
import { OverdueJob } from './overdue.job.js';
import type { OpenReviews, ReviewRepository } from './review.repository.js';

beforeEach(() => { vi.useFakeTimers(); });
afterEach(() => { vi.useRealTimers(); });

describe('OverdueJob', () => {
  it('warns once a round, with counts and nothing else, and only while something is overdue', async () => {
    const warned: unknown[] = [];
    let found: readonly OpenReviews[] = [{ kind: 'output', open: 700, overdue: 500 }, { kind: 'ban', open: 2, overdue: 1 }, { kind: 'input', open: 9, overdue: 0 }];
    const database = { readPlatform: (_: unknown, work: (tx: unknown) => unknown) => work(undefined) } as unknown as Database;
    const job = new OverdueJob(database, { countOpen: async () => found } as unknown as ReviewRepository, new Metrics(), { warn: (fields: object, text: string) => warned.push([fields, text]) } as unknown as Logger);
    job.onApplicationBootstrap();
    await vi.advanceTimersByTimeAsync(31_000);
    expect(warned).toEqual([[{ overdue: { output: 500, ban: 1 } }, 'reviews are overdue']]);
    found = [{ kind: 'output', open: 200, overdue: 0 }];
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(warned).toHaveLength(1);
    await job.onApplicationShutdown();
  });
});
