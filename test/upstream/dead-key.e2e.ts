import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemPlatformContext } from '../../src/platform/context/index.js';
import { Sealer } from '../../src/platform/crypto/index.js';
import { AllowList, OutboundGuard } from '../../src/platform/network/index.js';
import type { TenantService } from '../../src/tenants/index.js';
import { ModelCatalogue } from '../../src/upstream/catalogue/model-catalogue.js';
import { ModelRepository } from '../../src/upstream/catalogue/model.repository.js';
import { ChannelDirectory, DEFAULT_CHANNEL_ID } from '../../src/upstream/channels/channel-directory.js';
import type { ChannelDraft } from '../../src/upstream/channels/channel-record.js';
import { DEAD_KEY } from '../../src/upstream/channels/channel-state.js';
import { ChannelRegistry } from '../../src/upstream/channels/channel-registry.service.js';
import { ChannelRepository } from '../../src/upstream/channels/channel.repository.js';
import { UpstreamFeed } from '../../src/upstream/channels/upstream-feed.service.js';
import { UpstreamReading } from '../../src/upstream/channels/upstream-reading.service.js';
import { LedgerBench } from '../kit/ledger-bench.js';

const ctx = systemPlatformContext('test', 'test');
const tenantId = randomUUID();
const sealer = new Sealer({ current: 1, byVersion: new Map([[1, randomBytes(32)]]) });
const guard = new OutboundGuard(new AllowList([]));
const repository = new ChannelRepository();
const draft: ChannelDraft = {
  name: 'one', kind: 'openai', baseUrl: 'https://1.1.1.1/v1', apiKey: 'first key', proxyUrl: null, region: null, tags: [], models: [{ model: 'm', upstreamName: 'm' }],
  requestsPerMinute: null, tokensPerMinute: null, concurrent: null, priority: 1, weight: 1, hedgePercent: null,
};

let bench: LedgerBench;

/** A node of the platform: a memory and a registry of its own, on the common database; it hears no news. */
class DeafNode {
  readonly directory = new ChannelDirectory();
  readonly logged: unknown[] = [];
  readonly feed: UpstreamFeed;
  readonly registry: ChannelRegistry;

  constructor(seals = sealer) {
    const tenants = { read: async (_: unknown, id: string) => ({ id }), withOwnChannelsOnly: async () => [] } as unknown as TenantService;
    const bus = { onGap: () => () => undefined, subscribe: async () => () => undefined, publish: async () => undefined };
    const logger = { error: (what: unknown) => this.logged.push(what), warn: (what: unknown) => this.logged.push(what) };
    const reading = new UpstreamReading(bench.database, tenants, repository, new ModelRepository());
    this.feed = new UpstreamFeed(logger as never, reading, this.directory, new ModelCatalogue([]), guard, seals, bus as never);
    this.registry = new ChannelRegistry(bench.database, repository, tenants, this.directory, this.feed, guard, seals);
  }

  async read(): Promise<void> {
    await this.feed.onModuleInit();
    this.feed.onApplicationShutdown();
  }
}

beforeAll(async () => {
  bench = await LedgerBench.open();
  await bench.sql('INSERT INTO tenants (tenant_id, slug, display_name) VALUES ($1, $2, $2)', [tenantId, 'deaf']);
});
afterAll(async () => bench.close());

describe('a channel whose key is dead', () => {
  it.each([undefined, tenantId])('is disabled once, with the reason (owner %s)', async (owner) => {
    const node = new DeafNode();
    const { id } = await node.registry.create(ctx, owner, { ...draft, name: 'dead' });
    expect(node.directory.candidates(tenantId, 'm').map((channel) => channel.apiKey)).toContain('first key');
    expect([await node.registry.disable(id, 'the upstream refused the key (401)'), await node.registry.disable(id, 'again')]).toEqual([true, false]);
    expect(await node.registry.read(ctx, owner, id)).toMatchObject({ state: 'disabled', stateReason: 'the upstream refused the key (401)', stateChangedAt: expect.any(Date) });
    expect(node.directory.find(id)?.state).toBe('disabled');
    expect(node.directory.candidates(tenantId, 'm')).toEqual([]);
    expect(await node.registry.move(ctx, owner, id, 'enable', undefined)).toMatchObject({ state: 'active', stateReason: undefined });
    await node.registry.remove(ctx, owner, id);
  });

  it.each([undefined, tenantId])('comes back with a new key, and not with another change (owner %s)', async (owner) => {
    const node = new DeafNode();
    const { id } = await node.registry.create(ctx, owner, { ...draft, name: 'revived' });
    expect(await node.registry.disable(id, DEAD_KEY)).toBe(true);
    expect((await node.registry.update(ctx, owner, id, { weight: 2 })).state).toBe('disabled');
    expect(await node.registry.update(ctx, owner, id, { apiKey: 'second key' })).toMatchObject({ state: 'active', stateReason: undefined });
    expect(node.directory.candidates(tenantId, 'm').map(({ apiKey }) => apiKey)).toEqual(['second key']);
    await node.registry.move(ctx, owner, id, 'disable', 'by hand');
    expect((await node.registry.update(ctx, owner, id, { apiKey: 'third key' })).state).toBe('disabled');
    await node.registry.remove(ctx, owner, id);
  });

  it('is left alone when its key was replaced meanwhile, and so is what no table holds', async () => {
    const late = new DeafNode();
    const staff = new DeafNode();
    const { id } = await staff.registry.create(ctx, undefined, { ...draft, name: 'replaced' });
    await late.read();
    await staff.registry.update(ctx, undefined, id, { apiKey: 'second key' });
    expect(await late.registry.disable(id, 'late')).toBe(false);
    expect((await staff.registry.read(ctx, undefined, id)).state).toBe('active');
    expect(staff.directory.find(id)?.apiKey).toBe('second key');
    for (const unknown of [DEFAULT_CHANNEL_ID, randomUUID()]) expect(await staff.registry.disable(unknown, 'x')).toBe(false);
    await staff.registry.remove(ctx, undefined, id);
  });
});

describe('a channel that can not be used as it stands', () => {
  it('counts as disabled, and takes no other one with it', async () => {
    const node = new DeafNode();
    const bad = await node.registry.create(ctx, undefined, { ...draft, name: 'moved' });
    const inside = await node.registry.create(ctx, undefined, { ...draft, name: 'inside', apiKey: null });
    const good = await node.registry.create(ctx, undefined, { ...draft, name: 'good', priority: 2 });
    const kept = node.directory.find(good.id);
    await bench.sql('UPDATE channels SET sealed_key = (SELECT sealed_key FROM channels WHERE id = $2) WHERE id = $1', [bad.id, good.id]);
    await bench.sql(`UPDATE channels SET base_url = 'https://169.254.169.254/v1' WHERE id = $1`, [inside.id]);
    const fresh = new DeafNode();
    await fresh.read();
    expect(fresh.directory.candidates(tenantId, 'm').map(({ id }) => id)).toEqual([good.id]);
    expect([bad.id, inside.id].map((id) => fresh.directory.find(id)?.state)).toEqual(['disabled', 'disabled']);
    await node.feed.tell('all');
    expect(node.directory.find(bad.id)?.state).toBe('disabled');
    // What did not change is the same object.
    expect(node.directory.find(good.id)).toBe(kept);
    expect(fresh.logged).toMatchObject([{ channel: bad.id }, { channel: inside.id }]);
    expect(JSON.stringify(fresh.logged)).not.toContain('key"');
  });
});
