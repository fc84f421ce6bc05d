import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Bench } from '../simulator.fixture.js';
import { AppServer } from './app-server.fixture.js';
import { seal, signatureOf, unseal } from './crypto.js';

const TOKEN = 'AAAAA';
const KEY = 'Q7m2xTz9KfLw4VbN8sHc1RyPgJ6dUeAo3ZiXt5WkM0C';
const GH = 'gh_0123456789ab';
let bench: Bench;
let app: AppServer;
let openid: string;

beforeEach(async () => {
  bench = await Bench.open();
  app = await AppServer.open();
  openid = await bench.user();
});
afterEach(async () => {
  await bench.close();
  await app.close();
});

async function settle(mode: 'plain' | 'compatible' | 'secure', more: Record<string, unknown> = {}): Promise<void> {
  expect(await bench.control('PUT', 'push', { appid: 'wx1', url: app.url, token: TOKEN, encodingAesKey: KEY, userName: GH, mode, ...more })).toMatchObject({ mode });
}

async function write(content = '你好', more: Record<string, unknown> = {}): Promise<{ msgId: string; deliveries: { message: { CreateTime: number } }[] }> {
  return bench.control('POST', 'messages', { appid: 'wx1', openid, content, ...more });
}

function signedBy(...more: string[]): string {
  const { query } = app.last;
  return signatureOf(TOKEN, query.get('timestamp') ?? '', query.get('nonce') ?? '', ...more);
}

function transfer(): string {
  return JSON.stringify({ ToUserName: openid, FromUserName: GH, CreateTime: 1_795_147_300, MsgType: 'transfer_customer_service' });
}

function sealedReply(content: string, appid = 'wx1'): string {
  const Encrypt = seal(content, KEY, appid);
  return JSON.stringify({ Encrypt, MsgSignature: signatureOf(TOKEN, '1795147300', '77', Encrypt), TimeStamp: 1_795_147_300, Nonce: '77' });
}

describe('the URL check', () => {
  it('asks for the echo and tells what came', async () => {
    await settle('secure');
    app.answer = ({ query }) => query.get('echostr') ?? '';
    expect(await bench.control('POST', 'push/check', { appid: 'wx1' })).toMatchObject({ echoed: true, status: 200 });
    expect(app.last.method).toBe('GET');
    expect(app.last.query.get('signature')).toBe(signedBy());
    expect(app.last.query.get('a')).toBe('b');
    app.answer = () => 'success';
    expect(await bench.control('POST', 'push/check', { appid: 'wx1', variant: 'bad_signature' })).toMatchObject({ echoed: false, body: 'success' });
    expect(app.last.query.get('signature')).not.toBe(signedBy());
  });
});

