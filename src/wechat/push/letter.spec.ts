import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VECTORS } from '../../../test/kit/wechat-vectors.js';
import { decrypt } from './decrypt.js';
import { encrypt } from './encrypt.js';
import { answerUrlCheck, openLetter, transferToPerson } from './letter.js';
import { PushRefused, type PushFault, type PushSettings } from './push-settings.js';
import { signatureOf } from './signature.js';

const V = VECTORS.message_push;
const SECURE: PushSettings = { appId: V.appid, token: V.token, aesKey: V.encoding_aes_key };
const PLAIN: PushSettings = { ...SECURE, aesKey: undefined };
const NOW = new Date(parseInt(V.timestamp, 10) * 1000);
const QUERY = { signature: V.signature, timestamp: V.timestamp, nonce: V.nonce, openid: 'oTESTaBcDeFgHiJkLmNoPqRsTuVw', encrypt_type: 'aes', msg_signature: V.msg_signature };
const TEXT = '{"ToUserName":"gh_1","FromUserName":"o-1","CreateTime":1795147300,"MsgType":"text","Content":"你好","MsgId":24168083000000001}';

function faultOf(work: () => unknown): PushFault {
  try {
    work();
  } catch (error) {
    if (error instanceof PushRefused) return error.fault;
    throw error;
  }
  throw new Error('it was taken');
}

/** A letter of the secure mode as WeChat makes it. */
function sealed(plain: string, settings: PushSettings = SECURE, appId = settings.appId): { query: Record<string, string>; body: Buffer } {
  const Encrypt = encrypt(settings.aesKey ?? '', appId, Buffer.from(plain));
  const msgSignature = signatureOf([settings.token, V.timestamp, V.nonce, Encrypt]);
  return { query: { ...QUERY, msg_signature: msgSignature }, body: Buffer.from(JSON.stringify({ ToUserName: 'gh_1', Encrypt })) };
}

describe('the check of the address', () => {
  const query = { signature: V.signature, timestamp: V.timestamp, nonce: V.nonce, echostr: '4375120948345356249' };

  it('is answered with what it brings', () => {
    expect(answerUrlCheck(SECURE, query, NOW)).toBe('4375120948345356249');
  });

  it.each<[string, Record<string, unknown>, PushFault]>([
    ['another signature', { signature: `e${V.signature.slice(1)}` }, 'signature'],
    ['a signature in capitals', { signature: V.signature.toUpperCase() }, 'query'],
    ['no signature', { signature: undefined }, 'query'],
    ['an empty signature', { signature: '' }, 'query'],
    ['two signatures', { signature: [V.signature, V.signature] }, 'query'],
    ['another time', { timestamp: '1714036505' }, 'signature'],
    ['another nonce', { nonce: '1514711493' }, 'signature'],
    ['no echostr', { echostr: undefined }, 'query'],
    ['an echostr with markup of two lines', { echostr: 'a\r\nb' }, 'query'],
  ])('with %s is refused', (_, change, fault) => {
    expect(faultOf(() => answerUrlCheck(SECURE, { ...query, ...change }, NOW))).toBe(fault);
  });

  it('is refused from more than five minutes away', () => {
    for (const seconds of [-301, 301, 86_400]) expect(faultOf(() => answerUrlCheck(SECURE, query, new Date(NOW.getTime() + seconds * 1000)))).toBe('timestamp');
    for (const seconds of [-300, 300]) expect(answerUrlCheck(SECURE, query, new Date(NOW.getTime() + seconds * 1000))).toBe(query.echostr);
  });

  it('is refused for another token', () => {
    expect(faultOf(() => answerUrlCheck({ ...SECURE, token: 'AAAAB' }, query, NOW))).toBe('signature');
  });
});

