import { describe, expect, it } from 'vitest';
import { DomainError } from '../../platform/errors/index.js';
import type { ChannelDraft, ChannelRecord } from './channel-record.js';
import { changed, checkDraft, checkKeyStaysHome } from './channel-rules.js';

const draft: ChannelDraft = {
  name: 'n', kind: 'openai', baseUrl: 'https://api.example.com/v1', apiKey: null, proxyUrl: null, region: null, tags: [], models: [{ model: 'm', upstreamName: 'm' }],
  requestsPerMinute: null, tokensPerMinute: null, concurrent: null, priority: 1, weight: 1, hedgePercent: null,
};
const record: ChannelRecord = {
  id: 'c', tenantId: undefined, name: 'n', kind: 'openai', baseUrl: 'https://api.example.com/v1', proxyUrl: undefined, region: 'cn', tags: ['a'], models: draft.models, limits: { concurrent: 3 }, priority: 1, weight: 1,
  state: 'active', hasKey: true, stateReason: undefined, stateChangedAt: undefined, createdAt: new Date(0), updatedAt: new Date(0),
};

function paramOf(work: () => void): string | undefined {
  try {
    work();
  } catch (error) {
    if (DomainError.is(error, 'invalid_request')) return error.param;
    throw error;
  }
  return undefined;
}

describe('checkDraft', () => {
  it.each([
    [undefined, {}, undefined], [undefined, { models: [...draft.models, ...draft.models] }, 'models[1].model'],
    [undefined, { kind: 'local', baseUrl: '/models/qwen/a.gguf' }, undefined], ['tenant', { kind: 'local', baseUrl: '/models/a.gguf' }, 'kind'], [undefined, { kind: 'local', baseUrl: 'models/a.gguf' }, 'base_url'],
    [undefined, { kind: 'local', baseUrl: '/models/../etc/a.gguf' }, 'base_url'], [undefined, { kind: 'local', baseUrl: '/etc/passwd' }, 'base_url'], [undefined, { kind: 'local', baseUrl: '/m/a.gguf', proxyUrl: 'http://x' }, 'proxy_url'],
  ] as const)('of %s with %j finds %s', (owner, more, param) => expect(paramOf(() => checkDraft(owner, { ...draft, ...more }))).toBe(param));
});

describe('changed', () => {
  it('keeps what is not named, and lets null remove', () => {
    expect(changed(record, { region: null, weight: 5, name: undefined })).toMatchObject({ name: 'n', region: null, weight: 5, tags: ['a'], concurrent: 3, tokensPerMinute: null });
  });
});

describe('checkKeyStaysHome', () => {
  it.each([
    [{}, {}, undefined], [{}, { baseUrl: 'https://api.example.com/v2' }, undefined], [{}, { baseUrl: 'https://evil.example.com/v1' }, 'api_key'], [{}, { baseUrl: 'https://api.example.com:444/v1' }, 'api_key'],
    [{}, { baseUrl: 'http://api.example.com/v1' }, 'api_key'], [{}, { baseUrl: 'https://evil.example.com/v1', apiKey: 'new' }, undefined], [{}, { baseUrl: 'https://evil.example.com/v1', apiKey: null }, undefined],
    [{ hasKey: false }, { baseUrl: 'https://evil.example.com/v1' }, undefined], [{}, { proxyUrl: 'http://proxy.example.com' }, undefined],
    [{ baseUrl: 'http://gpu.internal/v1' }, { proxyUrl: 'http://proxy.example.com' }, 'api_key'],
  ])('from %j by %j asks for %s', (before, change, param) => {
    const from = { ...record, ...before };
    expect(paramOf(() => checkKeyStaysHome(from, changed(from, change), change))).toBe(param);
  });
});
