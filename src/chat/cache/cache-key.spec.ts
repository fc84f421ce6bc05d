import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PromptMessage, Sampling, UpstreamRequest } from '../../upstream/index.js';
import { digestOf } from './cache-key.js';

const text = fc.oneof(fc.string(), fc.constantFrom('你好', 'Café', 'Cafe\u0301', 'a\nb', 'a\r\nb', 'A', 'a', 'a ', 'a?'));
const message: fc.Arbitrary<PromptMessage> = fc.record({ role: fc.constantFrom('system', 'user', 'assistant'), content: text });
const sampling = fc.record({ temperature: fc.constantFrom(0, 0.5, 1), top_p: fc.constantFrom(0.1, 1), seed: fc.nat(3), stop: fc.oneof(fc.string({ minLength: 1 }), fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 4 })) }, { requiredKeys: [] }) as fc.Arbitrary<Sampling>;
const request: fc.Arbitrary<UpstreamRequest> = fc.record({ model: fc.constantFrom('a', 'b'), messages: fc.array(message, { minLength: 1, maxLength: 4 }), maxTokens: fc.integer({ min: 1, max: 5 }), sampling });

/** The same request, said otherwise. */
function reworded({ model, messages, maxTokens, sampling: { stop, ...rest } }: UpstreamRequest): UpstreamRequest {
  const last = messages.length - 1;
  return {
    maxTokens,
    sampling: { ...(stop === undefined ? {} : { stop: typeof stop === 'string' ? [stop] : stop }), ...(Object.fromEntries(Object.entries(rest).reverse()) as Sampling), ...({ presence_penalty: undefined } as object) },
    messages: messages.map(({ role, content }, at) => ({ content: `${content.normalize('NFD').replaceAll('\r\n', '\n').replaceAll('\n', '\r\n')}${role === 'user' && at === last ? ' \n\t' : ''}`, role })),
    model,
  };
}

/** What a model would be told, as one text. */
function meaning({ model, messages, maxTokens, sampling: { stop, ...rest } }: UpstreamRequest): string {
  const told = messages.map(({ role, content }, at) => {
    const same = content.normalize('NFC').replaceAll('\r\n', '\n');
    return [role, role === 'user' && at === messages.length - 1 ? same.trimEnd() : same];
  });
  return JSON.stringify([model, told, maxTokens, Object.entries(rest).sort(), stop === undefined ? [] : [stop].flat()]);
}

describe('digestOf', () => {
  it('is the same for the same request, however it is spelt', () => {
    fc.assert(fc.property(request, (asked) => {
      expect(digestOf(reworded(asked))).toBe(digestOf(asked));
    }));
  });

  it('differs wherever two requests differ', () => {
    fc.assert(fc.property(request, request, (one, other) => {
      expect(digestOf(one) === digestOf(other)).toBe(meaning(one) === meaning(other));
    }), { numRuns: 500 });
  });

  const base: UpstreamRequest = { model: 'm', messages: [{ role: 'system', content: 'Be brief.' }, { role: 'user', content: 'Hello there' }], maxTokens: 10, sampling: { temperature: 0 } };
  const question = (content: string): UpstreamRequest => ({ ...base, messages: [{ role: 'system', content: 'Be brief.' }, { role: 'user', content }] });
  it.each([
    ['another model', { ...base, model: 'n' }],
    ['another bound', { ...base, maxTokens: 11 }],
    ['another temperature', { ...base, sampling: { temperature: 0.1 } }],
    ['a seed', { ...base, sampling: { temperature: 0, seed: 1 } }],
    ['another system prompt', { ...base, messages: [{ role: 'system', content: 'Be long.' }, { role: 'user', content: 'Hello there' }] }],
    ['white space after the system prompt', { ...base, messages: [{ role: 'system', content: 'Be brief. ' }, { role: 'user', content: 'Hello there' }] }],
    ['another role', { ...base, messages: [{ role: 'user', content: 'Be brief.' }, { role: 'user', content: 'Hello there' }] }],
    ['one message of two', { ...base, messages: [{ role: 'user', content: 'Be brief.Hello there' }] }],
    ['another case', question('hello there')],
    ['another mark', question('Hello there?')],
    ['a blank before', question(' Hello there')],
    ['two blanks within', question('Hello  there')],
    ['full width', question('Ｈello there')],
  ] satisfies [string, UpstreamRequest][])('differs by %s', (_, other) => {
    expect(digestOf(other)).not.toBe(digestOf(base));
  });
});
