import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { RequestContext } from '../../src/platform/context/index.js';
import { PushRefused, answerUrlCheck, openLetter, transferToPerson, type PushMessage, type PushSettings } from '../../src/wechat/index.js';
import type { TestTenant } from '../kit/factories.js';
import type { Platform } from '../kit/platform.js';
import { openidOf, wechatControl } from '../kit/wechat-control.js';
import { Ground, type LayerNode } from '../kit/wechat-layer.js';
import { checkWechatPush, judgeMediaBy, pushWechatEvent, receivedBy, setWechatPush, userEnters, userWrites, wechatPushes, type WechatVariant } from '../kit/wechat-push.js';
import { WECHAT_PATHS, lastSeen, limitWechat, revokeTokens, wechatCalls } from '../kit/wechat-script.js';

/** Our side of the protocol against a WeChat that was written from the protocol alone. */
const TOKEN = 'PushTokenOfThisApp';
const AES_KEY = 'Q7m2xTz9KfLw4VbN8sHc1RyPgJ6dUeAo3ZiXt5WkM0C';

let ground: Ground;
let nodes: readonly LayerNode[];
let platform: Platform;
let tenant: TestTenant;
let webhook: Server;
let settings: PushSettings;
let seen: RequestContext;
let openid: string;
const read: PushMessage[] = [];
const refused: string[] = [];

const check = (content: string, at = 0, ctx = seen) => (nodes[at] as LayerNode).checker.check({ ctx, stage: 'input', thresholds: {} }, [content], AbortSignal.timeout(10_000));
const use = (mode: 'plain' | 'compatible' | 'secure', format: 'json' | 'xml') => {
  settings = { appId: tenant.appId, token: TOKEN, aesKey: mode === 'plain' ? undefined : AES_KEY };
  return setWechatPush(platform, tenant, { token: TOKEN, encodingAesKey: AES_KEY, mode, format, url: `http://127.0.0.1:${(webhook.address() as AddressInfo).port}/` });
};

beforeAll(async () => {
  ground = await Ground.open();
  const servers = inject('servers');
  nodes = [await ground.node(servers.wechatUrl), await ground.node(servers.wechatUrl)];
  tenant = { id: ground.tenantId, slug: 'simulated', appId: ground.app.appId };
  webhook = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const query = Object.fromEntries(new URL(request.url ?? '/', 'http://x').searchParams);
      try {
        if (request.method === 'GET') return void response.end(answerUrlCheck(settings, query, new Date()));
        const letter = openLetter(settings, query, Buffer.concat(parts), new Date());
        read.push(letter.message);
        if (letter.message.kind !== 'user_message') return void response.end('success');
        const { contentType, body } = transferToPerson(settings, letter, new Date());
        response.writeHead(200, { 'content-type': contentType }).end(body);
      } catch (error) {
        refused.push(error instanceof PushRefused ? error.fault : String(error));
        response.writeHead(401).end();
      }
    });
  });
  await new Promise<void>((resolve) => webhook.listen(0, '127.0.0.1', resolve));
  platform = { servers, node: { url: servers.wechatUrl } } as Platform;
  await wechatControl(platform, 'POST', '/control/apps', { appid: tenant.appId, secret: ground.callingApp.appSecret });
  openid = await openidOf(platform, tenant);
  seen = ground.user();
  ground.openids.set((seen.actor as { userId: string }).userId, openid);
  await lastSeen(platform, tenant, openid, 0);
});
afterAll(async () => {
  webhook.closeAllConnections();
  webhook.close();
  await ground.close();
});

