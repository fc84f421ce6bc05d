import { beforeEach, describe, expect, it } from 'vitest';
import { systemContext } from '../../platform/context/index.js';
import type { CheckAnswer, CheckDesk, Inquiry, RemoteLayer } from '../checkers/check-desk.service.js';
import type { Finding } from '../checkers/checker.js';
import { DEFAULT_POLICY, type InputPolicy, type ModerationPolicy, type RemoteLayerPolicy } from '../policy/policy.js';
import type { CheckFailure, Judgement } from '../verdict.js';
import { verdictOf } from './decision.js';
import { RemoteScreening, type RemoteRequest } from './remote-screening.service.js';

const ctx = systemContext('0190a000-0000-7000-8000-000000000001', 'test', 'r');
const never = new AbortController().signal;

/** A desk whose answers the test gives, layer by layer. */
class ScriptedDesk {
  readonly asked: Inquiry[] = [];
  private readonly answers = new Map<RemoteLayer, PromiseWithResolvers<CheckAnswer>>();

  ask(inquiry: Inquiry): Promise<CheckAnswer> {
    this.asked.push(inquiry);
    return this.of(inquiry.layer).promise;
  }

  give(layer: RemoteLayer, answer: CheckAnswer): void {
    this.of(layer).resolve(answer);
  }

  private of(layer: RemoteLayer): PromiseWithResolvers<CheckAnswer> {
    const known = this.answers.get(layer) ?? Promise.withResolvers<CheckAnswer>();
    this.answers.set(layer, known);
    return known;
  }
}

const found = (suggests: Finding['suggests'], label = suggests === 'pass' ? 'normal' : 'politics'): CheckAnswer => ({ kind: 'found', finding: { suggests, label, version: 'v' }, cached: false, latencyMs: 1 });
const failed = (failure: CheckFailure): CheckAnswer => ({ kind: 'failed', failure, latencyMs: 1 });
const UNCOVERED: CheckAnswer = { kind: 'uncovered' };
const layer = (more: Partial<RemoteLayerPolicy> = {}): RemoteLayerPolicy => ({ ...DEFAULT_POLICY.input.wechat, mode: 'on', ...more });
const policy = (input: Partial<InputPolicy>): ModerationPolicy => ({ ...DEFAULT_POLICY, input: { ...DEFAULT_POLICY.input, ...input } });

let desk: ScriptedDesk;
let screening: RemoteScreening;
let late: Judgement[];

beforeEach(() => {
  desk = new ScriptedDesk();
  screening = new RemoteScreening(desk as unknown as CheckDesk);
  late = [];
});

const judge = (input: Partial<InputPolicy>, signal = never, more: Partial<RemoteRequest> = {}) =>
  screening.judge(ctx, { stage: 'input', texts: ['字'], policy: policy(input), onLate: (judgement) => late.push(judgement), ...more }, signal);