describe('a pushed message', () => {
  it('is bare in plain mode, with all digits of its id', async () => {
    await settle('plain');
    const { msgId, deliveries } = await write();
    expect(deliveries).toMatchObject([{ outcome: 'accepted', attempts: [{ status: 200, reply: { kind: 'success' } }] }]);
    expect(app.last.contentType).toBe('application/json');
    expect(app.last.query.get('signature')).toBe(signedBy());
    expect(app.last.query.get('openid')).toBe(openid);
    expect(app.last.query.has('msg_signature')).toBe(false);
    expect(JSON.parse(app.last.body)).toMatchObject({ ToUserName: GH, FromUserName: openid, MsgType: 'text', Content: '你好', CreateTime: expect.any(Number) });
    expect(app.last.body).toContain(`"MsgId":${msgId}`);
    expect(BigInt(msgId) > BigInt(Number.MAX_SAFE_INTEGER)).toBe(true);
  });

  it('is sealed in secure mode', async () => {
    await settle('secure');
    await write();
    const { ToUserName, Encrypt, ...others } = JSON.parse(app.last.body);
    expect([ToUserName, others]).toEqual([GH, {}]);
    expect(app.last.query.get('encrypt_type')).toBe('aes');
    expect(app.last.query.get('signature')).toBe(signedBy());
    expect(app.last.query.get('msg_signature')).toBe(signedBy(Encrypt as string));
    const { message, appid } = unseal(Encrypt as string, KEY);
    expect(appid).toBe('wx1');
    expect(JSON.parse(message)).toMatchObject({ FromUserName: openid, Content: '你好' });
  });

  it('is both in compatible mode', async () => {
    await settle('compatible');
    await write();
    const { Encrypt, ...bare } = JSON.parse(app.last.body);
    expect(bare).toMatchObject({ Content: '你好' });
    expect(JSON.parse(unseal(Encrypt as string, KEY).message)).toEqual(bare);
  });

  it('is XML where the app asks for it', async () => {
    await settle('plain', { format: 'xml' });
    await write('a]]>b<c>');
    expect(app.last.contentType).toBe('text/xml');
    expect(app.last.body).toMatch(/^<xml><ToUserName><!\[CDATA\[gh_0123456789ab\]\]><\/ToUserName>.*<CreateTime>\d{10}<\/CreateTime>/u);
    expect(app.last.body).toContain('<Content><![CDATA[a]]]]><![CDATA[>b<c>]]></Content>');
    await settle('secure', { format: 'xml' });
    await write();
    const sealed = /^<xml><ToUserName><!\[CDATA\[gh_0123456789ab\]\]><\/ToUserName><Encrypt><!\[CDATA\[(.+)\]\]><\/Encrypt><\/xml>$/u.exec(app.last.body)?.[1];
    expect(unseal(sealed ?? '', KEY).message).toMatch(/^<xml>.*<MsgType><!\[CDATA\[text\]\]>/u);
  });

  it('may be a picture or a page, and an event of any name', async () => {
    await settle('plain');
    await write(undefined, { type: 'image', picUrl: 'http://p', mediaId: 'm' });
    expect(JSON.parse(app.last.body)).toMatchObject({ MsgType: 'image', PicUrl: 'http://p', MediaId: 'm' });
    await bench.control('POST', 'sessions', { appid: 'wx1', openid, sessionFrom: 'chat' });
    expect(JSON.parse(app.last.body)).toMatchObject({ MsgType: 'event', Event: 'user_enter_tempsession', SessionFrom: 'chat' });
    await bench.control('POST', 'events', { appid: 'wx1', openid, event: 'xpay_goods_deliver_notify', fields: { OutTradeNo: '1' } });
    expect(JSON.parse(app.last.body)).toMatchObject({ Event: 'xpay_goods_deliver_notify', OutTradeNo: '1' });
    expect(await write(undefined, { type: 'video' })).toHaveProperty('error');
  });

  it('is sent three times in all while no 200 comes in time', async () => {
    await settle('plain', { answerMs: 50 });
    app.answer = (_, response) => {
      if (app.got.length === 1) return undefined;
      response.writeHead(app.got.length === 2 ? 500 : 200);
      return '';
    };
    const { deliveries } = await write();
    expect(deliveries).toMatchObject([{ outcome: 'accepted', attempts: [{ status: 0 }, { status: 500 }, { status: 200, reply: { kind: 'empty' } }] }]);
    expect(new Set(app.got.map(({ body }) => body)).size).toBe(1);
    expect(new Set(app.got.map(({ query }) => query.get('nonce'))).size).toBe(3);
    app.answer = () => undefined;
    expect(await write()).toMatchObject({ deliveries: [{ outcome: 'unanswered', attempts: [{}, {}, {}] }] });
    expect(app.got).toHaveLength(6);
  });

  it('comes twice when a test says so, at once or again by its id', async () => {
    await settle('plain');
    const { msgId, deliveries } = await write('x', { times: 3, parallel: true });
    expect(deliveries).toHaveLength(3);
    await write('x', { msgId, createTime: deliveries[0]?.message.CreateTime });
    expect(new Set(app.got.map(({ body }) => body)).size).toBe(1);
  });

  it.each(['bad_signature', 'bad_msg_signature', 'no_signature', 'wrong_appid', 'stale_timestamp', 'tampered', 'unencrypted'])('can be forged: %s', async (variant) => {
    await settle('secure');
    expect(await write('x', { variant })).toMatchObject({ deliveries: [{ variant, attempts: [{ status: 200 }] }] });
    const { query, body } = app.last;
    const { Encrypt } = JSON.parse(body) as { Encrypt?: string };
    const seemsRight = {
      signature: query.get('signature') === signedBy(),
      msgSignature: Encrypt !== undefined && query.get('msg_signature') === signedBy(Encrypt),
      fresh: Math.abs(Date.now() / 1000 - Number(query.get('timestamp'))) < 60,
      appid: variant === 'tampered' || Encrypt === undefined || unseal(Encrypt, KEY).appid === 'wx1',
    };
    const wrong = { bad_signature: ['signature', 'msgSignature'], bad_msg_signature: ['msgSignature'], no_signature: ['signature', 'msgSignature'], wrong_appid: ['appid'], stale_timestamp: ['fresh'], tampered: ['msgSignature'], unencrypted: ['msgSignature'] }[variant];
    expect(Object.entries(seemsRight).filter(([, right]) => !right).map(([name]) => name)).toEqual(wrong);
    expect(await bench.control('GET', `received?appid=wx1&openid=${openid}`)).toMatchObject({ answersLeft: 0 });
    await settle('plain');
    expect(await write('x', { variant: 'tampered' })).toHaveProperty('error');
  });

  it('is tried once when it is forged, whatever it is answered', async () => {
    await settle('plain');
    app.answer = (_, response) => {
      response.writeHead(403);
      return '';
    };
    expect(await write('x', { variant: 'bad_signature' })).toMatchObject({ deliveries: [{ outcome: 'unanswered', attempts: [{ status: 403 }] }] });
    expect(app.got).toHaveLength(1);
  });

  it('goes nowhere without settings', async () => {
    expect(await write()).toMatchObject({ deliveries: [{ outcome: 'no_address' }] });
    for (const bad of [{ mode: 'open' }, { url: 'ftp://x' }, { token: '!' }, { mode: 'secure', encodingAesKey: 'short' }]) {
      expect(await bench.control('PUT', 'push', { appid: 'wx1', url: app.url, token: TOKEN, ...bad })).toHaveProperty('error');
    }
  });

  it('can be awaited by whoever did not cause it', async () => {
    await settle('plain');
    const waiting = bench.control('GET', `pushes?appid=wx1&type=text&openid=${openid}&atLeast=1`);
    expect(await write('x', { wait: false })).toEqual({ msgId: expect.any(String) });
    expect(await waiting).toMatchObject({ pushes: [{ outcome: 'accepted', message: { Content: 'x' } }] });
  });
});

