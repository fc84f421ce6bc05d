import { describe, expect, it } from 'vitest';
import { parsePush, readFields } from './message.js';
import { PushRefused } from './push-settings.js';

const base = { ToUserName: 'gh_1', FromUserName: 'o-1', CreateTime: 1795147300 };
const parse = (fields: object) => parsePush(readFields(JSON.stringify({ ...base, ...fields })));
const letter = { account: 'gh_1', openid: 'o-1', createdAt: 1795147300 };

describe('parsePush', () => {
  it.each([
    [{ MsgType: 'text', Content: '你好', MsgId: 7 }, { kind: 'user_message', key: 'message:7', content: { type: 'text', text: '你好' } }],
    [{ MsgType: 'image', PicUrl: 'http://a.test/1', MediaId: 'm-1', MsgId: '8' }, { kind: 'user_message', key: 'message:8', content: { type: 'image', mediaId: 'm-1', url: 'http://a.test/1' } }],
    [{ MsgType: 'miniprogrampage', Title: 't', MsgId: 9 }, { kind: 'user_message', key: 'message:9', content: { type: 'other', name: 'miniprogrampage' } }],
    [{ MsgType: 'event', Event: 'user_enter_tempsession', SessionFrom: 'chat' }, { kind: 'enter_session', key: 'event:o-1:1795147300:user_enter_tempsession', sessionFrom: 'chat' }],
    [{ MsgType: 'event', Event: 'subscribe_msg_sent_event' }, { kind: 'other', key: 'event:o-1:1795147300:subscribe_msg_sent_event', name: 'subscribe_msg_sent_event' }],
    [{ MsgType: 'something_new' }, { kind: 'other', key: 'event:o-1:1795147300:something_new', name: 'something_new' }],
  ])('reads %j', (fields, message) => {
    expect(parse(fields)).toEqual({ ...letter, ...message });
  });

  it('reads the result of a media check, in JSON and in XML, and one that failed', () => {
    const json = { MsgType: 'event', Event: 'wxa_media_check', appid: 'wx1', trace_id: 't-1', version: 2, errcode: 0, errmsg: 'ok', result: { suggest: 'risky', label: 20002 }, detail: [{ strategy: 'content_model', errcode: 0, suggest: 'risky', label: 20002, prob: 90 }] };
    const verdict = { ...letter, kind: 'media_verdict', key: 'media:t-1', traceId: 't-1', errcode: 0, result: { suggest: 'risky', label: 20002, traceId: 't-1', details: [{ suggest: 'risky', label: 20002, prob: 90 }] } };
    expect(parse(json)).toEqual(verdict);
    const xml = '<xml><ToUserName>gh_1</ToUserName><FromUserName>o-1</FromUserName><CreateTime>1795147300</CreateTime><MsgType>event</MsgType><Event>wxa_media_check</Event><trace_id>t-1</trace_id><errcode>0</errcode><result><suggest>risky</suggest><label>20002</label></result><detail><errcode>0</errcode><suggest>risky</suggest><label>20002</label><prob>90</prob></detail></xml>';
    expect(parsePush(readFields(xml))).toEqual(verdict);
    expect(parse({ ...json, errcode: -1008, result: undefined })).toMatchObject({ kind: 'media_verdict', errcode: -1008, result: undefined });
  });

  it('keeps all digits of a message id', () => {
    const keyOf = (id: string) => parsePush(readFields(`{"ToUserName":"gh_1","FromUserName":"o-1","CreateTime":1,"MsgType":"text","Content":"a","MsgId":${id}}`)).key;
    expect(keyOf('9007199254740993')).toBe('message:9007199254740993');
    expect(keyOf('18446744073709551615')).toBe('message:18446744073709551615');
    expect(keyOf('9007199254740992')).not.toBe(keyOf('9007199254740993'));
  });

  it.each([
    [{ MsgType: 'text', Content: 'a' }],
    [{ MsgType: 'text', Content: 7, MsgId: 1 }],
    [{ MsgType: 'text', Content: 'x'.repeat(20_001), MsgId: 1 }],
    [{ MsgType: 'text', Content: 'a', MsgId: 1.5 }],
    [{ MsgType: 'text', Content: 'a', MsgId: 1, FromUserName: 'o 1' }],
    [{ MsgType: 'text', Content: 'a', MsgId: 1, FromUserName: undefined }],
    [{ MsgType: 'text', Content: 'a', MsgId: 1, CreateTime: -1 }],
    [{ MsgType: 'text', Content: 'a', MsgId: 1, CreateTime: 'soon' }],
    [{ MsgType: ['text'] }],
    [{ MsgType: 'event' }],
    [{ MsgType: 'event', Event: 'wxa_media_check', errcode: 0, result: { suggest: 'pass', label: 100 } }],
    [{ MsgType: 'event', Event: 'wxa_media_check', trace_id: 't', errcode: 0 }],
    [{}],
  ])('refuses %j', (fields) => {
    expect(() => parse(fields)).toThrow(PushRefused);
  });
});
