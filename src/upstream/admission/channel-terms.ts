import type { Channel } from '../channels/channel.js';

/** A channel as the steps of admission read it. */
export interface ChannelTerms {
  readonly id: string;
  /** The tenant whose own channel it is; absent: the platform's. */
  readonly owner?: string;
  readonly rpm?: number;
  readonly tpm?: number;
  readonly con?: number;
  readonly pri: number;
  readonly w: number;
  readonly paused?: true;
}

/** Sets the platform's channels behind a tenant's own, whatever their numbers. */
const BEHIND_OWN = 10_000;

/** The terms of a tenant's candidates: its own first. */
export function ranked(candidates: readonly Channel[]): readonly ChannelTerms[] {
  const hasOwn = candidates.some(({ tenantId }) => tenantId !== undefined);
  return candidates.map((channel) => (hasOwn && channel.tenantId === undefined ? { ...termsOf(channel), pri: channel.priority + BEHIND_OWN } : termsOf(channel)));
}

export function termsOf(channel: Pick<Channel, 'id' | 'tenantId' | 'limits' | 'priority' | 'weight' | 'state'>): ChannelTerms {
  const { requestsPerMinute, tokensPerMinute, concurrent } = channel.limits;
  return {
    id: channel.id,
    pri: channel.priority,
    w: Math.max(1, channel.weight),
    ...(channel.tenantId === undefined ? {} : { owner: channel.tenantId }),
    ...(requestsPerMinute === undefined ? {} : { rpm: requestsPerMinute }),
    ...(tokensPerMinute === undefined ? {} : { tpm: tokensPerMinute }),
    ...(concurrent === undefined ? {} : { con: concurrent }),
    ...(channel.state === 'paused' ? { paused: true as const } : {}),
  };
}
