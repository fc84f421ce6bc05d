import { beforeEach, describe, expect, it } from 'vitest';
import type { Logger } from '../../platform/telemetry/index.js';
import type { Grant } from '../../upstream/index.js';
import type { RunPlan } from '../run/run.js';
import type { RunRepository } from '../run/run.repository.js';
import type { StreamLogRepository, Taken } from '../stream/stream-log.repository.js';
import { FreshRuns } from './fresh-runs.js';
import { HoldRun } from './hold-run.service.js';

const PLAN = { request: { model: 'm' } } as RunPlan;
const GRANT = { runId: 'run', tenantId: 'tenant' } as Grant;
const ok = (more: Partial<Extract<Taken, { kind: 'ok' }>> = {}): Taken => ({ kind: 'ok', generation: 1, sealed: false, plan: PLAN, stop: undefined, events: [], ...more });

let fresh: FreshRuns;
let asked: string[];

beforeEach(() => {
  fresh = new FreshRuns();
  asked = [];
});

/** A holder before a log that answers as told. */
function holder(taken: Taken | Promise<Taken>, retaken?: Taken): HoldRun {
  const log = {
    take: async () => { asked.push('take'); return taken; },
    retake: async (_tenant: string, _run: string, generation: number) => { asked.push(`retake ${generation}`); return retaken; },
  };
  const runs = { takeOver: async () => { asked.push('take over'); return 2; } };
  return new HoldRun(log as unknown as StreamLogRepository, runs as unknown as RunRepository, fresh, { info: () => undefined } as unknown as Logger);
}

describe('HoldRun', () => {
  it('has a run that began here at once, and is told later whether it may write it', async () => {
    const { promise, resolve } = Promise.withResolvers<Taken>();
    fresh.put('run', { plan: PLAN, sealed: true });
    const held = await holder(promise).hold(GRANT, 'upstream');
    expect(held).toMatchObject({ plan: PLAN, hold: { runId: 'run', generation: 1, sealed: true }, fresh: true, interrupted: false });
    let claimed = false;
    const waiting = held?.claimed.then(() => { claimed = true; });
    expect(claimed).toBe(false);
    resolve(ok());
    await waiting;
    expect([claimed, asked]).toEqual([true, ['take']]);
  });

  it.each<[string, Taken, string]>([
    ['another has taken meanwhile', { kind: 'taken' }, 'fenced'],
    ['is over meanwhile', { kind: 'done' }, 'fenced'],
    ['was forgotten by Redis', { kind: 'gone' }, 'fenced'],
    ['was stopped meanwhile', ok({ stop: 'stopped' }), 'stopped'],
    ['whose user was banned meanwhile', ok({ stop: 'user_banned' }), 'refused'],
  ])('leaves a run that began here and %s', async (_, taken, kind) => {
    fresh.put('run', { plan: PLAN, sealed: false });
    const held = await holder(taken).hold(GRANT, 'upstream');
    await expect(held?.claimed).rejects.toMatchObject({ endCause: { kind } });
  });

  it('takes what lies ready once only', async () => {
    fresh.put('run', { plan: PLAN, sealed: false });
    const holds = holder(ok());
    expect([(await holds.hold(GRANT, 'upstream'))?.fresh, (await holds.hold(GRANT, 'upstream'))?.fresh]).toEqual([true, false]);
  });

  it('reads any other run from its log, and takes a lost one over under the next generation', async () => {
    expect((await holder(ok()).hold(GRANT, 'cache'))?.hold.generation).toBe(1);
    const held = await holder({ kind: 'taken' }, ok({ generation: 2, events: [{ type: 'started', seq: 1 }, { type: 'delta', seq: 2, content: '半' }] as never })).hold(GRANT, 'upstream');
    expect(held).toMatchObject({ hold: { generation: 2 }, interrupted: true, passed: true, fresh: false });
    expect(asked).toEqual(['take', 'take', 'take over', 'retake 2']);
  });

  it('has nothing to produce of a run without its plan', async () => {
    expect(await holder(ok({ plan: undefined })).hold(GRANT, 'upstream')).toBeUndefined();
  });
});