describe('a letter of the secure mode', () => {
  it('opens as the vector says', () => {
    expect(decrypt(V.encoding_aes_key, V.appid, V.Encrypt).toString()).toBe(V.plaintext);
    expect(encrypt(V.encoding_aes_key, V.appid, Buffer.from(V.plaintext), Buffer.from(V.random16_utf8))).toBe(V.Encrypt);
    expect(openLetter(SECURE, QUERY, Buffer.from(V.body), NOW)).toMatchObject({ format: 'json', mode: 'secure', message: { kind: 'enter_session', openid: 'oTESTaBcDeFgHiJkLmNoPqRsTuVw', account: 'gh_0123456789ab', createdAt: 1795147300, sessionFrom: 'chat' } });
  });

  it('is refused with any bit of its ciphertext flipped', () => {
    const bytes = Buffer.from(V.Encrypt, 'base64');
    for (let at = 0; at < bytes.length * 8; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at >> 3] = (changed[at >> 3] ?? 0) ^ (1 << (at & 7));
      const body = Buffer.from(JSON.stringify({ ToUserName: 'gh_1', Encrypt: changed.toString('base64') }));
      expect(faultOf(() => openLetter(SECURE, QUERY, body, NOW))).toBe('signature');
    }
  });

  it.each<[string, Record<string, unknown>, PushFault]>([
    ['another msg_signature', { msg_signature: `f${V.msg_signature.slice(1)}` }, 'signature'],
    ['the signature of the query in its place', { msg_signature: V.signature }, 'signature'],
    ['no msg_signature', { msg_signature: undefined }, 'query'],
    ['another time', { timestamp: '1714036503' }, 'signature'],
    ['another nonce', { nonce: '1' }, 'signature'],
    ['no time', { timestamp: undefined }, 'query'],
    ['a time that is no number', { timestamp: '1714036504x' }, 'query'],
    ['no nonce', { nonce: undefined }, 'query'],
    ['another way to encrypt', { encrypt_type: 'raw' }, 'plain'],
    ['no way to encrypt', { encrypt_type: undefined }, 'plain'],
  ])('with %s is refused', (_, change, fault) => {
    expect(faultOf(() => openLetter(SECURE, { ...QUERY, ...change }, Buffer.from(V.body), NOW))).toBe(fault);
  });

  it('of another app, under another token or key, or from another time, is refused', () => {
    const { query, body } = sealed(TEXT, SECURE, 'wx0123456789abcdee');
    expect(faultOf(() => openLetter(SECURE, query, body, NOW))).toBe('decrypt');
    const longer = sealed(TEXT, SECURE, `${V.appid}x`);
    expect(faultOf(() => openLetter(SECURE, longer.query, longer.body, NOW))).toBe('decrypt');
    expect(faultOf(() => openLetter({ ...SECURE, token: 'other' }, QUERY, Buffer.from(V.body), NOW))).toBe('signature');
    expect(faultOf(() => openLetter({ ...SECURE, aesKey: `A${V.encoding_aes_key.slice(1)}` }, QUERY, Buffer.from(V.body), NOW))).toBe('decrypt');
    expect(faultOf(() => openLetter(SECURE, QUERY, Buffer.from(V.body), new Date(NOW.getTime() + 301_000)))).toBe('timestamp');
  });

  it('is never taken in clear: there, the signature would not cover what it says', () => {
    const query = { signature: V.signature, timestamp: V.timestamp, nonce: V.nonce };
    expect(faultOf(() => openLetter(SECURE, query, Buffer.from(TEXT), NOW))).toBe('plain');
    expect(faultOf(() => openLetter(SECURE, QUERY, Buffer.from(TEXT), NOW))).toBe('body');
  });

  it('of the mode that sends both is read from its ciphertext', () => {
    const { query, body } = sealed(TEXT);
    const both = { ...(JSON.parse(body.toString()) as object), FromUserName: 'o-forged', MsgType: 'text', Content: 'forged', MsgId: 1, CreateTime: 1 };
    expect(openLetter(SECURE, query, Buffer.from(JSON.stringify(both)), NOW).message).toMatchObject({ openid: 'o-1', content: { type: 'text', text: '你好' } });
  });

  it.each(['', 'A', 'AAAA', '!!!!', Buffer.alloc(31).toString('base64'), Buffer.alloc(32).toString('base64'), Buffer.alloc(64, 7).toString('base64')])('with the ciphertext %j under a right signature is refused', (Encrypt) => {
    const query = { ...QUERY, msg_signature: signatureOf([V.token, V.timestamp, V.nonce, Encrypt]) };
    expect(['decrypt', 'body']).toContain(faultOf(() => openLetter(SECURE, query, Buffer.from(JSON.stringify({ Encrypt })), NOW)));
  });

  it('round-trips any text, padded by 1 to 32 bytes', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      fc.pre(text.isWellFormed());
      const ciphertext = encrypt(V.encoding_aes_key, V.appid, Buffer.from(text));
      expect(Buffer.from(ciphertext, 'base64').length % 32).toBe(0);
      expect(decrypt(V.encoding_aes_key, V.appid, ciphertext).toString()).toBe(text);
    }));
  });
});

