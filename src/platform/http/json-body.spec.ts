import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DomainError } from '../errors/index.js';
import { DEPTH_LIMIT, parseJsonBody } from './json-body.js';

function refused(bytes: Buffer | string): DomainError {
  try {
    parseJsonBody(Buffer.from(bytes as string));
  } catch (error) {
    if (DomainError.is(error, 'invalid_request')) return error;
    throw error;
  }
  throw new Error('was accepted');
}

describe('parseJsonBody', () => {
  it('gives what JSON.parse gives, for any well-formed value', () => {
    fc.assert(fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
      const text = JSON.stringify({ value });
      fc.pre(text.isWellFormed() && !/\\u0000|\\ud[89a-f]|__proto__|constructor|prototype/i.test(text));
      expect(parseJsonBody(Buffer.from(text))).toEqual(JSON.parse(text));
    }));
  });

  it('refuses invalid UTF-8', () => {
    expect(refused(Buffer.from([0x22, 0xff, 0x22])).param).toBe('body');
  });

  it.each([
    ['{"content":"a\\u0000b"}', 'content'],
    ['{"content":"\\ud83d"}', 'content'],
    ['{"messages":[{"content":"ok"},{"content":"\\udc00 x"}]}', 'messages[1].content'],
    ['{"a":{"__proto__":{"x":1}}}', 'a.__proto__'],
  ])('names the field in %s', (body, param) => {
    expect(refused(body).param).toBe(param);
  });

  it('accepts a surrogate pair', () => {
    expect(parseJsonBody(Buffer.from('{"content":"\\ud83d\\ude00"}'))).toEqual({ content: '😀' });
  });

  it('refuses deep nesting without recursing into it', () => {
    expect(refused('['.repeat(100_000)).message).toContain(`${DEPTH_LIMIT} levels`);
    expect(() => parseJsonBody(Buffer.from(`{"a":${'['.repeat(DEPTH_LIMIT - 1)}${']'.repeat(DEPTH_LIMIT - 1)}}`))).not.toThrow();
  });

  it.each(['null', '[]', '5', '"x"'])('refuses %s, which is no object', (body) => {
    expect(refused(body).param).toBe('body');
  });

  it('does not count brackets inside of strings', () => {
    const text = JSON.stringify({ content: '[{"\\'.repeat(500) });
    expect(parseJsonBody(Buffer.from(text))).toEqual(JSON.parse(text));
  });
});
