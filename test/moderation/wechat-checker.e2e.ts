import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CheckFailed, type Finding } from '../../src/moderation/checkers/checker.js';
import type { Asker, Grant } from '../../src/moderation/checkers/wechat-budget.repository.js';
import { systemContext, type RequestContext } from '../../src/platform/context/index.js';
import type { CheckFailure, Stage } from '../../src/moderation/verdict.js';
import { eventually } from '../kit/eventually.js';
import { CHECK_PATH, Ground, PASSES, type LayerNode } from '../kit/wechat-layer.js';

let ground: Ground;
let node: LayerNode;
let user: RequestContext;

beforeEach(async () => {
  ground = await Ground.open();
  await ground.redis.flushdb();
  node = await ground.node();
  user = ground.user();
});
afterEach(async () => ground.close());

interface Asked {
  readonly at?: LayerNode;
  readonly ctx?: RequestContext;
  readonly stage?: Stage;
  readonly signal?: AbortSignal;
}

const check = (texts: readonly string[], { at = node, ctx = user, stage = 'input', signal = AbortSignal.timeout(20_000) }: Asked = {}): Promise<Finding> => at.checker.check({ ctx, stage, thresholds: {} }, texts, signal);
const checks = () => ground.wechat.host.to(CHECK_PATH);
const redisSeconds = async () => parseInt(String((await ground.redis.time())[0]), 10);
/** Users nobody checks by; each has a share of its own. */
let askers = 0;
const asker = (openid = `asker-${(askers += 1)}`): Asker => ({ tenantId: ground.tenantId, appId: ground.app.appId, openid, stage: 'input' });
const budgetKey = () => `${ground.tenantId}:wechat-checks:${ground.app.appId}`;

async function failureOf(checked: Promise<unknown>): Promise<CheckFailure> {
  const error = await checked.then((value) => value, (thrown: unknown) => thrown);
  if (!(error instanceof CheckFailed)) throw new Error('expected a CheckFailed', { cause: error });
  expect(`${error.message} ${error.stack}`).not.toMatch(/the-secret|token-\d|秘密的话|o-[0-9a-f]{8}/);
  return error.failure;
}

describe('the layer covers', () => {
  it('users who came by the mini-program of a tenant with credentials, and nobody else', async () => {
    const covers = (ctx: RequestContext) => node.checker.covers(ctx);
    expect(await covers(user)).toBe(true);
    expect(await covers({ ...user, client: 'web' })).toBe(true);
    expect(await covers(ground.user('api_key'))).toBe(false);
    expect(await covers(systemContext(ground.tenantId, 'job', 'r'))).toBe(false);
    expect(await covers({ ...user, actor: { kind: 'staff', staffId: 's' } })).toBe(false);
    ground.openids.clear();
    expect(await covers(user)).toBe(false);
    ground.app = { ...ground.app, appSecret: undefined };
    expect(await covers(ground.user())).toBe(false);
  });
});

