import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answer } from '../kit/api.js';
import { admin, logIn, makeApiKey, makeConversation, makeTenant, type TestUser } from '../kit/factories.js';
import { Platform } from '../kit/platform.js';

let platform: Platform;
let user: TestUser;
let key: string;
let staff: string;
let conversation: string;

beforeAll(async () => {
  platform = await Platform.start();
  staff = await admin(platform);
  user = await logIn(platform, await makeTenant(platform, staff));
  key = await makeApiKey(platform, user);
  conversation = await makeConversation(platform.api, user);
});
afterAll(async () => platform.stop());

const rows = async (): Promise<unknown> => platform.sql(`SELECT (SELECT count(*) FROM messages) AS messages, (SELECT count(*) FROM runs) AS runs, (SELECT count(*) FROM conversations) AS conversations, (SELECT count(*) FROM tenants) AS tenants, (SELECT count(*) FROM api_keys) AS keys`);

function expectError(answer: Answer, status: number, code: string, param: string | null): void {
  expect({ status: answer.status, body: answer.body }).toEqual({ status, body: { error: { code, param, message: expect.any(String), type: expect.any(String), request_id: answer.headers.get('x-request-id') } } });
}

describe('bad input', () => {
  const send = (raw: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) => platform.api.call('POST', `/v1/conversations/${conversation}/messages`, { token: user.token, raw, headers });
  const complete = (body: unknown) => platform.api.post('/v1/chat/completions', body, { token: key });

  it.each<[string, string | Uint8Array<ArrayBuffer>, string]>([
    ['malformed JSON', '{"content":', 'body'],
    ['invalid UTF-8', new Uint8Array([0x7b, 0x22, 0x63, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d]), 'body'],
    ['a lone surrogate', '{"content":"\\ud800"}', 'content'],
    ['a NUL character', '{"content":"a\\u0000"}', 'content'],
    ['an unknown field', '{"content":"x","temperatur":1}', 'temperatur'],
    ['a wrong type', '{"content":5}', 'content'],
    ['a missing field', '{}', 'content'],
    ['a blank text', '{"content":"  \\n "}', 'content'],
    ['an array for an object', '[1]', 'body'],
    ['deep nesting', `{"content":${'['.repeat(5_000)}${']'.repeat(5_000)}}`, 'body'],
    ['a body over 256 KiB', `{"content":"${'x'.repeat(270_000)}"}`, 'body'],
    ['prototype tricks', '{"content":"x","__proto__":{"admin":true}}', '__proto__'],
  ])('%s is refused by name, and nothing is stored', async (_, raw, param) => {
    const before = await rows();
    const answer = await send(raw);
    expect(answer.status).toBe(400);
    expect(answer.body.error.code).toBe('invalid_request');
    if (param !== 'body' || answer.body.error.param !== null) expect(answer.body.error.param).toBe(param);
    expect(await rows()).toEqual(before);
  });

  it('another content type is refused by name', async () => expectError(await send('content=x', { 'content-type': 'application/x-www-form-urlencoded' }), 400, 'invalid_request', 'content-type'));
  it('an unknown format is refused by name', async () => expectError(await platform.api.post(`/v1/conversations/${conversation}/messages?format=xml`, { content: 'x' }, { token: user.token }), 400, 'invalid_request', 'format'));
  it('a bad Idempotency-Key is refused by name', async () => expectError(await platform.api.post(`/v1/conversations/${conversation}/messages`, { content: 'x' }, { token: user.token, headers: { 'idempotency-key': 'x'.repeat(200) } }), 400, 'invalid_request', 'Idempotency-Key'));
  it('a cursor that is not ours is refused by name', async () => expectError(await platform.api.get('/v1/conversations?cursor=abc', { token: user.token }), 400, 'invalid_request', 'cursor'));
  it('a limit out of bounds is refused by name', async () => expectError(await platform.api.get('/v1/conversations?limit=1000', { token: user.token }), 400, 'invalid_request', 'limit'));
  it('an id that is none is nowhere', async () => expect((await platform.api.get('/v1/conversations/1%27%20OR%201=1', { token: user.token })).status).toBe(404));
  it('an unknown route is nowhere', async () => expectError(await platform.api.get('/v1/nothing'), 404, 'not_found', null));

  it.each([
    [{ messages: [] }, 'messages'],
    [{ messages: [{ role: 'robot', content: 'x' }] }, 'messages[0].role'],
    [{ messages: [{ role: 'user', content: 5 }] }, 'messages[0].content'],
    [{ messages: [{ role: 'user', content: [{ type: 'image_url', image_url: {} }] }] }, 'messages[0].content'],
    [{ messages: [{ role: 'user', content: 'x', extra: 1 }] }, 'messages[0].extra'],
    [{ messages: [{ role: 'user', content: 'x' }], temperature: 9 }, 'temperature'],
    [{ messages: [{ role: 'user', content: 'x' }], n: 2 }, 'n'],
    [{ messages: [{ role: 'user', content: 'x' }], max_tokens: -1 }, 'max_tokens'],
    [{ messages: [{ role: 'user', content: 'x' }], max_tokens: 1.5 }, 'max_tokens'],
    [{ messages: [{ role: 'user', content: 'x' }], stream: 'yes' }, 'stream'],
  ])('a completion %j is refused by name', async (body, param) => expectError(await complete(body), 400, 'invalid_request', param));

  it('hostile bodies never make a fault of ours, on any route that takes one', async () => {
    const document = await platform.api.ok('GET', '/docs/openapi.json');
    const hostile = ['null', '[]', '"x"', '0', '{"a":{}}', '{"content":{"$ne":1}}', `{"slug":"${"'; DROP TABLE users; --"}"}`, '{"code":[]}', '{"email":{},"password":[]}', '{"settings":{"models":{"length":5}}}', '{"standing":null}', '{"name":"\\u202e"}', '{"nickname":1e999}'];
    const before = await rows();
    for (const [path, methods] of Object.entries(document.paths as Record<string, Record<string, unknown>>)) {
      for (const method of Object.keys(methods).filter((each) => ['post', 'patch', 'put'].includes(each))) {
        if (/suspend|reactivate|logout|\/stop|api-keys|\/conversations$/.test(path)) continue;
        for (const raw of hostile) {
          const token = path.startsWith('/admin') ? staff : path.includes('completions') ? key : user.token;
          const answer = await platform.api.call(method.toUpperCase(), path.replace(/\{\w+\}/g, conversation), { token, raw, headers: { 'x-tenant': user.tenant.slug } });
          expect([method, path, raw, answer.status < 500, answer.status >= 400]).toEqual([method, path, raw, true, true]);
        }
      }
    }
    expect(await rows()).toEqual(before);
  });
});
