import { describe, expect, it } from 'vitest';
import { DomainError } from '../../platform/errors/index.js';
import { cacheWishOf } from './cache-wish.js';
import { isCacheable, type Question } from './cacheable.js';
import { STORED_BYTES, storable } from './stored-answer.js';

const ON = { seconds: 60, scope: 'user', models: undefined, chats: true } as const;
const ask = { model: 'm', messages: [{ role: 'system', content: 's' }, { role: 'user', content: 'q' }], maxTokens: 5, sampling: {} } as const;
const completion = (temperature: number | undefined, wish?: Question['wish']): Question => ({ kind: 'completion', ownPrompt: true, wish, request: { ...ask, sampling: temperature === undefined ? {} : { temperature } } });
const message: Question = { kind: 'message', ownPrompt: false, wish: undefined, request: ask };

describe('isCacheable', () => {
  it.each([
    ['a completion at temperature 0', ON, completion(0), true],
    ['a completion at another temperature', ON, completion(0.2), false],
    ['a completion at the default temperature', ON, completion(undefined), false],
    ['a marked completion', ON, completion(1, 'allow'), true],
    ['a completion that wants none', ON, completion(0, 'bypass'), false],
    ['anything where it is off', { ...ON, seconds: 0 }, completion(0, 'allow'), false],
    ['a model that is not named', { ...ON, models: ['n'] }, completion(0), false],
    ['a model that is named', { ...ON, models: ['n', 'm'] }, completion(0), true],
    ['the first question of a chat', ON, message, true],
    ['one where chats are not let', { ...ON, chats: false }, message, false],
    ['one with a prompt of its own', ON, { ...message, ownPrompt: true }, false],
    ['one that wants none', ON, { ...message, wish: 'bypass' }, false],
    ['a later question', ON, { ...message, request: { ...ask, messages: [...ask.messages, { role: 'assistant', content: 'a' }, { role: 'user', content: 'q' }] } }, false],
    ['an answer to be made again', ON, { ...message, kind: 'regenerate' }, false],
  ] satisfies [string, Parameters<typeof isCacheable>[0], Question, boolean][])('of %s', (_, settings, question, expected) => {
    expect(isCacheable(settings, question)).toBe(expected);
  });
});

describe('cacheWishOf', () => {
  it('reads both headers', () => {
    expect([cacheWishOf('allow', undefined), cacheWishOf('bypass', undefined), cacheWishOf(undefined, undefined), cacheWishOf('allow', 'max-age=0, No-Store'), cacheWishOf(undefined, 'no-cache')]).toEqual(['allow', 'bypass', undefined, 'bypass', undefined]);
  });

  it('refuses other words by name', () => {
    expect(() => cacheWishOf('yes', undefined)).toThrow(expect.objectContaining({ code: 'invalid_request', param: 'X-Cache' } satisfies Partial<DomainError>));
  });
});

describe('storable', () => {
  const whole = { state: 'finished', finishReason: 'stop', content: 'words', usage: { promptTokens: 9, completionTokens: 3, reasoningTokens: 1 }, usageSource: 'upstream' } as const;
  it('takes a whole answer with its tokens', () => {
    expect(storable(whole)).toEqual({ content: 'words', completionTokens: 3, reasoningTokens: 1 });
  });

  it.each([
    [{ state: 'stopped', finishReason: 'stopped' }], [{ state: 'failed' }], [{ state: 'refused' }], [{ finishReason: 'length' }], [{ finishReason: 'content_filter' }],
    [{ content: '' }], [{ content: ' \n' }], [{ content: '字'.repeat(STORED_BYTES / 3 + 1) }], [{ usageSource: 'cache' }],
  ] as const)('takes none with %j', (changed) => {
    expect(storable({ ...whole, ...changed })).toBeUndefined();
  });
});
