import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppServer } from '../push/app-server.fixture.js';
import { Bench } from '../simulator.fixture.js';

const PATH = '/cgi-bin/message/subscribe/send';
const DONE = 'tmpl-answer-done';
const PAID = 'tmpl-paid';
const GOOD = { thing1: { value: '您的回答已生成' }, time2: { value: '2026年11月20日 15:01' } };
let bench: Bench;
let openid: string;

beforeEach(async () => {
  bench = await Bench.open();
  openid = await bench.user();
  await bench.control('PUT', 'templates', { appid: 'wx1', templates: [{ id: DONE, fields: ['thing1', 'time2'] }, { id: PAID, fields: ['amount1'] }] });
});
afterEach(() => bench.close());

async function send(more: Record<string, unknown> = {}): Promise<{ errcode: number; errmsg: string; msgid?: number }> {
  return bench.call(PATH, { touser: openid, template_id: DONE, data: GOOD, ...more });
}

async function consent(more: Record<string, unknown> = {}): Promise<unknown> {
  return bench.control('POST', 'consents', { appid: 'wx1', openid, tmplIds: [DONE], ...more });
}

async function delivered(more = ''): Promise<unknown[]> {
  return (await bench.control('GET', `delivered?appid=wx1&openid=${openid}${more}`)).messages;
}

describe('subscribe messages', () => {
  it('reach a user once for each consent', async () => {
    expect(await send()).toMatchObject({ errcode: 43101, errmsg: expect.stringMatching(/^user refuse to accept the msg, rid: /u) });
    expect(await consent()).toMatchObject({ results: { [DONE]: 'accept' }, left: { [DONE]: 1 } });
    const waiting = delivered('&atLeast=1');
    const { msgid, ...answer } = await send({ page: 'pages/chat/chat?id=7', miniprogram_state: 'trial', lang: 'en_US' });
    expect(answer).toEqual({ errcode: 0, errmsg: 'ok' });
    expect(await waiting).toMatchObject([{ msgid, template: DONE, data: { thing1: '您的回答已生成', time2: '2026年11月20日 15:01' }, page: 'pages/chat/chat?id=7', miniprogramState: 'trial', lang: 'en_US' }]);
    expect((await send()).errcode).toBe(43101);
  });

  it('are counted per user and template, and consents add up', async () => {
    const other = await bench.user('ming');
    await consent({ times: 2 });
    expect(await consent()).toMatchObject({ left: { [DONE]: 3 } });
    expect((await send({ touser: other })).errcode).toBe(43101);
    expect((await send({ template_id: PAID, data: { amount1: { value: '¥19.90' } } })).errcode).toBe(43101);
    expect([(await send()).errcode, (await send()).errcode, (await send()).errcode, (await send()).errcode]).toEqual([0, 0, 0, 43101]);
    expect(await bench.control('GET', `consents?appid=wx1&openid=${openid}`)).toEqual({ left: { [DONE]: 0, [PAID]: 0 } });
  });

  it('may be allowed for always, by the user or by the kind of template', async () => {
    await bench.control('PUT', 'templates', { appid: 'wx1', templates: [{ id: DONE, fields: ['thing1', 'time2'] }, { id: PAID, fields: ['amount1'], longTerm: true }] });
    expect(await consent({ always: true })).toMatchObject({ left: { [DONE]: 'always' } });
    expect(await consent({ tmplIds: [PAID] })).toMatchObject({ left: { [PAID]: 'always' } });
    expect([(await send()).errcode, (await send()).errcode]).toEqual([0, 0]);
    expect(await bench.control('DELETE', `consents?appid=wx1&openid=${openid}&template=${DONE}`)).toMatchObject({ left: { [DONE]: 0 } });
    expect((await send()).errcode).toBe(43101);
  });

  it('are not allowed by a user who says no', async () => {
    expect(await consent({ answer: 'reject' })).toMatchObject({ results: { [DONE]: 'reject' }, left: { [DONE]: 0 } });
    expect((await send()).errcode).toBe(43101);
  });

  it.each([
    ['an openid that nobody has', { touser: 'nobody' }, 40003],
    ['no openid', { touser: undefined }, 40003],
    ['an unknown template', { template_id: 'x' }, 40037],
    ['no data', { data: undefined }, 47003],
    ['a page with a scheme', { page: 'https://x' }, 41030],
    ['another version', { miniprogram_state: 'beta' }, 40097],
    ['another language', { lang: 'de' }, 40097],
  ])('are refused with %s, and cost no consent', async (_, more, errcode) => {
    await consent();
    expect((await send(more)).errcode).toBe(errcode);
    expect((await send()).errcode).toBe(0);
  });

  it('name the field that is missing or badly formed', async () => {
    await consent();
    expect(await send({ data: { thing1: GOOD.thing1 } })).toMatchObject({ errcode: 47003, errmsg: expect.stringMatching(/^argument invalid! data\.time2\.value is empty, rid: /u) });
    expect((await send({ data: { ...GOOD, thing1: { value: '长'.repeat(21) } } })).errmsg).toContain('data.thing1.value invalid');
    expect((await send({ data: { ...GOOD, thing1: '您好' } })).errmsg).toContain('data.thing1.value is empty');
    expect((await send({ data: { ...GOOD, more: { value: '' } } })).errcode).toBe(0);
  });

  it('open a page that the published version has', async () => {
    await bench.control('PUT', 'templates', { appid: 'wx1', templates: [{ id: DONE, fields: ['thing1', 'time2'] }], pages: ['pages/chat/chat'] });
    await consent();
    expect((await send({ page: 'pages/gone' })).errcode).toBe(41030);
    expect((await send({ page: 'pages/chat/chat?id=1' })).errcode).toBe(0);
  });

  it('want a good token', async () => {
    expect(await bench.call(PATH, {}, 'made-up')).toMatchObject({ errcode: 40014 });
  });

  it('may reach the user although the answer is lost', async () => {
    await consent();
    await bench.control('PUT', 'script', { next: [{ path: PATH, reset: true, after: true }] });
    await expect(send()).rejects.toThrow('fetch failed');
    expect(await delivered()).toHaveLength(1);
    expect((await send()).errcode).toBe(43101);
  });

  it('do not take templates and consents that cannot be meant', async () => {
    for (const templates of [[{ id: 'a', fields: ['thing'] }], [{ id: 'a', fields: [] }], [{ id: 'a', fields: ['thing1'], kind: 1 }], [{ id: 'a', fields: ['thing1'] }, { id: 'a', fields: ['thing1'] }]]) {
      expect(await bench.control('PUT', 'templates', { appid: 'wx1', templates })).toHaveProperty('error');
    }
    for (const bad of [{ tmplIds: [] }, { tmplIds: ['x'] }, { tmplIds: [DONE, DONE, DONE, DONE, DONE, DONE] }, { answer: 'maybe' }, { times: 0 }]) expect(await consent(bad)).toHaveProperty('error');
    expect(await consent()).toMatchObject({ left: { [DONE]: 1 } });
  });
});