describe('a text', () => {
  it('is judged for its user with the scene of its stage', async () => {
    ground.wechat.onCheck = () => ({ errcode: 0, trace_id: 'trace-7', result: { suggest: 'review', label: 20001 }, detail: [{ strategy: 'content_model', errcode: 0, suggest: 'review', label: 20001, prob: 61 }, { strategy: 'keyword', errcode: -1, suggest: 'risky', label: 20002, prob: 99 }] });
    expect(await check(['问'])).toEqual({ suggests: 'review', label: 'politics', score: 0.61, traceId: 'trace-7', version: 'msg_sec_check/2' });
    await check(['答'], { stage: 'output' });
    expect(checks().map(({ body }) => [body.openid, body.content, body.scene, body.version])).toEqual([[`o-${(user.actor as { userId: string }).userId}`, '问', 2, 2], [expect.any(String), '答', 4, 2]]);
  });

  it('of more than 2,500 characters is asked about in pieces that overlap by 100, and the worst piece wins', async () => {
    const word = '一二三四五六七八九十'.repeat(10);
    const text = `${'👋'.repeat(2_450)}${word}${'x'.repeat(3_000)}`;
    ground.wechat.onCheck = ({ body }) => (String(body.content).includes(word) ? { ...PASSES, result: { suggest: 'risky', label: 20006 } } : PASSES);
    expect(await check([text])).toMatchObject({ suggests: 'block', label: 'crime' });
    const contents = checks().map(({ body }) => Array.from(String(body.content)));
    expect(contents.every((piece) => piece.length <= 2_500)).toBe(true);
  });

  /** Text of which no two pieces are the same. */
  const varied = (length: number): string => Array.from({ length }, (_, at) => String.fromCodePoint(0x4e00 + ((at * 7_919) % 20_000))).join('');

  it('of 18,000 characters that pass is asked about whole, four pieces at a time', async () => {
    let open = 0;
    let most = 0;
    ground.wechat.onCheck = async () => {
      most = Math.max(most, (open += 1));
      await new Promise((resolve) => setTimeout(resolve, 10));
      open -= 1;
      return PASSES;
    };
    expect(await check([varied(18_000)])).toMatchObject({ suggests: 'pass', label: 'normal', traceId: 'trace-1' });
    expect([checks().length, most <= 4]).toEqual([8, true]);
    expect(checks().reduce((sum, { body }) => sum + Array.from(String(body.content)).length, 0)).toBe(18_000 + 7 * 100);
  });

  it('that is longer is not for this layer, and spends nothing of the app', async () => {
    await expect(check([varied(30_000)])).rejects.toMatchObject({ failure: 'too_long' });
    expect(ground.wechat.host.calls).toEqual([]);
  });

  it('that is only made long is asked about once', async () => {
    await check([`${'= '.repeat(90_000)}你好${' '.repeat(9_000)}`, '你好']);
    expect(checks()).toHaveLength(2);
  });

  it('that is blank costs nothing', async () => {
    expect(await check(['', '  \n'])).toMatchObject({ suggests: 'pass' });
    expect(ground.wechat.host.calls).toEqual([]);
  });
});

describe('a check that WeChat does not do', () => {
  it.each<[number, CheckFailure]>([
    [61010, 'not_seen'], [40003, 'not_seen'], [43104, 'not_seen'], [44991, 'quota'], [45009, 'quota'], [45011, 'quota'], [-1, 'busy'], [40001, 'credentials'], [42001, 'credentials'], [40014, 'credentials'],
    [48001, 'credentials'], [40129, 'malformed'], [43302, 'malformed'], [44002, 'malformed'], [47001, 'malformed'], [99999, 'malformed'],
  ])('with %i fails as %s', async (errcode, failure) => {
    ground.wechat.onCheck = () => ({ errcode, errmsg: 'x, rid: 1' });
    expect(await failureOf(check(['秘密的话']))).toBe(failure);
  });

  it('fails as unreachable, malformed or credentials by what is broken', async () => {
    ground.wechat.onCheck = () => ({ errcode: 0 });
    expect(await failureOf(check(['秘密的话']))).toBe('malformed');
    ground.wechat.onToken = () => ({ errcode: 40125 });
    ground.wechat.revoke();
    expect(await failureOf(check(['秘密的话']))).toBe('credentials');
    const late = await ground.node();
    await ground.wechat.host.stop();
    expect(await failureOf(check(['秘密的话'], { at: late }))).toBe('unreachable');
  });

  it('gives the version-1 word for risky its meaning', async () => {
    ground.wechat.onCheck = () => ({ errcode: 87014, errmsg: 'risky content' });
    expect(await check(['x'])).toMatchObject({ suggests: 'block', label: 'other' });
  });

  it('ends with its caller\'s reason', async () => {
    const control = new AbortController();
    ground.wechat.onCheck = () => {
      control.abort(new Error('the user left'));
      return undefined;
    };
    await expect(check(['x'], { signal: control.signal })).rejects.toThrow('the user left');
    await expect(check(['x'], { signal: control.signal })).rejects.toThrow('the user left');
    expect(checks()).toHaveLength(1);
  });
});

