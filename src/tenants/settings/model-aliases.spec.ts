import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aliasFault, aliasesOn, shownModel, type ModelAliases } from './model-aliases.js';

const isModel = (value: unknown): boolean => typeof value === 'string' && /^[a-z][\w-]{0,99}$/.test(value);

describe('aliasFault', () => {
  it('takes aliases with and without bounds', () => {
    for (const good of [{}, { fast: { model: 'm' } }, { fast: { model: 'm', clients: ['ios'], hide: true }, other: { model: 'm', clients: ['android'] }, beside: { model: 'm', hide: false } }]) expect(aliasFault(good, isModel)).toBeUndefined();
  });

  it.each([
    null, [], 'x', { 'a b': { model: 'm' } }, { fast: 'm' }, { fast: {} }, { fast: { model: 7 } }, { fast: { model: 'm', clients: [] } }, { fast: { model: 'm', clients: ['windows'] } }, { fast: { model: 'm', hide: 'yes' } },
    { fast: { model: 'm', more: 1 } }, { m: { model: 'm' } }, JSON.parse('{"__proto__": {"model": "m"}}'),
    { one: { model: 'm' }, two: { model: 'm' } }, { one: { model: 'm', clients: ['ios'] }, two: { model: 'm' } },
    Object.fromEntries(Array.from({ length: 101 }, (_, at) => [`a${at}`, { model: `m${at}` }])),
  ])('refuses %j', (bad) => expect(aliasFault(bad, isModel)).toBeTypeOf('string'));

  it('never throws', () => {
    fc.assert(fc.property(fc.anything(), (value) => { aliasFault(value, isModel); }));
  });
});

describe('a model behind an alias', () => {
  const aliases: ModelAliases = { fast: { model: 'real', clients: ['ios'] }, beside: { model: 'real', hide: false }, everywhere: { model: 'second' } };

  it('is called by it only where the alias hides it', () => {
    expect(['ios', 'android', 'other'].map((platform) => shownModel(aliases, platform as 'ios', 'real'))).toEqual(['fast', 'real', 'real']);
    expect([shownModel(aliases, 'android', 'second'), shownModel(aliases, 'ios', 'third')]).toEqual(['everywhere', 'third']);
  });

  it('has the names that the platform knows', () => {
    expect(aliasesOn(aliases, 'ios').map(([alias]) => alias)).toEqual(['fast', 'beside', 'everywhere']);
    expect(aliasesOn(aliases, 'other').map(([alias]) => alias)).toEqual(['beside', 'everywhere']);
  });
});
