import { describe, expect, it } from 'vitest';
import { DomainError } from '../../platform/errors/index.js';
import { WIRE_FORMATS } from './formats.js';
import { negotiateFormat, type WireWish } from './negotiate.js';
import { WIRE_NAMES } from './wire.js';

const MINI_PROGRAM = 'https://servicewechat.com/wx0123456789abcdef/12/page-frame.html';
const WECHAT = 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Mobile/15E148 MicroMessenger/8.0.50(0x1800323a) NetType/WIFI';

describe('negotiateFormat', () => {
  const cases: readonly (readonly [string, WireWish, string])[] = [
    ['the query before everything', { format: 'openai', accept: 'text/event-stream', referer: MINI_PROGRAM }, 'openai'],
    ['Accept before the client', { accept: 'application/json, Text/Event-Stream; q=0.9', referer: MINI_PROGRAM }, 'sse'],
    ['an Accept that refuses events', { accept: 'text/event-stream;q=0, */*', referer: MINI_PROGRAM }, 'wxapp'],
    ['the Referer of a mini-program', { accept: '*/*', referer: MINI_PROGRAM, userAgent: 'x' }, 'wxapp'],
    ['a mini-program user agent without a Referer', { userAgent: WECHAT }, 'wxapp'],
    ['miniProgram in the user agent', { userAgent: 'Mozilla/5.0 miniProgram/wx0123' }, 'wxapp'],
    ['a page in the browser of WeChat', { referer: 'https://chat.example.com/h5', userAgent: WECHAT }, 'sse'],
    ['a host that only looks like it', { referer: 'https://servicewechat.com.example.org/' }, 'sse'],
    ['nothing at all', {}, 'sse'],
  ];
  it.each(cases)('obeys %s', (_what, wish, name) => {
    expect(negotiateFormat(wish)).toBe(name);
  });

  it.each(['xml', '', 'SSE', ['sse', 'sse'], { a: 1 }, '__proto__', null])('refuses the format %j with its param', (format) => {
    const refused = (): unknown => negotiateFormat({ format });
    expect(refused).toThrow(DomainError);
    expect(refused).toThrow(expect.objectContaining({ code: 'invalid_request', param: 'format' }));
  });
});

describe('WIRE_FORMATS', () => {
  it('has every name under itself', () => {
    expect(WIRE_NAMES.map((name) => WIRE_FORMATS[name].name)).toEqual(WIRE_NAMES);
  });
});
