import { describe, expect, it } from 'vitest';
import { DomainError } from '../../platform/errors/index.js';
import type { Logger, Metrics } from '../../platform/telemetry/index.js';
import type { StandingService } from '../../identity/index.js';
import type { Grant } from '../../upstream/index.js';
import type { ConcludeRunService } from '../run/conclude-run.service.js';
import type { Outcome, RunPlan } from '../run/run.js';
import type { StreamLogRepository } from '../stream/stream-log.repository.js';
import { ActiveRuns, RunEnded, type EndCause } from './active-runs.js';
import { Answer } from './answer.js';
import { ExecuteRunService } from './execute-run.service.js';
import type { HoldRun } from './hold-run.service.js';
import type { RunUsage } from './run-usage.service.js';
import type { ScreenRun } from './screen-run.service.js';

const PLAN = { ctx: { tenantId: 't', actor: { kind: 'user', userId: 'u' } } } as RunPlan;
const GRANT = { runId: 'r', tenantId: 't', lost: new AbortController().signal, expense: () => undefined } as unknown as Grant;

/** Executes a run that this process began, and whose user is refused before it is known whether it may be written here. */
async function refused(claim: EndCause['kind'] | 'ours'): Promise<readonly (string | undefined)[]> {
  const { promise: claimed, resolve, reject } = Promise.withResolvers<void>();
  claimed.catch(() => undefined);
  const ended: (string | undefined)[] = [];
  const standing = { assertGood: async () => { setImmediate(() => (claim === 'ours' ? resolve() : reject(new RunEnded({ kind: claim } as EndCause)))); return Promise.reject(new DomainError('user_banned')); } };
  const held = { plan: PLAN, hold: { runId: 'r', generation: 1 }, answer: new Answer(1, ''), fresh: true, claimed, source: 'upstream', interrupted: false, recalled: false, passed: false };
  const concluder = { conclude: async (_plan: unknown, _hold: unknown, _seq: number, { errorCode }: Outcome) => Promise.resolve(ended.push(errorCode)) };
  const usage = { outcome: async (_plan: unknown, _answer: unknown, _source: unknown, end: unknown) => Promise.resolve(end) };
  const executor = new ExecuteRunService({} as StreamLogRepository, { hold: async () => Promise.resolve(held) } as unknown as HoldRun, concluder as unknown as ConcludeRunService, standing as unknown as StandingService, new ActiveRuns(), {} as ScreenRun, usage as unknown as RunUsage, {} as Logger, {} as Metrics);
  expect(await executor.execute(GRANT)).toBe('done');
  return ended;
}

describe('a run that fails before it is known whose it is', () => {
  it('is ended by whoever has it', async () => {
    expect(await refused('ours')).toEqual(['user_banned']);
    expect(await refused('fenced')).toEqual([]);
  });
});
