import type { ChannelState } from './channel.js';

/** Why a channel is disabled whose upstream refuses its key: a new key brings it back. */
export const DEAD_KEY = 'the upstream refuses the key';

/** What staff may do with a channel's state. */
export type ChannelMove = 'pause' | 'resume' | 'disable' | 'enable';

/** The legal moves. One that leads to where the channel is already changes nothing. */
export const CHANNEL_MOVES: Readonly<Record<ChannelMove, { readonly from: readonly ChannelState[]; readonly to: ChannelState }>> = {
  pause: { from: ['active'], to: 'paused' },
  resume: { from: ['paused'], to: 'active' },
  disable: { from: ['active', 'paused'], to: 'disabled' },
  enable: { from: ['disabled'], to: 'active' },
};
