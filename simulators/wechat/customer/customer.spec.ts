import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Bench } from '../simulator.fixture.js';

const HOUR = 3_600_000;
let bench: Bench;
let openid: string;

beforeEach(async () => {
  bench = await Bench.open();
  openid = await bench.user();
});
afterEach(() => bench.close());

async function send(body: Record<string, unknown> = { msgtype: 'text', text: { content: '您好' } }): Promise<number> {
  return (await bench.call('/cgi-bin/message/custom/send', { touser: openid, ...body })).errcode as number;
}

async function type(command = 'Typing'): Promise<number> {
  return (await bench.call('/cgi-bin/message/custom/typing', { touser: openid, command })).errcode as number;
}

async function act(what: 'messages' | 'sessions'): Promise<void> {
  expect(await bench.control('POST', what, { appid: 'wx1', openid, ...(what === 'messages' ? { content: '有人吗' } : {}) })).toHaveProperty('deliveries');
}

async function sendUntilRefused(): Promise<{ sent: number; errcode: number }> {
  for (let sent = 0; ; sent += 1) {
    const errcode = await send();
    if (errcode !== 0 || sent > 20) return { sent, errcode };
  }
}

async function received(more = ''): Promise<{ messages: unknown[] }> {
  return bench.control('GET', `received?appid=wx1&openid=${openid}${more}`);
}

describe('customer messages', () => {
  it('reach a user who wrote five times within 48 hours, and again five after their next message', async () => {
    expect(await send()).toBe(45015);
    await act('messages');
    expect(await sendUntilRefused()).toEqual({ sent: 5, errcode: 45047 });
    await act('messages');
    expect(await send()).toBe(0);
    await act('messages');
    expect(await received()).toMatchObject({ answersLeft: 5, human: false });
    await bench.control('PUT', 'clock', { advanceMs: 48 * HOUR });
    expect(await sendUntilRefused()).toEqual({ sent: 0, errcode: 45015 });
    expect((await received()).messages).toHaveLength(6);
  });

  it('reach a user who entered the session twice within a minute, on top of those for a message', async () => {
    await act('sessions');
    expect(await sendUntilRefused()).toEqual({ sent: 2, errcode: 45047 });
    await bench.control('PUT', 'clock', { advanceMs: 60_000 });
    expect(await send()).toBe(45015);
    await act('messages');
    await act('sessions');
    expect([await send(), await send()]).toEqual([0, 0]);
    await bench.control('PUT', 'clock', { advanceMs: 60_000 });
    expect(await sendUntilRefused()).toEqual({ sent: 5, errcode: 45047 });
  });

  it('come in four kinds, and a test sees and awaits them', async () => {
    await act('messages');
    const waiting = received('&atLeast=4');
    const link = { title: 't', description: 'd', url: 'https://x', thumb_url: 'https://y' };
    expect(await send()).toBe(0);
    expect(await send({ msgtype: 'image', image: { media_id: 'm' } })).toBe(0);
    expect(await send({ msgtype: 'link', link })).toBe(0);
    expect(await send({ msgtype: 'miniprogrampage', miniprogrampage: { title: 't', pagepath: 'p', thumb_media_id: 'm' } })).toBe(0);
    expect((await waiting).messages).toMatchObject([{ msgtype: 'text', content: { content: '您好' } }, { msgtype: 'image' }, { msgtype: 'link', content: link }, { msgtype: 'miniprogrampage' }]);
  });

  it.each([
    [40003, { touser: 'nobody' }],
    [40008, { msgtype: 'voice', voice: {} }],
    [47001, { msgtype: 'text' }],
    [44004, { msgtype: 'text', text: { content: '' } }],
    [45002, { msgtype: 'text', text: { content: '长'.repeat(683) } }],
    [40007, { msgtype: 'image', image: {} }],
    [40097, { msgtype: 'link', link: { title: 't' } }],
    [40007, { msgtype: 'miniprogrampage', miniprogrampage: { title: 't', pagepath: 'p' } }],
  ])('are refused by %i and cost no answer', async (errcode, body) => {
    await act('messages');
    expect(await send(body)).toBe(errcode);
    expect(await received()).toMatchObject({ answersLeft: 5, messages: [] });
  });

  it('find no window any more when a test ends them', async () => {
    await act('messages');
    await act('sessions');
    expect(await bench.control('DELETE', `windows?appid=wx1&openid=${openid}`)).toEqual({ answersLeft: 0 });
    expect(await send()).toBe(45015);
  });

  it('may reach the user although the answer is lost', async () => {
    await act('messages');
    await bench.control('PUT', 'script', { next: [{ path: '/cgi-bin/message', reset: true, after: true }] });
    await expect(send()).rejects.toThrow('fetch failed');
    expect((await received()).messages).toHaveLength(1);
  });
});

describe('typing', () => {
  it('is shown for a while to who was there in the last 30 seconds', async () => {
    expect(await type()).toBe(45080);
    await act('messages');
    expect([await type('typing'), await type(), await type()]).toEqual([45072, 0, 45081]);
    expect(await received()).toMatchObject({ typing: true });
    expect([await type('CancelTyping'), await type()]).toEqual([0, 0]);
    await send();
    expect(await received()).toMatchObject({ typing: false });
    await bench.control('PUT', 'clock', { advanceMs: 30_001 });
    expect([await type(), await type('CancelTyping')]).toEqual([45080, 0]);
  });
});