describe('the hand-over to a human', () => {
  it('is read in plain and in sealed form, and ends the pushes until it is closed', async () => {
    for (const [mode, reply] of [['plain', transfer()], ['compatible', transfer()], ['secure', sealedReply(transfer())]] as const) {
      await settle(mode);
      app.answer = () => reply;
      expect(await write()).toMatchObject({ deliveries: [{ outcome: 'transferred', attempts: [{ reply: { kind: 'transfer', encrypted: mode === 'secure' } }] }] });
      const before = app.got.length;
      expect(await write()).toMatchObject({ deliveries: [{ outcome: 'human', attempts: [] }] });
      expect(app.got).toHaveLength(before);
      expect(await bench.control('DELETE', `human?appid=wx1&openid=${openid}`)).toEqual({ closed: true });
    }
  });

  it('ends by itself after half an hour', async () => {
    await settle('plain');
    app.answer = () => transfer();
    await write();
    await bench.control('PUT', 'clock', { advanceMs: 30 * 60_000 });
    expect(await bench.control('GET', `human?appid=wx1&openid=${openid}`)).toEqual({ open: false });
    expect(await write()).toMatchObject({ deliveries: [{ outcome: 'transferred' }] });
  });

  it('is read as XML, too', async () => {
    await settle('plain', { format: 'xml' });
    app.answer = () => `<xml><ToUserName><![CDATA[${openid}]]></ToUserName><FromUserName><![CDATA[${GH}]]></FromUserName><CreateTime>1795147300</CreateTime><MsgType><![CDATA[transfer_customer_service]]></MsgType></xml>`;
    expect(await write()).toMatchObject({ deliveries: [{ outcome: 'transferred' }] });
    app.answer = () => transfer();
    await bench.control('DELETE', `human?appid=wx1&openid=${openid}`);
    expect(await write()).toMatchObject({ deliveries: [{ outcome: 'invalid' }] });
  });

  it.each([
    ['plain', (): string => 'ok'],
    ['plain', (): string => transfer().replace(openid, 'o-other')],
    ['plain', () => transfer().replace(GH, 'gh_other')],
    ['plain', () => transfer().replace('transfer_customer_service', 'text')],
    ['plain', () => sealedReply(transfer())],
    ['secure', () => transfer()],
    ['secure', () => sealedReply(transfer(), 'wx2')],
    ['secure', () => sealedReply(transfer()).replace('"77"', '"78"')],
    ['secure', () => sealedReply('success')],
    ['secure', () => sealedReply(transfer()).replace(/"Encrypt":"..../u, '"Encrypt":"AAAA')],
  ] as readonly ['plain' | 'secure', () => string][])('in %s mode does not come about by %s', async (mode, reply) => {
    await settle(mode);
    app.answer = reply;
    expect(await write()).toMatchObject({ deliveries: [{ outcome: 'invalid', attempts: [{ reply: { reason: expect.any(String) } }] }] });
    expect(await bench.control('GET', `human?appid=wx1&openid=${openid}`)).toEqual({ open: false });
  });

  it('is not for events', async () => {
    await settle('plain');
    app.answer = () => transfer();
    expect(await bench.control('POST', 'sessions', { appid: 'wx1', openid })).toMatchObject({ deliveries: [{ outcome: 'invalid' }] });
  });
});
