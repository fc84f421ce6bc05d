import { describe, expect, it } from 'vitest';
import { DomainError } from '../../platform/errors/index.js';
import { ChannelDirectory } from '../channels/channel-directory.js';
import type { Channel } from '../channels/channel.js';
import { ModelCatalogue } from './model-catalogue.js';
import { ModelService, type Audience } from './model.service.js';
import type { ListedModel } from './model.js';

const BOUNDS = { contextWindow: 1_000, maxAnswerTokens: 100 };
const at = new Date(0);

function listed(name: string, more: Partial<ListedModel> = {}): ListedModel {
  return { name, ...BOUNDS, tokenizer: null, enabled: true, createdAt: at, updatedAt: at, ...more };
}

function channel(models: readonly string[], more: Partial<Channel> = {}): Channel {
  return {
    id: 'c', tenantId: undefined, name: 'c', kind: 'openai', baseUrl: 'https://api.example.com/v1', apiKey: 'k', proxyUrl: undefined, region: undefined, tags: [],
    models: models.map((model) => ({ model, upstreamName: model })), limits: {}, priority: 1, weight: 1, state: 'active', ...more,
  };
}

function serviceOf(channels: readonly Channel[], table: readonly ListedModel[] = []): ModelService {
  const catalogue = new ModelCatalogue([{ name: 'first', ...BOUNDS }, { name: 'second', ...BOUNDS }]);
  catalogue.replace(table);
  return new ModelService(catalogue, new ChannelDirectory(channels));
}

function audience(settings: Partial<Audience['settings']> = {}, platform: Audience['ctx']['platform'] = 'other', tenantId = 't'): Audience {
  return { ctx: { tenantId, platform }, settings: { models: undefined, defaultModel: undefined, modelAliases: {}, ...settings } };
}

const names = (service: ModelService, whom: Audience): string[] => service.list(whom).map(({ shownAs }) => shownAs);
const missing = (work: () => unknown): void => expect(work).toThrow(expect.objectContaining({ code: 'not_found', param: 'model' } satisfies Partial<DomainError>));

describe('ModelService', () => {
  const all = serviceOf([channel(['first', 'second', 'third'])], [listed('third', { tokenizer: 'cl100k_base' })]);

  it('offers what the settings allow and a channel serves', () => {
    expect(names(all, audience())).toEqual(['first', 'second', 'third']);
    expect(names(all, audience({ models: ['third', 'unknown'] }))).toEqual(['third']);
    expect(names(serviceOf([channel(['second', 'not-listed'])]), audience())).toEqual(['second']);
    expect(names(serviceOf([channel(['first'], { state: 'paused' }), channel(['second'], { state: 'disabled' })]), audience())).toEqual(['first']);
    const own = serviceOf([channel(['first'], { tenantId: 't' })]);
    expect([names(own, audience()), names(own, audience({}, 'other', 'u'))]).toEqual([['first'], []]);
  });

  it('takes what staff says of a name before the environment', () => {
    const service = serviceOf([channel(['first', 'second'])], [listed('first', { contextWindow: 5_000 }), listed('second', { enabled: false })]);
    expect([names(service, audience()), service.byName('first')?.contextWindow]).toEqual([['first'], 5_000]);
    expect(all.byName('third')?.encoding).toBe('cl100k_base');
    expect([...all.encodings()].sort()).toEqual(['cl100k_base', 'o200k_base']);
  });

  it('picks by name, else the default, else the first', () => {
    expect(all.pick('second', audience()).model.name).toBe('second');
    expect(all.pick(undefined, audience({ defaultModel: 'third' })).model.name).toBe('third');
    expect(all.pick(undefined, audience({ defaultModel: 'gone', models: ['second'] })).model.name).toBe('second');
    for (const wrong of [() => all.pick('unknown', audience()), () => all.pick('first', audience({ models: ['second'] })), () => all.pick(undefined, audience({ models: ['unknown'] })), () => all.pickStored('unknown', audience())]) missing(wrong);
  });

  it('says of a model whose channels are all disabled that it is not there now, and puts no other in its place', () => {
    const service = serviceOf([channel(['first']), channel(['second'], { id: 'd', state: 'disabled' }), channel(['third'], { id: 'e', state: 'disabled', tenantId: 'other' })], [listed('third')]);
    const away = (work: () => unknown): void => expect(work).toThrow(expect.objectContaining({ code: 'unavailable' } satisfies Partial<DomainError>));
    away(() => service.pick('second', audience()));
    away(() => service.pickStored('second', audience()));
    away(() => service.pick(undefined, audience({ defaultModel: 'second' })));
    missing(() => service.pick('third', audience()));
    missing(() => service.pick('second', audience({ models: ['first'] })));
    expect(service.pick(undefined, audience({ defaultModel: 'second', models: ['first'] })).model.name).toBe('first');
  });

  it('calls a model by the alias that hides it, where it does', () => {
    const settings = { modelAliases: { smart: { model: 'first', clients: ['ios' as const] } } };
    const [ios, other] = [audience(settings, 'ios'), audience(settings)];
    expect([names(all, ios), names(all, other)]).toEqual([['smart', 'second', 'third'], ['first', 'second', 'third']]);
    expect(all.pick('smart', ios)).toMatchObject({ model: { name: 'first' }, shownAs: 'smart' });
    expect(all.pick(undefined, ios).shownAs).toBe('smart');
    expect(all.pickStored('first', ios).shownAs).toBe('smart');
    expect(all.pick('first', other).shownAs).toBe('first');
    missing(() => all.pick('first', ios));
    missing(() => all.pick('smart', other));
  });

  it('lists an alias that hides nothing beside the name', () => {
    const whom = audience({ modelAliases: { beside: { model: 'first', hide: false } } });
    expect(names(all, whom)).toEqual(['first', 'beside', 'second', 'third']);
    expect([all.pick('beside', whom).shownAs, all.pick('first', whom).shownAs]).toEqual(['first', 'first']);
  });

  it('takes a name for the alias where it is one', () => {
    const whom = audience({ modelAliases: { second: { model: 'first', hide: false } } });
    expect(names(all, whom)).toEqual(['first', 'second', 'third']);
    expect(all.pick('second', whom).model.name).toBe('first');
    expect(all.pickStored('second', whom).model.name).toBe('second');
  });
});
