/** How a channel is spoken to: an OpenAI-compatible server, or a GGUF model served by a child process of ours. */
export type ChannelKind = 'openai' | 'local';

/** `paused`: tickets wait for it. `disabled`: as if it were not there, by a person or because its key is dead. */
export type ChannelState = 'active' | 'paused' | 'disabled';

/** What the owner of the key may ask of the upstream; an absent limit is none. */
export interface ChannelLimits {
  readonly requestsPerMinute?: number;
  /** Prompt and answer together. */
  readonly tokensPerMinute?: number;
  /** Answers under way at once. */
  readonly concurrent?: number;
}

/** A model that a channel serves. */
export interface ChannelModel {
  /** Its name in our catalogue. */
  readonly model: string;
  /** Its name at the upstream. */
  readonly upstreamName: string;
  /** What the upstream asks, in micro-yuan per 1,000 tokens, for cost reports; absent: unknown. */
  readonly price?: { readonly input: bigint; readonly cachedInput: bigint; readonly output: bigint };
}

/** A way to models: a server, a key, and how much may be asked of it. */
export interface Channel {
  readonly id: string;
  /** The tenant whose own key it is; undefined: the platform's. */
  readonly tenantId: string | undefined;
  readonly name: string;
  readonly kind: ChannelKind;
  /** Ends without a slash, usually in `/v1`; for `local` the path of the GGUF file. */
  readonly baseUrl: string;
  /** Unsealed, for calls only. Never logged, never shown. */
  readonly apiKey: string;
  /** An HTTP proxy on the way to it. */
  readonly proxyUrl: string | undefined;
  readonly region: string | undefined;
  readonly tags: readonly string[];
  readonly models: readonly ChannelModel[];
  readonly limits: ChannelLimits;
  /** Channels of the lowest number are used first; the next ones when those have no room or are sick. */
  readonly priority: number;
  /** Its share among channels of the same priority. */
  readonly weight: number;
  /** At most so many of 100 of its calls get a second one on another channel, when their first words are late; absent: none. */
  readonly hedgePercent?: number;
  readonly state: ChannelState;
}