describe('the budget of an app', () => {
  it('is 4,000 in any minute, for all nodes together', async () => {
    const other = await ground.node();
    const take = (at: LayerNode, calls: number) => at.budget.take(asker(), calls);
    expect([await take(node, 2_500), await take(other, 1_500)]).toEqual(['granted', 'granted']);
    expect(await failureOf(check(['x']))).toBe('quota');
    expect(await failureOf(check(['x'], { at: other }))).toBe('quota');
    expect(checks()).toEqual([]);
    expect(await node.budget.take({ ...asker(), appId: 'wx-another' }, 1)).toBe('granted');
  });

  it('is taken whole or not at all', async () => {
    const take = (calls: number) => node.budget.take(asker(), calls);
    expect(await take(3_999)).toBe('granted');
    expect(await (await ground.node()).budget.take(asker(), 2)).toBe('app_over');
    expect(await take(1)).toBe('granted');
  });

  it('slides: what the minute before took counts for as much of it as is left', async () => {
    const seconds = await redisSeconds();
    const minute = Math.floor(seconds / 60);
    await ground.redis.hset(budgetKey(), { minute: minute - 1, now: 4_000, before: 0, day: Math.floor((seconds + 28_800) / 86_400), today: 4_000 });
    const left = Math.floor((4_000 * (seconds % 60)) / 60);
    const granted = await (await ground.node()).budget.take(asker(), left + 400);
    expect(granted).toBe('app_over');
    if (left > 0) expect(await (await ground.node()).budget.take(asker(), left)).toBe('granted');
    await ground.redis.hset(budgetKey(), { minute: minute - 2 });
    expect(await (await ground.node()).budget.take(asker('u-2'), 4_000)).toBe('granted');
  });

  it('is 2,000,000 on a day of Beijing', async () => {
    const seconds = await redisSeconds();
    await ground.redis.hset(budgetKey(), { day: Math.floor((seconds + 28_800) / 86_400), today: 2_000_000 });
    expect(await failureOf(check(['x']))).toBe('quota');
    await ground.redis.hset(budgetKey(), { day: Math.floor((seconds + 28_800) / 86_400) - 1 });
    expect(await check(['x'], { at: await ground.node() })).toMatchObject({ suggests: 'pass' });
  });

  it.each([44991, 45009])('that WeChat says is used up (%i) is not tried by any node for a while', async (errcode) => {
    const other = await ground.node();
    ground.wechat.onCheck = () => ({ errcode });
    expect(await failureOf(check(['x']))).toBe('quota');
    ground.wechat.onCheck = undefined;
    for (const at of [node, other, node, other]) expect(await failureOf(check(['x'], { at }))).toBe('quota');
    expect(checks()).toHaveLength(1);
  });

  it('does not stand in the way while Redis is away', async () => {
    await check(['x']);
    node.redis.disconnect();
    expect(await check(['x'])).toMatchObject({ suggests: 'pass' });
  });
});

