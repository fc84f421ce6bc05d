import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { admin, logIn, makeApiKey, makeConversation, makeTenant, type TestTenant, type TestUser } from '../kit/factories.js';
import { listWords, setPolicy } from '../kit/moderation.js';
import { Platform } from '../kit/platform.js';
import { wordsOf, type SseEvent } from '../kit/sse-reader.js';
import { upstreamControl } from '../kit/upstream-control.js';
import { resetUpstream, scripted, unseen } from '../kit/upstream-script.js';
import { WECHAT_PATHS, healWechat, lastSeen, limitWechat, revokeTokens, scriptWechat, wechatCalls, type WechatFault } from '../kit/wechat-script.js';

let platform: Platform;
let staff: string;

beforeAll(async () => {
  platform = await Platform.start();
  staff = await admin(platform);
});
afterAll(async () => platform.stop());

interface Stage {
  readonly tenant: TestTenant;
  readonly user: TestUser;
}

/** A tenant whose questions only WeChat judges, unless told. */
async function stage(wechat: object, more: object = {}): Promise<Stage> {
  const tenant = await makeTenant(platform, staff);
  const off = { mode: 'off' };
  await setPolicy(platform, staff, tenant, { input: { wechat, openai: off, instead_of_wechat: 'nobody', ...more }, output: { wechat: off, openai: off } });
  return { tenant, user: await logIn(platform, tenant) };
}

async function asked(user: TestUser, content = scripted({ tokens: 3 })): Promise<readonly SseEvent[]> {
  const conversation = await makeConversation(platform.api, user);
  const stream = await platform.api.stream('POST', `/v1/conversations/${conversation}/messages?format=sse`, { token: user.token, body: { content } });
  return stream.all();
}

const endOf = (events: readonly SseEvent[]): string => events.at(-1)?.data.code ?? events.at(-1)?.data.finish_reason;

async function withWechat<T>(fault: WechatFault, work: () => Promise<T>): Promise<T> {
  await scriptWechat(platform, { default: { path: WECHAT_PATHS.textCheck, ...fault } });
  try {
    return await work();
  } finally {
    await healWechat(platform);
  }
}

describe('a check of WeChat that fails', () => {
  it.each([
    ['is slow', { delayMs: 3_000 }],
    ['hangs', { hang: true }],
    ['is cut', { reset: true }],
    ['answers HTML', { status: 502 }],
    ['is busy', { errcode: -1 }],
    ['is out of quota', { errcode: 45009 }],
  ] as const)('that %s lets questions through or refuses them, as the policy says, within its deadline', async (_, fault) => {
    const open = await stage({ mode: 'on', on_failure: 'open', deadline_ms: 300 });
    const closed = await stage({ mode: 'on', on_failure: 'closed', deadline_ms: 300 });
    const [passed, refused] = await withWechat(fault, () => Promise.all([asked(open.user), asked(closed.user)]));
    expect([endOf(passed), endOf(refused), wordsOf(refused)]).toEqual(['stop', 'unavailable', '']);
  });

  it('because the user was not seen lets him through, also where it is closed, and asks layer 3 where it may', async () => {
    const { tenant, user } = await stage({ mode: 'on', on_failure: 'closed', deadline_ms: 2_000 });
    const { sub } = JSON.parse(Buffer.from(user.token.split('.')[1] ?? '', 'base64url').toString()) as { sub: string };
    const [row] = await platform.sql<{ openid: string }>('SELECT openid FROM users WHERE id = $1', [sub]);
    await lastSeen(platform, tenant, row?.openid ?? '', 'never');
    expect(endOf(await asked(user))).toBe('stop');
    await setPolicy(platform, staff, tenant, { input: { instead_of_wechat: 'openai' } });
    expect(endOf(await asked(user, `forbidden ${scripted({ tokens: 3, firstTokenMs: 300 })}`))).toBe('content_blocked');
  });

  it('because its token was revoked is made again with a new one, and 30 at once cost one token', async () => {
    const { tenant, user } = await stage({ mode: 'on', on_failure: 'closed', deadline_ms: 5_000 });
    await asked(user);
    const tokens = (await wechatCalls(platform, tenant, WECHAT_PATHS.stableToken)).calls;
    await revokeTokens(platform, tenant);
    const users = await Promise.all(Array.from({ length: 30 }, (_, at) => logIn(platform, tenant, `u${at}`)));
    const ends = await Promise.all(users.map(async (each) => endOf(await asked(each))));
    expect(new Set(ends)).toEqual(new Set(['stop']));
    expect((await wechatCalls(platform, tenant, WECHAT_PATHS.stableToken)).calls - tokens).toBeLessThanOrEqual(2);
  });

  it('because the minute is used up is a failure like others', async () => {
    const { tenant, user } = await stage({ mode: 'on', on_failure: 'closed', deadline_ms: 2_000 });
    await limitWechat(platform, tenant, WECHAT_PATHS.textCheck, { perMinute: 1 });
    expect([endOf(await asked(user)), endOf(await asked(user))]).toEqual(['stop', 'unavailable']);
  });
});

describe('layer 3 that answers 429', () => {
  it('lets questions through or refuses them, as the policy says', async () => {
    const open = await stage({ mode: 'off' }, { openai: { mode: 'on', on_failure: 'open', deadline_ms: 1_000 } });
    const closed = await stage({ mode: 'off' }, { openai: { mode: 'on', on_failure: 'closed', deadline_ms: 1_000 } });
    const key = await makeApiKey(platform, closed.user);
    await upstreamControl(platform, 'PUT', 'script', { moderations: { status: 429 } });
    try {
      expect(endOf(await asked(open.user))).toBe('stop');
      expect(endOf(await asked(closed.user))).toBe('unavailable');
      const api = await platform.api.post('/v1/chat/completions', { model: 'sim-chat', messages: [{ role: 'user', content: scripted({ tokens: 2 }) }] }, { token: key });
      expect([api.status, api.body.error.code]).toEqual([503, 'unavailable']);
    } finally {
      await resetUpstream(platform);
    }
  });
});

describe('word lists that change under load', () => {
  it('never let a listed word through, and break no stream', async () => {
    const { tenant, user } = await stage({ mode: 'off' });
    const list = await listWords(platform, staff, tenant, [{ text: '绝密词甲' }]);
    const path = `/admin/v1/tenants/${tenant.id}/word-lists/${list}/words`;
    let changing = true;
    const changes = (async () => { for (let n = 0; changing; n += 1) await platform.api.ok('POST', path, { token: staff, body: { text: `别的词${n}号` } }); })();
    const ends = await Promise.all(Array.from({ length: 40 }, async (_, at) => {
      const bad = at % 2 === 0;
      const events = await asked(await logIn(platform, tenant, `load-${at}`), unseen({ text: bad ? '说到绝密词甲就停' : '说到别处去了', gapMs: 20 }));
      return [bad, endOf(events), wordsOf(events).includes('甲')];
    }));
    changing = false;
    await changes;
    expect(ends.filter(([bad]) => bad === true)).toEqual(Array.from({ length: 20 }, () => [true, 'content_filter', false]));
    expect(ends.filter(([bad]) => bad === false)).toEqual(Array.from({ length: 20 }, () => [false, 'stop', false]));
    expect(endOf(await asked(user))).toBe('stop');
  });
});
