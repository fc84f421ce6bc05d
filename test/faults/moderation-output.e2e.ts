import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../kit/eventually.js';
import { admin, logIn, makeConversation, makeTenant, type TestTenant, type TestUser } from '../kit/factories.js';
import { judgeTextsBy, healWechat, revokeTokens, scriptWechat, WECHAT_PATHS, type WechatFault } from '../kit/wechat-script.js';
import { listWords, setPolicy } from '../kit/moderation.js';
import { Platform } from '../kit/platform.js';
import { wordsOf, type SseEvent } from '../kit/sse-reader.js';
import { upstreamControl } from '../kit/upstream-control.js';
import { resetUpstream, unseen } from '../kit/upstream-script.js';

let platform: Platform;
let staff: string;

beforeAll(async () => {
  platform = await Platform.start();
  staff = await admin(platform);
});
afterAll(async () => platform.stop());

const GATES = ['strict', 'swift'] as const;
type Gate = (typeof GATES)[number];
const RULES = ['open', 'closed'] as const;
type Rule = (typeof RULES)[number];

const OFF = { mode: 'off' };
const RECALLED = '该内容已被撤回';
/** Of a layer, here. No answer takes longer than a few of them. */
const DEADLINE_MS = 500;
const BOUND_MS = 8_000;
/** Three windows, sentence by sentence. */
const FINE = '今天天气很好，我们一起去公园里散步。'.repeat(14);
const BAD = `${'昨天的天气也不错，大家都出门了。'.repeat(6)}这里是坏内容。${FINE}`;

interface Case {
  readonly gate: Gate;
  readonly rule: Rule;
  readonly tenant: TestTenant;
  readonly user: TestUser;
}

/** Nothing but the answer is judged, by one layer. */
async function stage(gate: Gate, rule: Rule, layer: 'wechat' | 'openai', output: object = {}): Promise<Case> {
  const tenant = await makeTenant(platform, staff);
  const on = { mode: 'on', on_failure: rule, deadline_ms: DEADLINE_MS };
  await setPolicy(platform, staff, tenant, {
    input: { wechat: OFF, openai: OFF, instead_of_wechat: 'nobody' },
    output: { wechat: OFF, openai: OFF, instead_of_wechat: 'nobody', charge: 'produced', gate, [layer]: on, ...output },
  });
  await judgeTextsBy(platform, tenant, [{ keyword: '坏内容', label: 20002 }]);
  return { gate, rule, tenant, user: await logIn(platform, tenant) };
}

interface Told {
  readonly events: readonly SseEvent[];
  readonly runId: string;
  readonly tookMs: number;
}

async function answered(user: TestUser, text: string, gapMs = 1): Promise<Told> {
  const conversation = await makeConversation(platform.api, user);
  const began = performance.now();
  const stream = await platform.api.stream('POST', `/v1/conversations/${conversation}/messages?format=sse`, { token: user.token, body: { content: unseen({ text, gapMs }) } });
  const events = await stream.all();
  return { events, runId: stream.runId, tookMs: performance.now() - began };
}

/** What whoever resumes is told in the end, how it ended, and whether the user paid. In strict mode nothing is ever taken back. */
async function resultOf({ gate, user }: Pick<Case, 'gate' | 'user'>, { events, runId, tookMs }: Told): Promise<readonly unknown[]> {
  const last = events.at(-1)?.data;
  const resumed = await (await platform.api.stream('GET', `/v1/runs/${runId}/stream?format=sse`, { token: user.token })).all();
  const seen = [wordsOf(resumed), ...resumed.filter(({ event }) => event === 'recall').map(({ data }) => data.replace as string)].join('');
  const words = seen === FINE ? 'all' : seen.includes('坏内容') ? 'the bad ones' : gate === 'strict' && events.some(({ event }) => event === 'recall') ? 'shown too early' : seen.endsWith(RECALLED) ? 'taken back' : seen;
  return [words, last?.finish_reason ?? last?.code, last?.credits > 0 ? 'paid' : 'free', tookMs < BOUND_MS ? 'in time' : `after ${Math.round(tookMs)} ms`];
}