describe('events of subscribe messages', () => {
  let app: AppServer;

  beforeEach(async () => {
    app = await AppServer.open();
  });
  afterEach(() => app.close());

  it('tell what users answered, what they switched off, and what was sent', async () => {
    await bench.pushTo(app);
    await consent({ tmplIds: [DONE, PAID] });
    await consent({ tmplIds: [PAID], answer: 'reject' });
    await bench.control('DELETE', `consents?appid=wx1&openid=${openid}&template=${PAID}`);
    const { msgid } = await send();
    await bench.control('GET', 'pushes?appid=wx1&type=subscribe_msg_sent_event&atLeast=1');
    const accepted = (id: string): object => ({ TemplateId: id, SubscribeStatusString: 'accept', PopupScene: '0' });
    expect(app.bodies).toMatchObject([
      { MsgType: 'event', Event: 'subscribe_msg_popup_event', FromUserName: openid, List: [accepted(DONE), accepted(PAID)] },
      { Event: 'subscribe_msg_popup_event', List: { TemplateId: PAID, SubscribeStatusString: 'reject', PopupScene: '0' } },
      { Event: 'subscribe_msg_change_event', List: { TemplateId: PAID, SubscribeStatusString: 'reject' } },
      { Event: 'subscribe_msg_sent_event', List: { TemplateId: DONE, MsgID: String(msgid), ErrorCode: '0', ErrorStatus: 'success' } },
    ]);
  });

  it('come for each of several consents, no two of the same second', async () => {
    await bench.pushTo(app);
    await consent({ times: 3 });
    expect(new Set(app.bodies.map(({ CreateTime }) => CreateTime)).size).toBe(3);
  });

  it('are wrapped as XML', async () => {
    await bench.pushTo(app, { format: 'xml' });
    await consent({ tmplIds: [DONE, PAID] });
    const item = (id: string): string => `<List><TemplateId><![CDATA[${id}]]></TemplateId><SubscribeStatusString><![CDATA[accept]]></SubscribeStatusString><PopupScene>0</PopupScene></List>`;
    expect(app.last.body).toContain(`<SubscribeMsgPopupEvent>${item(DONE)}${item(PAID)}</SubscribeMsgPopupEvent>`);
  });
});