describe('the share of a user', () => {
  const asked = async (): Promise<{ readonly app: number; readonly users: readonly number[] }> => {
    const counted = async (key: string): Promise<number> => parseInt((await ground.redis.hget(key, 'today')) ?? '0', 10);
    return { app: await counted(budgetKey()), users: await Promise.all((await ground.redis.keys(`${budgetKey()}:*`)).map(counted)) };
  };

  it('is his own: one who has used it up is told apart, and others are checked on', async () => {
    ground.share = { userPerMinute: 3, userPerDay: 100 };
    for (const text of ['一', '二', '三']) expect(await check([text])).toMatchObject({ suggests: 'pass' });
    // So often that a circuit would open.
    for (let each = 0; each < 12; each += 1) expect(await failureOf(check(['四']))).toBe('user_budget');
    expect(await failureOf(check(['五'], { at: await ground.node() }))).toBe('user_budget');
    expect(checks()).toHaveLength(3);
    expect(await check(['四'], { ctx: ground.user() })).toMatchObject({ suggests: 'pass' });
    expect((await asked()).app).toBe(4);
  });

  it('is one for questions and one for answers: long answers take nothing of what questions need', async () => {
    ground.share = { userPerMinute: 2, userPerDay: 100 };
    for (const text of ['甲', '乙']) await check([text], { stage: 'output' });
    expect(await failureOf(check(['丙'], { stage: 'output' }))).toBe('user_budget');
    expect(await check(['丙'])).toMatchObject({ suggests: 'pass' });
  });

  it('is bounded by the day, too', async () => {
    ground.share = { userPerMinute: 100, userPerDay: 2 };
    const one = asker();
    const take = () => node.budget.take(one, 1);
    expect([await take(), await take(), await take()]).toEqual(['granted', 'granted', 'user_over']);
    await ground.redis.hset(`${budgetKey()}:input:${one.openid}`, { day: 1 });
    expect(await take()).toBe('granted');
    expect(await ground.redis.pttl(`${budgetKey()}:input:${one.openid}`)).toBeGreaterThan(60_000);
  });

  it('is never exceeded on any nodes, and what is refused takes nothing of anybody', async () => {
    ground.share = { userPerMinute: 12, userPerDay: 20 };
    const nodes = [node, await ground.node()];
    const call = fc.record({ at: fc.nat({ max: 1 }), user: fc.nat({ max: 3 }), calls: fc.integer({ min: 1, max: 8 }) });
    await fc.assert(fc.asyncProperty(fc.array(call, { minLength: 1, maxLength: 40 }), async (calls) => {
      await ground.redis.flushdb();
      const granted = new Map<number, number>();
      const grants = await Promise.all(calls.map(async ({ at, user: which, calls: count }): Promise<Grant | undefined> => {
        const grant = await nodes[at]?.budget.take(asker(`u${which}`), count);
        if (grant === 'granted') granted.set(which, (granted.get(which) ?? 0) + count);
        return grant;
      }));
      expect(grants.every((grant) => grant === 'granted' || grant === 'user_over')).toBe(true);
      const { app, users } = await asked();
      const sum = [...granted.values()].reduce((total, count) => total + count, 0);
      expect([app, users.reduce((total, count) => total + count, 0), Math.max(0, ...granted.values()) <= 20]).toEqual([sum, sum, true]);
      const minutes = await Promise.all([...granted.keys()].map(async (which) => parseInt((await ground.redis.hget(`${budgetKey()}:u${which}`, 'now')) ?? '0', 10)));
      expect(Math.max(0, ...minutes)).toBeLessThanOrEqual(12);
    }), { numRuns: 60 });
  });
});

describe('the circuit of an app', () => {
  const failFive = async (fail: () => Promise<unknown>) => {
    for (let each = 0; each < 5; each += 1) await fail();
  };

  it('opens when WeChat fails, and closes when it is back', async () => {
    await check(['x']);
    ground.wechat.onCheck = (_) => ({ errcode: -1 });
    await failFive(async () => expect(await failureOf(check(['x']))).toBe('busy'));
    const asked = checks().length;
    ground.wechat.onCheck = undefined;
    expect(await failureOf(check(['x']))).toBe('open');
    expect(checks()).toHaveLength(asked);
    expect(await node.budget.take(asker(), 1)).toBe('granted');
    await eventually(() => check(['x']).then(() => 'done', () => 'failed'), (outcome) => outcome === 'done', 4_000);
  });

  it('opens when callers\' deadlines end the calls', async () => {
    await check(['x']);
    ground.wechat.onCheck = () => undefined;
    await failFive(async () => expect(check(['x'], { signal: AbortSignal.timeout(30) })).rejects.toMatchObject({ name: 'TimeoutError' }));
    expect(await failureOf(check(['x']))).toBe('open');
  });

  it('stays closed when users leave, are unknown, or write what WeChat can\'t read', async () => {
    await check(['x']);
    ground.wechat.onCheck = () => undefined;
    for (let each = 0; each < 8; each += 1) {
      const control = new AbortController();
      const checked = check(['x'], { signal: control.signal });
      await eventually(async () => checks().length, (count) => count === each + 2);
      control.abort(new Error('the user left'));
      await expect(checked).rejects.toThrow('the user left');
    }
    for (const errcode of [61010, 47001, 40003]) {
      ground.wechat.onCheck = () => ({ errcode });
      await failFive(async () => expect(await failureOf(check(['x']))).not.toBe('open'));
    }
    ground.wechat.onCheck = undefined;
    expect(await check(['x'])).toMatchObject({ suggests: 'pass' });
  });

  it('is the app\'s own', async () => {
    ground.wechat.onCheck = () => ({ errcode: -1 });
    await failFive(async () => failureOf(check(['x'])));
    ground.wechat.onCheck = undefined;
    expect(await failureOf(check(['x']))).toBe('open');
    ground.app = { ...ground.app, appId: 'wx-another' };
    expect(await check(['x'])).toMatchObject({ suggests: 'pass' });
  });
});
