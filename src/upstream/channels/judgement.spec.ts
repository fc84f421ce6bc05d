import { describe, expect, it } from 'vitest';
import { UpstreamFailure } from '../stream/failure.js';
import { judge } from './judgement.js';

describe('judge', () => {
  it.each([[undefined, 1_000], [0, 1_000], [150, 150], [30_000, 30_000]])('keeps away from a channel that has too many and says %s ms for %i ms', (told, blockedMs) => {
    expect(judge(new UpstreamFailure('rate_limited', 429, told), 'openai')).toMatchObject({ again: 'elsewhere', blockedMs });
  });

  it.each([['malformed', true], ['empty', false], ['not_found', false]] as const)('asks elsewhere after %s; the channel is sick: %s', (kind, sick) => {
    expect(judge(new UpstreamFailure(kind, 200), 'openai')).toMatchObject({ again: 'elsewhere', sick });
  });

  it.each([['connect', true], ['cut', false], ['timeout', false]] as const)('gives a booking back only where the upstream cannot have counted the call (%s: %s)', (kind, unsent) => {
    for (const channel of ['openai', 'local'] as const) expect(judge(new UpstreamFailure(kind), channel)).toMatchObject({ again: 'elsewhere', sick: true, unsent });
  });
});
