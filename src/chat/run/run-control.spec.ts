import { beforeEach, describe, expect, it } from 'vitest';
import type { Bus } from '../../platform/redis/index.js';
import type { Logger } from '../../platform/telemetry/index.js';
import type { StandingService } from '../../identity/index.js';
import type { TenantService } from '../../tenants/index.js';
import type { Dispatcher } from '../../upstream/index.js';
import { ActiveRuns } from '../produce/active-runs.js';
import type { StreamLogRepository } from '../stream/stream-log.repository.js';
import type { ConcludeRunService } from './conclude-run.service.js';
import { RunControlService } from './run-control.service.js';
import type { RunPlan } from './run.js';
import type { RunRepository } from './run.repository.js';

let done: string[];
/** The step that fails. */
let failing: string | undefined;
let waits: boolean;
let mark: 'claimed' | 'told';
let leaving: 'claimed' | 'forsaken';

beforeEach(() => {
  [done, failing, waits, mark, leaving] = [[], undefined, true, 'told', 'forsaken'];
});

async function step<T>(name: string, answer: T): Promise<T> {
  if (failing === name) throw new Error(`${name} failed`);
  done.push(name);
  return Promise.resolve(answer);
}

function control(): RunControlService {
  const runs = { freeKey: () => step('key freed', undefined), takeOver: () => step('taken over', 2) };
  const log = {
    leave: () => Promise.resolve(leaving),
    stop: (_tenant: string, _run: string, code: string) => step(`marked ${code}`, mark),
    plan: () => Promise.resolve({} as RunPlan),
    retake: () => Promise.resolve({ kind: 'ok', generation: 2, sealed: false, plan: {} as RunPlan, stop: undefined, events: [] }),
  };
  const dispatcher = { leave: () => step('left the queue', waits), withdraw: () => step('withdrawn', undefined) };
  const concluder = { conclude: (_plan: RunPlan, hold: { generation: number }, _seq: number, { state }: { state: string }) => step(`concluded ${state} as ${hold.generation}`, true) };
  const bus = { publish: () => step('published', undefined) };
  return new RunControlService(runs as unknown as RunRepository, log as unknown as StreamLogRepository, concluder as unknown as ConcludeRunService, new ActiveRuns(), dispatcher as unknown as Dispatcher, bus as unknown as Bus, {} as StandingService, {} as TenantService, {} as Logger);
}

describe('a run that its clients left', () => {
  it('is out of the queue and marked before its key is free, whatever fails then', async () => {
    await control().abandon('t', 'r', { began: true, mayClaim: false });
    expect(done).toEqual(['left the queue', 'marked stopped', 'key freed', 'taken over', 'concluded stopped as 2']);
    for (const fails of ['key freed', 'taken over', 'concluded stopped as 2']) {
      [done, failing] = [[], fails];
      await expect(control().abandon('t', 'r', { began: true, mayClaim: false })).rejects.toThrow(fails);
      expect(done.slice(0, 2)).toEqual(['left the queue', 'marked stopped']);
    }
  });

  it('goes on, and keeps its key, where it is being produced', async () => {
    waits = false;
    await control().abandon('t', 'r', { began: true, mayClaim: false });
    expect(done).toEqual(['left the queue']);
  });

  it('gives its place back where nobody had it, also when its key can not be freed', async () => {
    leaving = 'claimed';
    await control().abandon('t', 'r', { began: true, mayClaim: true });
    expect(done).toEqual(['withdrawn', 'key freed', 'concluded stopped as 1']);
    [done, failing] = [[], 'key freed'];
    await expect(control().abandon('t', 'r', { began: true, mayClaim: true })).rejects.toThrow('key freed');
    expect(done).toEqual(['withdrawn']);
  });
});

describe('a run that is ended from outside', () => {
  it('ends here where it waits, though somebody had it before', async () => {
    await control().endRun('t', 'r', { kind: 'refused', code: 'user_banned' });
    expect(done).toEqual(['marked user_banned', 'published', 'left the queue', 'taken over', 'concluded refused as 2']);
  });

  it('is ended by its worker where it has one', async () => {
    waits = false;
    await control().endRun('t', 'r', { kind: 'stopped' });
    expect(done).toEqual(['marked stopped', 'published', 'left the queue']);
  });

  it('ends here where nobody had it', async () => {
    mark = 'claimed';
    await control().endRun('t', 'r', { kind: 'stopped' });
    expect(done).toEqual(['marked stopped', 'withdrawn', 'concluded stopped as 1']);
  });
});
