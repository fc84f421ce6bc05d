import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nameOfApp } from '../../src/tenants/wechat/access-token.repository.js';
import { WechatError } from '../../src/wechat/index.js';
import { CHECK_PATH, Ground, type LayerNode } from '../kit/wechat-layer.js';

let ground: Ground;
let one: LayerNode;
let other: LayerNode;

beforeEach(async () => {
  ground = await Ground.open();
  await ground.redis.flushdb();
  [one, other] = [await ground.node(), await ground.node()];
});
afterEach(async () => ground.close());

const never = new AbortController().signal;
const check = (node: LayerNode, signal = never) => node.tenantWechat.secCheck(ground.tenantId, { openid: 'o', content: '你好', scene: 2 }, signal);
const checkAll = (count: number) => Promise.allSettled(Array.from({ length: count }, (_, at) => check(at % 2 === 0 ? one : other)));
const outcomes = (settled: readonly PromiseSettledResult<unknown>[]) => settled.map((each) => (each.status === 'fulfilled' ? 'done' : each.reason instanceof WechatError ? each.reason.kind : String(each.reason)));
const redisKey = () => nameOfApp(ground.callingApp);

describe('the access token of an app', () => {
  it('is asked for once, however many calls of two nodes begin without one', async () => {
    expect(new Set(outcomes(await checkAll(300)))).toEqual(new Set(['done']));
    expect(ground.wechat.asked).toEqual([false]);
  });

  it('that WeChat took back is replaced once for 300 calls in flight, and every one of them works', async () => {
    await checkAll(2);
    ground.wechat.revoke();
    expect(new Set(outcomes(await checkAll(300)))).toEqual(new Set(['done']));
    expect(ground.wechat.asked).toEqual([false, false]);
    expect(ground.wechat.host.to(CHECK_PATH).length).toBeLessThanOrEqual(2 + 600);
  });

  it('that WeChat refuses though it calls it good is replaced by force, once', async () => {
    await checkAll(2);
    ground.wechat.revoke(true);
    expect(new Set(outcomes(await checkAll(300)))).toEqual(new Set(['done']));
    expect(ground.wechat.asked).toEqual([false, false, true]);
  });

  it('that is refused whatever it is costs a call two attempts, and WeChat one forced token and few questions', async () => {
    await checkAll(2);
    ground.wechat.onToken = ({ body }) => ({ access_token: body.force_refresh === true ? 'forced' : 'given', expires_in: 7_200 });
    ground.wechat.valid.clear();
    for (let round = 0; round < 5; round += 1) expect(new Set(outcomes(await checkAll(60)))).toEqual(new Set(['token']));
    expect(ground.wechat.asked.filter(Boolean).length).toBeLessThanOrEqual(1);
    expect(ground.wechat.asked.length).toBeLessThanOrEqual(9);
    expect(ground.wechat.host.to(CHECK_PATH).length).toBeLessThanOrEqual(2 + 600);
  });

  it('that another node got meanwhile is taken as it is', async () => {
    await checkAll(2);
    ground.wechat.revoke();
    await check(other);
    const asked = ground.wechat.asked.length;
    await check(one);
    expect(ground.wechat.asked).toHaveLength(asked);
  });

  it('is forced at most ten times a day, and 30 s apart', async () => {
    await check(one);
    ground.wechat.revoke(true);
    await ground.redis.set(`${redisKey()}:forced-today`, '10', 'PX', 60_000);
    expect(outcomes(await checkAll(20))).toEqual(Array(20).fill('token'));
    expect(ground.wechat.asked).not.toContain(true);
    await ground.redis.del(`${redisKey()}:forced-today`);
    const late = await ground.node();
    await expect(check(late)).rejects.toMatchObject({ kind: 'token' });
    await ground.redis.del(`${redisKey()}:forced`);
    await check(await ground.node());
    expect(ground.wechat.asked.filter(Boolean)).toHaveLength(1);
  });

  it('lies sealed in Redis, ends before WeChat ends it, and opens for this tenant, AppID and secret alone', async () => {
    await check(one);
    const sealed = await ground.redis.get(redisKey());
    expect(sealed).toMatch(/^v1\./);
    const everything = (await Promise.all((await ground.redis.keys('*')).map(async (key) => `${key} ${await ground.redis.get(key)}`))).join('\n');
    expect(everything).not.toMatch(/token-1|the-secret/);
    expect(await ground.redis.pttl(redisKey())).toBeLessThanOrEqual(6_900_000);
    expect(await ground.redis.pttl(redisKey())).toBeGreaterThan(6_800_000);
    for (const change of [{ tenantId: 'other' }, { appSecret: 'other' }, { appId: 'wxother' }]) {
      const app = { ...ground.callingApp, ...change };
      expect(await other.repository.find(app)).toBeUndefined();
      // Also when somebody copies it to the other's place.
      await ground.redis.set(nameOfApp(app), sealed ?? '');
      expect(await other.repository.find(app)).toBeUndefined();
    }
    expect(await other.repository.find(ground.callingApp)).toMatchObject({ value: 'token-1' });
  });

  it('is asked for anew with a new secret, and a damaged one is as good as none', async () => {
    await check(one);
    ground.app = { ...ground.app, appSecret: 'new-secret' };
    await check(one);
    expect(ground.wechat.host.to('/cgi-bin/stable_token').map(({ body }) => body.secret)).toEqual(['the-secret', 'new-secret']);
    await ground.redis.set(redisKey(), 'damaged');
    await check(other);
    expect(ground.wechat.asked).toHaveLength(3);
  });

  it('is had within seconds although a node died while it asked for it', async () => {
    await ground.redis.set(`${redisKey()}:lock`, 'the dead', 'PX', 60_000);
    const began = performance.now();
    await check(one);
    expect(performance.now() - began).toBeLessThan(6_000);
    expect(await ground.redis.get(`${redisKey()}:lock`)).toBe('the dead');
  });

  it('is had while Redis is away, and not forced then', async () => {
    for (const node of [one, other]) node.redis.disconnect();
    expect(new Set(outcomes(await checkAll(20)))).toEqual(new Set(['done']));
    expect(ground.wechat.asked).toEqual([false, false]);
    ground.wechat.revoke(true);
    expect(new Set(outcomes(await checkAll(20)))).toEqual(new Set(['token']));
    expect(ground.wechat.asked).not.toContain(true);
  });

  it('of a wrong secret is not asked for again and again', async () => {
    ground.wechat.onToken = () => ({ errcode: 40125, errmsg: 'invalid appsecret, rid: 1' });
    expect(new Set(outcomes(await checkAll(100)))).toEqual(new Set(['bad_credentials']));
    expect(new Set(outcomes(await checkAll(100)))).toEqual(new Set(['bad_credentials']));
    expect(ground.wechat.asked.length).toBeLessThanOrEqual(2);
  });

  it('comes for the others when one of them leaves', async () => {
    const control = new AbortController();
    const leaving = check(one, control.signal);
    const staying = check(one);
    ground.wechat.onToken = async () => {
      control.abort(new Error('the caller left'));
      return { access_token: 'token-1', expires_in: 7_200 };
    };
    await expect(leaving).rejects.toThrow('the caller left');
    expect(await staying).toMatchObject({ suggest: 'pass' });
    expect(ground.wechat.asked).toEqual([false]);
  });

  it('is none for a tenant without credentials, and nobody is asked', async () => {
    ground.app = { ...ground.app, appSecret: undefined };
    await expect(check(one)).rejects.toMatchObject({ kind: 'bad_credentials' });
    expect(ground.wechat.host.calls).toEqual([]);
  });
});
