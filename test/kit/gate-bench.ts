import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Redis } from 'ioredis';
import { inject } from 'vitest';
import { AdmissionRepository, type Entered, type Pool } from '../../src/upstream/admission/admission.repository.js';
import type { ChannelTerms } from '../../src/upstream/admission/channel-terms.js';
import { holderOf, type CallReport, type Lease } from '../../src/upstream/admission/lease.js';
import { AdmissionSteps } from '../../src/upstream/admission/steps.js';
import type { Ticket } from '../../src/upstream/dispatch/ticket.js';
import { ROOT } from './servers.js';

const CLOCK = "local clock = redis.call('TIME')";
const BOUNDS = { ofTenant: 1_000_000, ofAll: 1_000_000, waitMs: 1e12 };
let used = 0;

export type TicketDraft = Partial<Ticket> & { readonly runId: string };

/** The gate against a real Redis, with a clock that the test moves: minutes pass in moments. */
export class GateBench {
  nowMs = Date.UTC(2026, 0, 1);

  private constructor(readonly redis: Redis, readonly gate: AdmissionRepository, private readonly folder: string) {}

  static async open(capacity = 1_000_000): Promise<GateBench> {
    const servers = inject('servers');
    used += 1;
    const url = new URL(servers.redisUrl);
    url.pathname = `/${(process.pid * 11 + used) % servers.redisDatabases}`;
    const redis = new Redis(url.toString());
    await redis.flushdb();
    const folder = await mkdtemp(join(tmpdir(), 'gate-'));
    await cp(resolve(ROOT, 'src/upstream/admission'), folder, { recursive: true });
    const budget = await readFile(join(folder, 'budget.lua'), 'utf8');
    if (!budget.includes(CLOCK)) throw new Error('budget.lua does not read the clock where the test expects it');
    // The die of a choice between channels is the microseconds: here a counter.
    await writeFile(join(folder, 'budget.lua'), budget.replace(CLOCK, "local clock = { redis.call('GET', 'test:seconds'), tonumber(redis.call('GET', 'test:micros')) + redis.call('INCR', 'test:die') % 900 }"));
    const bench = new GateBench(redis, new AdmissionRepository(redis, { breaker: { failures: 3, openMs: 5_000 } }, new AdmissionSteps(pathToFileURL(`${folder}/`))), folder);
    await bench.at(bench.nowMs);
    await bench.gate.renew('worker', capacity, []);
    return bench;
  }

  async at(ms: number): Promise<void> {
    this.nowMs = ms;
    await this.redis.mset('test:seconds', Math.floor(ms / 1000), 'test:micros', (ms % 1000) * 1000);
    // The workers are alive all the while.
    await this.redis.pexpire('{bailiao}:gate:capacity', 1e9);
  }

  async pass(ms: number): Promise<void> {
    await this.at(this.nowMs + ms);
  }

  ticket(draft: TicketDraft): Ticket {
    return { tenantId: 't', model: 'm', pool: '/m', flow: 'user-u', tier: 'interactive', tokens: 100, tenantWeight: 1, flowWeight: 8, subjects: [], submittedAt: this.nowMs, ...draft };
  }

  async enter(draft: TicketDraft, channels: readonly ChannelTerms[], limits: Parameters<AdmissionRepository['enter']>[3] = [], bounds: Partial<typeof BOUNDS> = {}): Promise<Entered> {
    return this.gate.enter(this.ticket({ subjects: limits.map((limit) => limit.name), ...draft }), channels, { ...BOUNDS, ...bounds }, limits);
  }

  async admit(channels: readonly ChannelTerms[], most = 100, pool = '/m'): Promise<{ readonly waitMs: number | undefined; readonly admitted: readonly { readonly ticket: Ticket; readonly lease: Lease }[] }> {
    return this.gate.admit([{ name: pool, channels }], most);
  }

  async admitAll(pools: readonly Pool[], most = 100): ReturnType<AdmissionRepository['admit']> {
    return this.gate.admit(pools, most);
  }

  async settle(runId: string, lease: Lease, terms: ChannelTerms, report: CallReport, subjects: readonly string[] = []): Promise<boolean> {
    return this.gate.settle({ run: runId, holder: holderOf(runId, lease), channel: lease.channelId, subjects }, lease, terms, 'm', report);
  }

  async close(): Promise<void> {
    await this.redis.flushdb();
    this.redis.disconnect();
    await rm(this.folder, { recursive: true });
  }
}

/** A channel's terms. */
export function terms(id: string, limits: Partial<Omit<ChannelTerms, 'id'>> = {}): ChannelTerms {
  return { id, pri: 1, w: 1, ...limits };
}
