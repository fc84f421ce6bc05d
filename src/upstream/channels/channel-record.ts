import type { SealPlace } from '../../platform/crypto/index.js';
import type { Channel, ChannelKind, ChannelModel } from './channel.js';

/** A channel as its keepers see it: everything but its key. */
export interface ChannelRecord extends Omit<Channel, 'apiKey'> {
  readonly hasKey: boolean;
  /** Why it is disabled. */
  readonly stateReason: string | undefined;
  readonly stateChangedAt: Date | undefined;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** The same with its key, sealed. */
export interface SealedChannel extends ChannelRecord {
  readonly sealedKey: string | undefined;
}

/** What a person enters. */
export interface ChannelDraft {
  readonly name: string;
  readonly kind: ChannelKind;
  readonly baseUrl: string;
  readonly apiKey: string | null;
  readonly proxyUrl: string | null;
  readonly region: string | null;
  readonly tags: readonly string[];
  readonly models: readonly ChannelModel[];
  readonly requestsPerMinute: number | null;
  readonly tokensPerMinute: number | null;
  readonly concurrent: number | null;
  readonly priority: number;
  readonly weight: number;
  readonly hedgePercent: number | null;
}

/** A change: what is undefined stays, null removes. */
export type ChannelChange = { readonly [Field in Exclude<keyof ChannelDraft, 'kind'>]?: ChannelDraft[Field] | undefined };

/** What the seal of a key binds: one channel's key does not open as another's, nor as another tenant's. */
export function keyPlace(tenantId: string | undefined, channelId: string): SealPlace {
  return { tenantId: tenantId ?? 'platform', row: channelId, field: 'channel_key' };
}
