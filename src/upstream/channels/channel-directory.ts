import type { Channel } from './channel.js';

/** The channel that the environment configures (`OPENAI_*`): the platform's, without limits, trusted as it is. */
export const DEFAULT_CHANNEL_ID = '00000000-0000-7000-8000-000000000001';

/** For so long a channel that did not know a model is not asked for it, in ms. */
const UNKNOWN_MS = 30_000;

type ByModel = ReadonlyMap<string, readonly Channel[]>;

/** The channels as this process knows them, in memory: asked on every message. */
export class ChannelDirectory {
  private byId: ReadonlyMap<string, Channel> = new Map();
  private ofPlatform: ByModel = new Map();
  private ofTenants: ReadonlyMap<string, ByModel> = new Map();
  private ownOnly: ReadonlySet<string> = new Set();
  private readonly handlers = new Set<() => void>();
  /** Models that channels did not know, each until when. By the channel as it is: one that was changed is asked again at once. */
  private readonly unknown = new WeakMap<Channel, Map<string, number>>();

  constructor(channels: readonly Channel[] = [], private readonly clock: () => number = () => performance.now()) {
    this.replace(channels, []);
  }

  /**
   * The channels that may serve a model to a tenant, paused ones included, the preferred first: its own before the
   * platform's, which a tenant that wants its own only does not get; then by priority. One that did not know the model
   * a moment ago is left out where another one is active.
   */
  candidates(tenantId: string, model: string): readonly Channel[] {
    const all = this.entered(tenantId, model);
    if (!all.some((channel) => this.isUnknown(channel, model))) return all;
    const known = all.filter((channel) => !this.isUnknown(channel, model));
    return known.some(({ state }) => state === 'active') ? known : all;
  }

  /** The upstream of a channel said that it has no such model. Remembered by this process, for half a minute. */
  noteUnknown(channel: Channel, model: string): void {
    const models = this.unknown.get(channel) ?? new Map<string, number>();
    this.unknown.set(channel, models.set(model, this.clock() + UNKNOWN_MS));
  }

  /** Whether a model has channels for a tenant, usable or not. */
  knows(tenantId: string, model: string): boolean {
    const isFor = (channel: Channel): boolean => channel.tenantId === tenantId || (channel.tenantId === undefined && !this.ownOnly.has(tenantId));
    return this.all().some((channel) => isFor(channel) && channel.models.some((each) => each.model === model));
  }

  find(id: string): Channel | undefined {
    return this.byId.get(id);
  }

  /** All of them, disabled ones included. */
  all(): readonly Channel[] {
    return [...this.byId.values()];
  }

  /** Calls `handler` after every change. The answer ends it. */
  onChange(handler: () => void): () => void {
    this.handlers.add(handler);
    return () => this.handlers.delete(handler);
  }

  /** From here on these are the channels. @param ownOnly tenants that want their own only. */
  replace(channels: readonly Channel[], ownOnly: readonly string[]): void {
    this.byId = new Map(channels.map((channel) => [channel.id, channel]));
    const usable = channels.filter(({ state }) => state !== 'disabled').sort((a, b) => a.priority - b.priority);
    const owners = new Set(usable.flatMap(({ tenantId }) => tenantId ?? []));
    const ownedBy = Map.groupBy(usable, ({ tenantId }) => tenantId);
    this.ofPlatform = byModel(ownedBy.get(undefined) ?? []);
    this.ofTenants = new Map([...owners].map((tenantId) => [tenantId, byModel(ownedBy.get(tenantId) ?? [])]));
    this.ownOnly = new Set(ownOnly);
    for (const handler of this.handlers) handler();
  }

  private isUnknown(channel: Channel, model: string): boolean {
    return (this.unknown.get(channel)?.get(model) ?? 0) > this.clock();
  }

  private entered(tenantId: string, model: string): readonly Channel[] {
    const own = this.ofTenants.get(tenantId)?.get(model) ?? [];
    if (this.ownOnly.has(tenantId)) return own;
    const shared = this.ofPlatform.get(model) ?? [];
    return own.length === 0 ? shared : [...own, ...shared];
  }
}

function byModel(channels: readonly Channel[]): ByModel {
  const found = new Map<string, Channel[]>();
  for (const channel of channels) {
    for (const { model } of channel.models) {
      const others = found.get(model);
      if (others === undefined) found.set(model, [channel]);
      else others.push(channel);
    }
  }
  return found;
}
