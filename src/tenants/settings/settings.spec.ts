import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DomainError } from '../../platform/errors/index.js';
import { checkSettingsPatch, effectiveSettings, mergeSettings } from './settings.js';

function faultOf(work: () => unknown): string | undefined {
  try {
    work();
  } catch (error) {
    if (DomainError.is(error, 'invalid_request')) return error.param;
    throw error;
  }
  return undefined;
}

describe('checkSettingsPatch', () => {
  it('takes each key with a good value, and null', () => {
    const patch = { default_model: 'deepseek-chat', models: ['deepseek-chat', 'org/model:1.5'], system_prompt: '你是助手', compliance_notice: '人工智能合成，仅供参考', welcome_text: '你好', logo_url: 'https://cdn.example/logo.png', theme_color: '#07C160' };
    expect(checkSettingsPatch(patch)).toBe(patch);
    expect(faultOf(() => checkSettingsPatch(Object.fromEntries(Object.keys(patch).map((key) => [key, null]))))).toBeUndefined();
  });

  it.each([
    ['default_model', ''],
    ['default_model', 'a b'],
    ['models', 'a'],
    ['models', []],
    ['models', ['a', 'a']],
    ['models', [1]],
    ['models', Array.from({ length: 101 }, (_, at) => `m${at}`)],
    ['system_prompt', ''],
    ['system_prompt', 'x'.repeat(8_001)],
    ['compliance_notice', 7],
    ['logo_url', 'http://cdn.example/logo.png'],
    ['logo_url', 'javascript:alert(1)'],
    ['theme_color', 'green'],
    ['response_cache_seconds', 604_801],
    ['response_cache_seconds', -1],
    ['response_cache_scope', 'platform'],
    ['response_cache_models', []],
    ['response_cache_chats', 'yes'],
    ['nope', 1],
    ['toString', 1],
  ])('refuses %s: %j by name', (key, value) => {
    expect(faultOf(() => checkSettingsPatch({ [key]: value }))).toBe(`settings.${key}`);
  });

  it('refuses what is no object', () => {
    for (const wrong of [null, [], 'x', 1, undefined]) expect(faultOf(() => checkSettingsPatch(wrong))).toBe('settings');
  });

  it('never throws anything but invalid_request', () => {
    fc.assert(fc.property(fc.anything(), (patch) => (faultOf(() => checkSettingsPatch(patch)) ?? 'settings').startsWith('settings')));
  });
});

describe('mergeSettings', () => {
  it('changes what is given, and lets null bring the default back', () => {
    const stored = mergeSettings({ welcome_text: '你好', theme_color: '#000000' }, { welcome_text: null, system_prompt: 'x' });
    expect(stored).toEqual({ theme_color: '#000000', system_prompt: 'x' });
  });

  it('lets no content out without its label where there are no terms to accept', () => {
    const terms = { label_free_terms_url: 'https://a.example/terms', label_free_terms_version: '2' };
    expect(faultOf(() => mergeSettings({}, { label_free_exports: true }))).toBe('settings.label_free_terms_url');
    expect(faultOf(() => mergeSettings({ ...terms, label_free_exports: true }, { label_free_terms_version: null }))).toBe('settings.label_free_terms_version');
    expect(effectiveSettings(mergeSettings({}, { ...terms, label_free_exports: true })).compliance.labelFreeTerms).toEqual({ url: 'https://a.example/terms', version: '2' });
    expect(effectiveSettings(terms).compliance.labelFreeTerms).toBeUndefined();
  });

  it('refuses a default model that is not offered, whichever of the two changed', () => {
    expect(faultOf(() => mergeSettings({ models: ['a'] }, { default_model: 'b' }))).toBe('settings.default_model');
    expect(faultOf(() => mergeSettings({ default_model: 'b', models: ['a', 'b'] }, { models: ['a'] }))).toBe('settings.default_model');
    expect(mergeSettings({ default_model: 'b', models: ['a', 'b'] }, { models: null })).toEqual({ default_model: 'b' });
  });
});

describe('effectiveSettings', () => {
  it('fills in the defaults', () => {
    expect(effectiveSettings({}).models).toBeUndefined();
    expect(effectiveSettings({}).responseCache).toEqual({ seconds: 0, scope: 'user', models: undefined, chats: false });
  });
});
