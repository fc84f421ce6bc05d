import type { Channel } from '../channels/channel.js';

/** A channel as the steps of admission read it. */
export interface ChannelTerms {
  readonly id: string;
  readonly rpm?: number;
  readonly tpm?: number;
  readonly con?: number;
  readonly pri: number;
  readonly w: number;
  readonly paused?: true;
}

export function termsOf(channel: Pick<Channel, 'id' | 'limits' | 'priority' | 'weight' | 'state'>): ChannelTerms {
  const { requestsPerMinute, tokensPerMinute, concurrent } = channel.limits;
  return {
    id: channel.id,
    pri: channel.priority,
    w: Math.max(1, channel.weight),
    ...(requestsPerMinute === undefined ? {} : { rpm: requestsPerMinute }),
    ...(tokensPerMinute === undefined ? {} : { tpm: tokensPerMinute }),
    ...(concurrent === undefined ? {} : { con: concurrent }),
    ...(channel.state === 'paused' ? { paused: true as const } : {}),
  };
}