describe('checks', () => {
  it('come back as findings', async () => {
    expect(await check('你好')).toMatchObject({ suggests: 'pass', label: 'normal', traceId: expect.any(String) });
    expect(await check('来一段色情测试吧')).toMatchObject({ suggests: 'block', label: 'porn' });
    expect(await check('人工复核测试')).toMatchObject({ suggests: 'review', label: 'other', score: 0.6 });
    expect(await check(`${'字'.repeat(2_498)}色情测试${'字'.repeat(4_000)}`)).toMatchObject({ suggests: 'block' });
  });

  it('of a user whom WeChat has not seen fail as such', async () => {
    await lastSeen(platform, tenant, openid, 2 * 3_600_000 + 1);
    await expect(check('你好')).rejects.toMatchObject({ failure: 'not_seen' });
    await lastSeen(platform, tenant, openid, 0);
  });

  it.each([40001, 40014, 42001] as const)('go on when all tokens end (%i): 200 of two nodes cost one new token', async (as) => {
    const before = (await wechatCalls(platform, tenant, WECHAT_PATHS.stableToken)).calls;
    await check('你好', 1);
    expect(await revokeTokens(platform, tenant, as)).toBeGreaterThan(0);
    const findings = await Promise.all(Array.from({ length: 200 }, (_, at) => check(`你好 ${as} ${at}`, at % 2)));
    expect(new Set(findings.map(({ suggests }) => suggests))).toEqual(new Set(['pass']));
    expect((await wechatCalls(platform, tenant, WECHAT_PATHS.stableToken)).calls - before).toBeLessThanOrEqual(2);
  });

  it('beyond the minute of WeChat fail as quota, and are not tried again', async () => {
    const calls = async () => (await wechatCalls(platform, tenant, WECHAT_PATHS.textCheck)).calls;
    await limitWechat(platform, tenant, WECHAT_PATHS.textCheck, { perMinute: 1 });
    for (let each = 0; each < 3; each += 1) await check('你好').catch(() => undefined);
    const before = await calls();
    for (const at of [0, 1]) await expect(check('你好', at)).rejects.toMatchObject({ failure: 'quota' });
    expect(await calls()).toBe(before);
  });
});

describe.each([['plain', 'json'], ['plain', 'xml'], ['compatible', 'json'], ['compatible', 'xml'], ['secure', 'json'], ['secure', 'xml']] as const)('pushes in %s mode, %s', (mode, format) => {
  const variants: readonly WechatVariant[] = ['bad_signature', 'no_signature', 'stale_timestamp', ...(mode === 'plain' ? [] : (['bad_msg_signature', 'wrong_appid', 'tampered', 'unencrypted'] as const))];

  it('are read, and what a user writes is handed to a person', async () => {
    await use(mode, format);
    expect(await checkWechatPush(platform, tenant)).toMatchObject({ echoed: true });
    const text = '人工 ]]> <b>&amp; "引号" 👋';
    const { msgId, deliveries } = await userWrites(platform, tenant, openid, text);
    expect(deliveries.map(({ outcome }) => outcome)).toEqual(['transferred']);
    expect(read.at(-1)).toMatchObject({ kind: 'user_message', key: `message:${msgId}`, openid, content: { type: 'text', text } });
    await wechatControl(platform, 'DELETE', `/control/human?appid=${tenant.appId}&openid=${openid}`);
    await userEnters(platform, tenant, openid);
    expect(read.at(-1)).toMatchObject({ kind: 'enter_session', openid });
    await pushWechatEvent(platform, tenant, openid, 'subscribe_msg_popup_event');
    expect(read.at(-1)).toMatchObject({ kind: 'other', name: 'subscribe_msg_popup_event' });
  });

  it('bring the verdict of an image', async () => {
    await judgeMediaBy(platform, tenant, { delayMs: 0 });
    const before = (await wechatPushes(platform, tenant, 'wxa_media_check')).length;
    const traceId = await (nodes[0] as LayerNode).tenantWechat.mediaCheck(tenant.id, { openid, mediaUrl: 'https://cdn.test/risky.png', media: 'image', scene: 1 }, AbortSignal.timeout(5_000));
    await wechatPushes(platform, tenant, 'wxa_media_check', before + 1);
    expect(read.at(-1)).toMatchObject({ kind: 'media_verdict', key: `media:${traceId}`, traceId, errcode: 0, result: { suggest: 'risky', label: 20002 } });
  });

  it.each(variants)('that are forged (%s) are refused', async (variant) => {
    const [before, texts] = [refused.length, read.length];
    await userWrites(platform, tenant, openid, '假的', { variant });
    expect([refused.length > before, read.length]).toEqual([true, texts]);
  });
});

describe('answers of customer service', () => {
  const say = (text: string) => (nodes[0] as LayerNode).tenantWechat.customerMessage(tenant.id, { openid, content: { type: 'text', text } }, AbortSignal.timeout(5_000));

  it('reach the user while their window is open, and tell when it is not', async () => {
    await use('secure', 'json');
    await userWrites(platform, tenant, openid, '在吗');
    await (nodes[0] as LayerNode).tenantWechat.customerTyping(tenant.id, { openid, typing: true }, AbortSignal.timeout(5_000));
    await say('您好, 在的 👋');
    expect((await receivedBy(platform, tenant, openid, 1)).messages.at(-1)).toMatchObject({ msgtype: 'text', content: { content: '您好, 在的 👋' } });
    await wechatControl(platform, 'DELETE', `/control/windows?appid=${tenant.appId}&openid=${openid}`);
    await expect(say('太晚了')).rejects.toMatchObject({ kind: 'window', errcode: 45015 });
  });
});