const RELEASED = ['all', 'stop', 'paid', 'in time'];
const UNJUDGED = ['taken back', 'content_filter', 'free', 'in time'];
const BROKEN_OFF = ['taken back', 'content_filter', 'paid', 'in time'];
const EACH = GATES.flatMap((gate) => RULES.map((rule) => [gate, rule] as const));
const stages = (layer: 'wechat' | 'openai', output?: object): Promise<readonly Case[]> => Promise.all(EACH.map(([gate, rule]) => stage(gate, rule, layer, output)));

/** What the log says of why the layer could not judge. */
async function failuresOf(tenant: TestTenant): Promise<readonly string[]> {
  const read = async () => (await platform.api.ok('GET', `/admin/v1/tenants/${tenant.id}/moderation/verdicts`, { token: staff })).data as readonly { readonly failure: string | null }[];
  const rows = await eventually(read, (found) => found.some(({ failure }) => failure !== null));
  return [...new Set(rows.flatMap(({ failure }) => failure ?? []))];
}

/** Every gate and rule at once, while the layer fails: what the policy promises, and a failure that says why. */
async function failsAsPromised(cases: readonly Case[], failures: readonly string[]): Promise<void> {
  const results = await Promise.all(cases.map(async ({ gate, rule, user }) => [gate, rule, ...(await resultOf({ gate, user }, await answered(user, FINE)))]));
  expect(results).toEqual(cases.map(({ gate, rule }) => [gate, rule, ...(rule === 'open' ? RELEASED : UNJUDGED)]));
  const told = await Promise.all(cases.map(({ tenant }) => failuresOf(tenant)));
  // After many failures the circuit is open.
  expect(told.flat().filter((failure) => failure !== 'open' && !failures.includes(failure))).toEqual([]);
  expect(told.flat().some((failure) => failures.includes(failure))).toBe(true);
}

describe('WeChat that fails while an answer is told', () => {
  it.each<readonly [string, WechatFault, readonly string[]]>([
    ['is slow', { delayMs: 3_000 }, ['timeout']],
    ['hangs', { hang: true }, ['timeout']],
    ['is cut', { reset: true }, ['unreachable']],
    ['loses its answers', { reset: true, after: true }, ['unreachable']],
    ['answers HTML', { status: 502 }, ['unreachable']],
    ['is busy', { errcode: -1 }, ['busy', 'timeout']],
    ['is out of quota for the day', { errcode: 45009 }, ['quota']],
    ['is out of quota for the minute', { errcode: 44991 }, ['quota']],
    ['refuses every token', { errcode: 40001 }, ['credentials', 'timeout']],
    ['knows the user no more', { errcode: 40003 }, ['not_seen']],
  ])('because it %s releases or ends the answer as the policy says', async (_, fault, failures) => {
    const cases = await stages('wechat');
    await scriptWechat(platform, { default: { path: WECHAT_PATHS.textCheck, ...fault } });
    try {
      if (failures.includes('not_seen')) {
        const results = await Promise.all(cases.map(async ({ gate, user }) => resultOf({ gate, user }, await answered(user, FINE))));
        expect(results).toEqual(cases.map(() => RELEASED));
      } else await failsAsPromised(cases, failures);
    } finally {
      await healWechat(platform);
    }
  });

  it('because its token was revoked goes on with a new one, and finds what it should', async () => {
    const cases = await stages('wechat');
    await Promise.all(cases.map(({ tenant }) => revokeTokens(platform, tenant)));
    const results = await Promise.all(cases.flatMap(({ gate, user }) => [FINE, BAD].map(async (text) => resultOf({ gate, user }, await answered(user, text)))));
    expect(results).toEqual(cases.flatMap(() => [RELEASED, BROKEN_OFF]));
  });

  it('and is well again in mid-answer takes back what it finds then', async () => {
    const cases = await stages('wechat', { charge: 'nothing' });
    await scriptWechat(platform, { next: cases.map(({ tenant }) => ({ path: WECHAT_PATHS.textCheck, appid: tenant.appId, delayMs: 300 })) });
    const results = await Promise.all(cases.map(async ({ gate, user }) => resultOf({ gate, user }, await answered(user, BAD, 5))));
    expect(results).toEqual(cases.map(() => ['taken back', 'content_filter', 'free', 'in time']));
    await healWechat(platform);
  });

  it('leaves the answer to layer 3 where that may stand in, as when its quota is used up', async () => {
    const cases = await stages('wechat', { instead_of_wechat: 'openai' });
    await scriptWechat(platform, { default: { path: WECHAT_PATHS.textCheck, errcode: 45009 } });
    const forbidden = FINE.replace('公园', 'forbidden');
    const results = await Promise.all(cases.flatMap(({ gate, user }) => [FINE, forbidden].map(async (text) => resultOf({ gate, user }, await answered(user, text)))));
    expect(results).toEqual(cases.flatMap(() => [RELEASED, BROKEN_OFF]));
    await healWechat(platform);
  });

  it('holds nothing up that layer 3 refuses', async () => {
    const patient = { mode: 'on', on_failure: 'open', deadline_ms: 20_000 };
    const cases = await stages('openai', { wechat: patient });
    await scriptWechat(platform, { default: { path: WECHAT_PATHS.textCheck, hang: true } });
    const results = await Promise.all(cases.map(async ({ gate, user }) => resultOf({ gate, user }, await answered(user, FINE.replace('公园', 'forbidden')))));
    expect(results).toEqual(cases.map(() => BROKEN_OFF));
    await healWechat(platform);
  });
});