/** The promises of the answers given so far have done their work. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('RemoteScreening', () => {
  it('asks both layers at once, and passes when both do', async () => {
    const verdict = judge({ wechat: layer(), openai: layer({ deadlineMs: 7 }) });
    expect(desk.asked.map(({ layer: name, deadlineMs, texts }) => [name, deadlineMs, texts]).sort()).toEqual([['openai', 7, ['字']], ['wechat', 1_500, ['字']]]);
    desk.give('wechat', found('pass'));
    desk.give('openai', found('pass'));
    expect(await verdict).toMatchObject({ action: 'pass', judgements: [{ layer: 'wechat' }, { layer: 'openai' }] });
    expect(late).toEqual([]);
  });

  it('blocks at once on one layer\'s word, with that layer\'s text; the other goes on for the log', async () => {
    const verdict = judge({ wechat: layer(), openai: layer() });
    desk.give('openai', found('block'));
    expect(await verdict).toMatchObject({ action: 'block', by: { layer: 'openai', label: 'politics' }, message: '提问涉及敏感话题', judgements: [{ layer: 'openai' }] });
    expect((await verdict).unavailable).toBeUndefined();
    desk.give('wechat', found('pass'));
    await settle();
    expect(late).toMatchObject([{ layer: 'wechat', action: 'pass' }]);
  });

  it.each([['pass', 'pass'], ['review', 'review'], ['block', 'block']] as const)('does with a review what the policy says: %s', async (onReview, action) => {
    desk.give('wechat', found('review'));
    expect(await judge({ wechat: layer({ onReview }), openai: layer({ mode: 'off' }) })).toMatchObject({ action, judgements: [{ asked: 'review', action }] });
  });

  it('asks nobody who is off, and nothing about blanks', async () => {
    expect(await judge({ wechat: layer({ mode: 'off' }), openai: layer({ mode: 'off' }) })).toEqual({ action: 'pass', judgements: [] });
    expect(await judge({}, never, { texts: [' ', '\n'] })).toEqual({ action: 'pass', judgements: [] });
    expect(desk.asked).toEqual([]);
  });

  it('neither waits for a layer in the shadow nor acts upon it, and tells of it', async () => {
    const verdict = judge({ wechat: layer(), openai: layer({ mode: 'shadow', onFailure: 'closed' }) });
    desk.give('wechat', found('pass'));
    expect((await verdict).judgements).toHaveLength(1);
    desk.give('openai', found('block'));
    await settle();
    expect(late).toMatchObject([{ layer: 'openai', asked: 'block', action: 'pass', shadow: true }]);
  });

  it.each([['open', 'pass', undefined], ['closed', 'block', true]] as const)('fails %s', async (onFailure, action, unavailable) => {
    desk.give('wechat', failed('timeout'));
    const verdict = await judge({ wechat: layer({ onFailure }), openai: layer({ mode: 'off' }) });
    expect(verdict).toMatchObject({ action, judgements: [{ asked: 'pass', action, failure: 'timeout' }] });
    expect([verdict.unavailable, verdict.message]).toEqual([unavailable, undefined]);
  });

  it.each([
    ['user_budget', 'input', {}, 'block'],
    ['too_long', 'input', {}, 'block'],
    ['too_long', 'input', { onExcess: 'open' }, 'pass'],
    ['quota', 'input', {}, 'pass'],
    ['user_budget', 'output', {}, 'pass'],
  ] as const)('lets nobody switch WeChat off for himself, though failures are open: %s at the %s, %j: %s', async (failure, stage, more, action) => {
    desk.give('wechat', failed(failure));
    const off = layer({ mode: 'off' });
    const rules = { ...policy({ openai: off, insteadOfWechat: 'nobody', ...more }), output: { ...DEFAULT_POLICY.output, openai: off, insteadOfWechat: 'nobody' as const } };
    expect((await judge({}, never, { stage, policy: rules })).action).toBe(action);
  });

  it.each([UNCOVERED, failed('not_seen'), failed('quota'), failed('user_budget')])('lets layer 3 judge in the stead of WeChat though it is off: %j', async (answer) => {
    const verdict = judge({ wechat: layer({ onFailure: 'closed' }), openai: layer({ mode: 'off' }) });
    expect(desk.asked.map((each) => each.layer)).toEqual(['wechat']);
    desk.give('wechat', answer);
    await settle();
    expect(desk.asked.map((each) => each.layer)).toEqual(['wechat', 'openai']);
    desk.give('openai', found('block'));
    expect(await verdict).toMatchObject({ action: 'block', by: { layer: 'openai', shadow: false } });
  });

  it('acts upon a shadow that judges in WeChat\'s stead, but not where WeChat is a shadow itself', async () => {
    desk.give('wechat', UNCOVERED);
    desk.give('openai', found('block'));
    expect(await judge({ wechat: layer(), openai: layer({ mode: 'shadow' }) })).toMatchObject({ action: 'block' });
    const verdict = await judge({ wechat: layer({ mode: 'shadow' }), openai: layer({ mode: 'off' }) });
    await settle();
    expect(verdict.action).toBe('pass');
    expect([...verdict.judgements, ...late]).toMatchObject([{ layer: 'openai', asked: 'block', action: 'pass', shadow: true }]);
  });

  it.each([
    [UNCOVERED, 'nobody', UNCOVERED, 'pass'],
    [failed('not_seen'), 'nobody', UNCOVERED, 'pass'],
    [failed('quota'), 'nobody', UNCOVERED, 'block'],
    [UNCOVERED, 'openai', UNCOVERED, 'pass'],
    [failed('not_seen'), 'openai', UNCOVERED, 'pass'],
    [failed('quota'), 'openai', UNCOVERED, 'block'],
    [failed('quota'), 'openai', found('pass'), 'pass'],
    [failed('quota'), 'openai', failed('timeout'), 'block'],
    [failed('user_budget'), 'openai', found('pass'), 'pass'],
    [failed('user_budget'), 'nobody', UNCOVERED, 'block'],
    [failed('timeout'), 'openai', found('pass'), 'block'],
  ] as const)('with WeChat %j, instead of it %s, layer 3 %j, all closed: %s', async (wechat, insteadOfWechat, openai, action) => {
    desk.give('wechat', wechat);
    desk.give('openai', openai);
    expect((await judge({ wechat: layer({ onFailure: 'closed' }), openai: layer({ mode: 'off', onFailure: 'closed' }), insteadOfWechat })).action).toBe(action);
  });

  it('tells the text of the layer that blocked, and of two a finding rather than a failure', async () => {
    const verdict = judge({ wechat: layer({ onReview: 'block' }), openai: layer() });
    desk.give('openai', found('review'));
    desk.give('wechat', found('review'));
    expect(await verdict).toMatchObject({ action: 'block', by: { layer: 'wechat' }, message: '请修改您的提问' });
    const common = { stage: 'input', version: 'v', asked: 'pass', action: 'block', label: 'normal', latencyMs: 1, cached: false, shadow: false } as const;
    const both = verdictOf([{ ...common, layer: 'wechat', failure: 'timeout' }, { ...common, layer: 'openai', asked: 'block' }], DEFAULT_POLICY.texts);
    expect([both.by?.layer, both.unavailable]).toEqual(['openai', undefined]);
  });

  it('ends with the caller\'s reason when he leaves, and what was judged is told all the same', async () => {
    const leaver = new AbortController();
    const verdict = judge({ wechat: layer(), openai: layer() }, leaver.signal);
    desk.give('wechat', found('pass'));
    await settle();
    leaver.abort(new Error('stopped'));
    await expect(verdict).rejects.toThrow('stopped');
    desk.give('openai', found('block'));
    await settle();
    expect(late.map(({ layer: name, asked }) => [name, asked])).toEqual([['wechat', 'pass'], ['openai', 'block']]);
    await expect(judge({}, leaver.signal)).rejects.toThrow('stopped');
  });
});
