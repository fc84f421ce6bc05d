import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppServer } from './push/app-server.fixture.js';
import { Bench } from './simulator.fixture.js';

const PATH = '/wxa/media_check_async';
let bench: Bench;
let app: AppServer;
let openid: string;

beforeEach(async () => {
  bench = await Bench.open();
  app = await AppServer.open();
  openid = await bench.user();
  await bench.pushTo(app);
  await bench.control('PUT', 'media', { appid: 'wx1', delayMs: 0 });
});
afterEach(async () => {
  await bench.close();
  await app.close();
});

async function check(url: unknown, more: Record<string, unknown> = {}): Promise<{ errcode: number; trace_id?: string }> {
  return bench.call(PATH, { media_url: url, media_type: 2, version: 2, scene: 1, openid, ...more });
}

async function pushed(atLeast: number): Promise<unknown[]> {
  const { pushes } = await bench.control('GET', `pushes?appid=wx1&type=wxa_media_check&atLeast=${atLeast}`);
  return pushes.map(({ message }: { message: unknown }) => message);
}

describe('media_check_async', () => {
  it('names the check now and pushes its verdict later', async () => {
    const { trace_id: traceId, ...answer } = await check('https://cdn.example/clean.png');
    expect(answer).toEqual({ errcode: 0, errmsg: 'ok' });
    expect(await pushed(1)).toMatchObject([
      { MsgType: 'event', Event: 'wxa_media_check', FromUserName: openid, appid: 'wx1', trace_id: traceId, version: 2, errcode: 0, errmsg: 'ok', result: { suggest: 'pass', label: 100 }, detail: [{ strategy: 'content_model', errcode: 0, suggest: 'pass', label: 100 }] },
    ]);
    expect(JSON.parse(app.last.body)).toMatchObject({ trace_id: traceId });
  });

  it('judges by words in the address, may fail, and may say nothing', async () => {
    const { trace_id: silent } = await check('https://cdn.example/never-pushed.png');
    for (const [name, count] of [['risky', 1], ['review', 2], ['unreachable', 3]] as const) {
      await check(`https://cdn.example/${name}.png`);
      await pushed(count);
    }
    expect(await pushed(3)).toMatchObject([{ result: { suggest: 'risky', label: 20002 } }, { result: { suggest: 'review', label: 21000 } }, { errcode: -1008, detail: [] }]);
    expect(await bench.control('POST', 'media/verdict', { trace_id: silent, suggest: 'risky', label: 20001 })).toMatchObject({ outcome: 'accepted', message: { trace_id: silent, result: { suggest: 'risky', label: 20001 } } });
    expect(await bench.control('POST', 'media/verdict', { trace_id: 'x' })).toHaveProperty('error');
  });

  it('takes the rules of a test', async () => {
    await bench.control('PUT', 'media', { appid: 'wx1', delayMs: 0, rules: [{ keyword: '坏', suggest: 'risky', label: 20006 }] });
    await check(`https://cdn.example/${encodeURIComponent('坏')}.png`);
    expect(await pushed(1)).toMatchObject([{ result: { label: 20006 } }]);
    for (const bad of [{ delayMs: -1 }, { rules: [{ suggest: 'risky' }] }, { rules: [{ keyword: 'x', labels: 1 }] }]) expect(await bench.control('PUT', 'media', { appid: 'wx1', ...bad })).toHaveProperty('error');
  });

  it('writes nested fields as XML', async () => {
    await bench.pushTo(app, { format: 'xml' });
    await check('https://cdn.example/risky.png');
    await pushed(1);
    expect(app.last.body).toContain('<result><suggest><![CDATA[risky]]></suggest><label>20002</label></result><detail><strategy><![CDATA[content_model]]></strategy>');
  });

  it.each([
    [undefined, {}, 44002],
    ['ftp://x', {}, 40097],
    ['https://x', { media_type: 3 }, 40097],
    ['https://x', { version: 1 }, 40097],
    ['https://x', { scene: 9 }, 40129],
    ['https://x', { openid: 'nobody' }, 40003],
    ['https://x', { openid: `o${'a'.repeat(27)}` }, 61010],
  ])('refuses %j with %j by %i', async (url, more, errcode) => {
    expect(await check(url, more)).toMatchObject({ errcode });
  });

  it('has limits of its own', async () => {
    await bench.control('PUT', 'limits', { path: PATH, perMinute: 1 });
    expect([(await check('https://x')).errcode, (await check('https://x')).errcode]).toEqual([0, 44991]);
  });
});
