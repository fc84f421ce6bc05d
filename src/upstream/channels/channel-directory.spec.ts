import { describe, expect, it } from 'vitest';
import type { Channel } from './channel.js';
import { ChannelDirectory } from './channel-directory.js';

const MINE = 'tenant-a';
const THEIRS = 'tenant-b';

function channel(id: string, more: Partial<Channel> = {}): Channel {
  return {
    id, tenantId: undefined, name: id, kind: 'openai', baseUrl: 'https://api.example.com/v1', apiKey: 'k', proxyUrl: undefined, region: undefined, tags: [],
    models: [{ model: 'm', upstreamName: 'm' }], limits: {}, priority: 100, weight: 1, state: 'active', ...more,
  };
}

const idsOf = (channels: readonly Channel[]): string[] => channels.map(({ id }) => id);

describe('ChannelDirectory', () => {
  const directory = new ChannelDirectory([
    channel('shared'), channel('first', { priority: 1 }), channel('paused', { priority: 2, state: 'paused' }), channel('gone', { state: 'disabled' }), channel('other-model', { models: [{ model: 'n', upstreamName: 'n' }] }),
    channel('mine', { tenantId: MINE, priority: 900 }), channel('theirs', { tenantId: THEIRS }),
  ]);

  it('gives a tenant its own channels first, then the platform\'s by priority, and never somebody else\'s', () => {
    expect(idsOf(directory.candidates(MINE, 'm'))).toEqual(['mine', 'first', 'paused', 'shared']);
    expect(idsOf(directory.candidates('nobody', 'm'))).toEqual(['first', 'paused', 'shared']);
    expect(idsOf(directory.candidates(MINE, 'n'))).toEqual(['other-model']);
    expect(directory.candidates(MINE, 'unknown')).toEqual([]);
  });

  it('knows every channel by id, also a disabled one', () => {
    expect(directory.find('gone')?.state).toBe('disabled');
    expect(directory.find('nobody')).toBeUndefined();
  });

  it('keeps the platform\'s from a tenant that wants its own only, even where it has none', () => {
    const strict = new ChannelDirectory();
    let changes = 0;
    const stop = strict.onChange(() => { changes += 1; });
    strict.replace([channel('shared'), channel('mine', { tenantId: MINE })], [MINE, THEIRS]);
    expect([idsOf(strict.candidates(MINE, 'm')), idsOf(strict.candidates(THEIRS, 'm')), changes]).toEqual([['mine'], [], 1]);
    stop();
    strict.replace([], []);
    expect([idsOf(strict.candidates(MINE, 'm')), changes]).toEqual([[], 1]);
  });

  it('leaves out a channel that did not know the model, for half a minute, where another one is active', () => {
    let now = 1_000;
    const [first, second, paused] = [channel('first', { priority: 1 }), channel('second', { priority: 2 }), channel('paused', { priority: 3, state: 'paused' })];
    const forgetful = new ChannelDirectory([first, second, paused], () => now);
    forgetful.noteUnknown(first, 'm');
    expect(idsOf(forgetful.candidates('nobody', 'm'))).toEqual(['second', 'paused']);
    forgetful.noteUnknown(second, 'm');
    expect(idsOf(forgetful.candidates('nobody', 'm'))).toEqual(['first', 'second', 'paused']);
    now += 30_000;
    expect(idsOf(forgetful.candidates('nobody', 'm'))).toEqual(['first', 'second', 'paused']);
    forgetful.noteUnknown(first, 'm');
    forgetful.replace([{ ...first }, second, paused], []);
    expect(idsOf(forgetful.candidates('nobody', 'm'))).toEqual(['first', 'second', 'paused']);
  });
});