describe('a letter of the plain mode', () => {
  const query = { signature: V.signature, timestamp: V.timestamp, nonce: V.nonce, openid: 'o-1' };

  it('is read as it is, in JSON and in XML', () => {
    const xml = '<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[o-1]]></FromUserName><CreateTime>1795147300</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[你好]]></Content><MsgId>24168083000000001</MsgId></xml>';
    const [fromJson, fromXml] = [openLetter(PLAIN, query, Buffer.from(TEXT), NOW), openLetter(PLAIN, query, Buffer.from(xml), NOW)];
    expect([fromJson.format, fromXml.format, fromJson.mode]).toEqual(['json', 'xml', 'plain']);
    expect(fromXml.message).toEqual(fromJson.message);
    expect(fromJson.message.key).toBe('message:24168083000000001');
  });

  it.each<[string, Buffer]>([
    ['nothing', Buffer.alloc(0)],
    ['more than a letter has', Buffer.alloc(65 * 1024, 0x20)],
    ['no UTF-8', Buffer.from([0x7b, 0xff, 0x7d])],
    ['no JSON', Buffer.from('{')],
    ['a list', Buffer.from('[]')],
    ['brackets without end', Buffer.from(`${'['.repeat(30_000)}${']'.repeat(30_000)}`)],
    ['another app', Buffer.from(TEXT.replace('{', '{"appid":"wx9",'))],
  ])('with %s is refused', (_, body) => {
    expect(faultOf(() => openLetter(PLAIN, query, body, NOW))).toBe('body');
  });

  it('with another signature is refused before it is read', () => {
    expect(faultOf(() => openLetter(PLAIN, { ...query, nonce: '2' }, Buffer.from('{'), NOW))).toBe('signature');
  });
});

describe('the hand-over to a person', () => {
  const answer = { ToUserName: 'o-1', FromUserName: 'gh_1', CreateTime: parseInt(V.timestamp, 10), MsgType: 'transfer_customer_service' };

  it('goes out as the letter came: in clear', () => {
    const query = { signature: V.signature, timestamp: V.timestamp, nonce: V.nonce };
    const reply = transferToPerson(PLAIN, openLetter(PLAIN, query, Buffer.from(TEXT), NOW), NOW);
    expect([reply.contentType, JSON.parse(reply.body)]).toEqual(['application/json; charset=utf-8', answer]);
  });

  it('goes out as the letter came: sealed and signed', () => {
    const { query, body } = sealed(TEXT);
    const reply = JSON.parse(transferToPerson(SECURE, openLetter(SECURE, query, body, NOW), NOW).body) as Record<string, string>;
    expect(signatureOf([V.token, String(reply['TimeStamp']), reply['Nonce'] ?? '', reply['Encrypt'] ?? ''])).toBe(reply['MsgSignature']);
    expect(JSON.parse(decrypt(V.encoding_aes_key, V.appid, reply['Encrypt'] ?? '').toString())).toEqual(answer);
    expect(Object.keys(reply).sort()).toEqual(['Encrypt', 'MsgSignature', 'Nonce', 'TimeStamp']);
  });

  it('goes out as the letter came: in XML', () => {
    const letter = { format: 'xml', mode: 'plain', message: { kind: 'user_message', key: 'k', openid: 'o-1', account: 'gh_1', createdAt: 1, content: { type: 'text', text: '' } } } as const;
    expect(transferToPerson(PLAIN, letter, NOW)).toEqual({
      contentType: 'text/xml; charset=utf-8',
      body: `<xml><ToUserName><![CDATA[o-1]]></ToUserName><FromUserName><![CDATA[gh_1]]></FromUserName><CreateTime>${V.timestamp}</CreateTime><MsgType><![CDATA[transfer_customer_service]]></MsgType></xml>`,
    });
  });
});