describe('layer 3 that fails while an answer is told', () => {
  it.each<readonly [string, object, readonly string[]]>([
    ['answers 429', { status: 429 }, ['busy']],
    ['answers 500', { status: 500 }, ['unreachable']],
    ['answers HTML', { status: 502, html: true }, ['unreachable']],
    ['has no quota', { error: 'insufficient_quota' }, ['quota']],
    ['is cut before its answer', { reset: 'before-headers' }, ['unreachable']],
    ['is cut within its answer', { reset: 'mid' }, ['unreachable']],
    ['answers no JSON', { malformed: true }, ['malformed']],
    ['hangs', { hang: 'before-headers' }, ['timeout']],
    ['hangs within its answer', { hang: 'mid' }, ['timeout']],
  ])('because it %s releases or ends the answer as the policy says', async (_, moderations, failures) => {
    const cases = await stages('openai');
    await upstreamControl(platform, 'PUT', 'script', { moderations });
    try {
      await failsAsPromised(cases, failures);
    } finally {
      await resetUpstream(platform);
    }
    // The circuit is the endpoint's: it must be closed before the next fault shows itself.
    const judge = () => platform.api.post('/v1/moderations', { input: `好了吗 ${Math.random()}` }, { token: cases[1]?.user.token ?? '' });
    await eventually(judge, ({ status, body }) => status === 200 && body.results[0].category_scores.illicit !== undefined, 20_000);
  });
});

describe('word lists that change while answers are told and judged', () => {
  it.each(GATES)('never let a listed word through, and break no stream, in %s mode', async (gate) => {
    const { tenant } = await stage(gate, 'closed', 'wechat', { wechat: { mode: 'on', on_failure: 'closed', deadline_ms: 5_000 } });
    const list = await listWords(platform, staff, tenant, [{ text: '绝密词甲' }]);
    const path = `/admin/v1/tenants/${tenant.id}/word-lists/${list}/words`;
    let changing = true;
    const changes = (async () => { for (let n = 0; changing; n += 1) await platform.api.ok('POST', path, { token: staff, body: { text: `别的词${n}号` } }); })();
    const results = await Promise.all(Array.from({ length: 16 }, async (_, at) => {
      const user = await logIn(platform, tenant, `${gate}-${at}`);
      const told = await answered(user, at % 2 === 0 ? FINE.replace('公园', '绝密词甲') : FINE, 10);
      return [...(await resultOf({ gate, user }, told)), wordsOf(told.events).includes('甲')];
    }));
    changing = false;
    await changes;
    expect(results).toEqual(Array.from({ length: 16 }, (_, at) => [...(at % 2 === 0 ? BROKEN_OFF : RELEASED), false]));
  });
});
