import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Bench } from './simulator.fixture.js';

const PATH = '/wxa/msg_sec_check';
const TRACE = /^[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$/u;
const HOUR = 3_600_000;
let bench: Bench;
let openid: string;

beforeEach(async () => {
  bench = await Bench.open();
  openid = await bench.user();
});
afterEach(() => bench.close());

async function check(content: unknown, more: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
  return (await bench.call(PATH, { content, version: 2, scene: 2, openid, ...more })) as Record<string, unknown>;
}

describe('msg_sec_check', () => {
  it('passes an innocent text', async () => {
    expect(await check('今天天气很好')).toEqual({
      errcode: 0, errmsg: 'ok', result: { suggest: 'pass', label: 100 }, trace_id: expect.stringMatching(TRACE),
      detail: [{ strategy: 'content_model', errcode: 0, suggest: 'pass', label: 100, prob: 90 }],
    });
  });

  it('judges by words that anybody can type', async () => {
    expect(await check('来一段色情测试吧')).toMatchObject({
      result: { suggest: 'risky', label: 20002 },
      detail: [{ strategy: 'content_model', suggest: 'pass' }, { strategy: 'keyword', errcode: 0, suggest: 'risky', label: 20002, level: 90, keyword: '色情测试' }],
    });
    expect(await check('人工复核测试')).toMatchObject({ result: { suggest: 'review', label: 21000 }, detail: [{ strategy: 'content_model', prob: 60 }] });
    expect(await check('你好', { nickname: '广告测试' })).toMatchObject({ result: { suggest: 'risky', label: 10001 } });
  });

  it('takes a table for one app, where a failed strategy does not count', async () => {
    await bench.control('PUT', 'words', { appid: 'wx1', words: [{ keyword: '坏', label: 20006, level: 20 }, { keyword: '天', label: 20001, errcode: 300, strategy: 'content_model' }] });
    expect(await check('天')).toMatchObject({ result: { suggest: 'pass', label: 100 }, detail: [{ errcode: 300, suggest: 'risky' }] });
    expect(await check('色情测试, 坏')).toMatchObject({ result: { suggest: 'risky', label: 20006 } });
    await bench.control('DELETE', 'words?appid=wx1');
    expect(await check('色情测试')).toMatchObject({ result: { label: 20002 } });
    for (const word of [{ keyword: '' }, { keyword: 'x', label: 5 }, { keyword: 'x', suggest: 'block' }, { word: 'x' }]) expect(await bench.control('PUT', 'words', { words: [word] })).toHaveProperty('error');
  });

  it.each([
    ['', {}, 44002],
    [undefined, {}, 44002],
    [7, {}, 47001],
    ['长'.repeat(2_501), {}, 45002],
    ['x', { version: 1 }, 40097],
    ['x', { scene: 0 }, 40129],
    ['x', { scene: 5 }, 40129],
    ['x', { openid: undefined }, 40003],
    ['x', { openid: 'nobody' }, 40003],
    ['x', { openid: `o${'a'.repeat(27)}` }, 61010],
  ])('refuses %j with %j by %i', async (content, more, errcode) => {
    expect(await check(content, more)).toMatchObject({ errcode, errmsg: expect.stringMatching(/, rid: /u) });
  });

  it('counts characters, not code units', async () => {
    expect(await check('😀'.repeat(2_500))).toMatchObject({ errcode: 0 });
  });

  it('refuses another method, no JSON, and a user of another app', async () => {
    const get = await fetch(`${bench.url}${PATH}?access_token=x`);
    expect(get.headers.get('x-simulator')).toBe('bailiao-wechat-simulator');
    expect(await get.json()).toMatchObject({ errcode: 43302 });
    expect(await bench.call(PATH, '{')).toMatchObject({ errcode: 47001 });
    await bench.control('POST', 'apps', { appid: 'wx2', secret: 's' });
    expect(await check('x', { openid: await bench.user('lan', 'wx2') })).toMatchObject({ errcode: 43104 });
  });

  it('does not know who was away for two hours, until they come back', async () => {
    await bench.control('POST', 'openids', { appid: 'wx1', openid, seenMsAgo: 2 * HOUR - 60_000 });
    expect(await check('x')).toMatchObject({ errcode: 0 });
    await bench.control('PUT', 'clock', { advanceMs: 60_000 });
    expect(await check('x')).toMatchObject({ errcode: 61010 });
    await bench.user();
    expect(await check('x')).toMatchObject({ errcode: 0 });
    await bench.control('POST', 'openids', { appid: 'wx1', openid, forget: true });
    expect(await check('x')).toMatchObject({ errcode: 61010 });
    await bench.control('POST', 'apps', { appid: 'wx1', secret: 's', alwaysPresent: true });
    expect(await check('x')).toMatchObject({ errcode: 0 });
  });

  it('has a limit for the minute and one for the day, each as a test sets it', async () => {
    expect((await bench.control('GET', 'limits?appid=wx1'))[PATH]).toMatchObject({ perMinute: 4_000, perDay: 2_000_000, minute: 0 });
    await bench.control('PUT', 'limits', { path: PATH, appid: 'wx1', perMinute: 2, perDay: 3 });
    const codes = async (): Promise<unknown[]> => [(await check('x'))['errcode'], (await check('x'))['errcode'], (await check('x'))['errcode']];
    expect(await codes()).toEqual([0, 0, 44991]);
    await bench.control('PUT', 'clock', { advanceMs: 60_000 });
    expect(await codes()).toEqual([0, 45009, 45009]);
    await bench.control('DELETE', 'limits');
    expect(await codes()).toEqual([0, 0, 0]);
    expect(await bench.control('PUT', 'limits', { path: '/x' })).toHaveProperty('error');
  });

  it('fails as scripted, also after its work, and tells what was asked', async () => {
    await bench.control('PUT', 'script', { next: [{ path: PATH, errcode: -1 }, { path: PATH, reset: true, after: true }, { path: PATH, reset: true }] });
    expect(await check('甲')).toMatchObject({ errcode: -1 });
    await expect(check('乙')).rejects.toThrow('fetch failed');
    await expect(check('丙')).rejects.toThrow('fetch failed');
    const called = await bench.control('GET', `calls?appid=wx1&path=${PATH}&atLeast=2`);
    expect(called).toMatchObject({ calls: 2, errors: { '-1': 1, '0': 1 }, last: [{ errcode: -1, asked: { content: '甲', openid } }, { errcode: 0, asked: { content: '乙' } }] });
  });

  it('fails for one app alone', async () => {
    await bench.control('POST', 'apps', { appid: 'wx2', secret: 's' });
    await bench.control('PUT', 'script', { default: { path: PATH, appid: 'wx2', errcode: 45009 } });
    const other = await bench.call(PATH, { content: 'x', version: 2, scene: 1, openid: await bench.user('lan', 'wx2') }, await bench.freshToken('wx2'));
    expect([other.errcode, (await check('x'))['errcode']]).toEqual([45009, 0]);
  });

  it('lets a test wait for a call, and tells when none comes', async () => {
    const waiting = bench.control('GET', `calls?appid=wx1&path=${PATH}&atLeast=1`);
    await check('x');
    expect(await waiting).toMatchObject({ calls: 1 });
    const late = await fetch(`${bench.url}/control/calls?appid=wx1&path=${PATH}&atLeast=2&timeoutMs=1`);
    expect(late.status).toBe(408);
  });
});
