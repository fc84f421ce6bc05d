import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { StaffActionService } from '../../identity/index.js';
import { systemContext, type RequestContext } from '../../platform/context/index.js';
import { Database } from '../../platform/database/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { Bus, NewsCache } from '../../platform/redis/index.js';
import { LOGGER, errorFields, type Logger } from '../../platform/telemetry/index.js';
import { newId } from '../../platform/values/index.js';
import type { ModerationPolicy } from './policy.js';
import { PolicyRepository, type PolicyRow } from './policy.repository.js';
import { changedPolicy, effectivePolicy, type PolicyChange, type StoredPolicy } from './stored-policy.js';

const CACHE = { channel: 'moderation-policies.changed', max: 10_000, ttlMs: 60_000 } as const;

/** A tenant's policy as staff sees it. */
export interface PolicyRecord {
  /** In force, defaults included. */
  readonly policy: ModerationPolicy;
  /** What the tenant set itself. */
  readonly own: StoredPolicy;
  /** Undefined: nothing was ever set. */
  readonly updatedAt: Date | undefined;
}

/** How each tenant's texts are judged. Read from this process's memory; a change holds on every node within a second. */
@Injectable()
export class PolicyService implements OnModuleInit {
  private readonly cache: NewsCache<ModerationPolicy>;

  constructor(
    private readonly database: Database,
    private readonly repository: PolicyRepository,
    private readonly actions: StaffActionService,
    bus: Bus,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.cache = new NewsCache(bus, { ...CACHE, staleBy: (tenantId) => ({ key: tenantId }) });
  }

  async onModuleInit(): Promise<void> {
    await this.cache.follow();
  }

  /** The policy in force. Errors: the driver's, when PostgreSQL is away and the policy is not in memory. */
  async of(tenantId: string): Promise<ModerationPolicy> {
    return this.cache.get(tenantId, () => this.load(tenantId));
  }

  /** The policy will be asked for in a moment. */
  foresee(tenantId: string): void {
    this.cache.foresee(tenantId, () => this.load(tenantId));
  }

  async read(ctx: RequestContext): Promise<PolicyRecord> {
    return recordOf(await this.database.readTenant(ctx, (tx) => this.repository.find(tx)));
  }

  /**
   * Changes what is given, and makes the next version of it. A change that changes nothing makes none.
   * @param version that the change was made from; undefined: whatever there is.
   * @throws DomainError `conflict` (param `version`) when there is another by now; `invalid_request` for a wrong threshold
   */
  async change(ctx: RequestContext, change: PolicyChange, version?: number): Promise<PolicyRecord> {
    const row = await this.database.inTenant(ctx, async (tx) => {
      const before = await this.repository.lock(tx);
      if (version !== undefined && version !== before.version) throw new DomainError('conflict', { param: 'version', message: `version is ${before.version} by now; read the policy again (策略已被修改)` });
      const stored = changedPolicy(before.stored, change);
      if (sameTree(stored, before.stored)) return before;
      const after = await this.repository.replace(tx, stored, ctx.actor.kind === 'staff' ? ctx.actor.staffId : null);
      await this.actions.record(tx, { action: 'policy.change', subjectId: ctx.tenantId, note: `version ${after.version}: ${Object.keys(change).join(', ')}`.slice(0, 500) });
      return after;
    });
    await this.tell(ctx.tenantId);
    return recordOf(row);
  }

  private async load(tenantId: string): Promise<ModerationPolicy> {
    return (await this.read(systemContext(tenantId, 'moderation policy', newId()))).policy;
  }

  /** It is committed: a message that is lost costs the other nodes a minute, a failure here would make the caller write it twice. */
  private async tell(tenantId: string): Promise<void> {
    await this.cache.tell(tenantId).catch((error: unknown) => this.logger.warn({ tenant: tenantId, ...errorFields(error) }, 'a change of a moderation policy could not be told'));
  }
}

function recordOf(row: PolicyRow | undefined): PolicyRecord {
  const { stored, version } = row ?? { stored: {}, version: 0 };
  return { policy: effectivePolicy(stored, version), own: stored, updatedAt: version === 0 ? undefined : row?.updatedAt };
}

/** PostgreSQL keeps the keys of a jsonb in an order of its own. */
function sameTree(one: object, other: object): boolean {
  return canonical(one) === canonical(other);
}

function canonical(tree: unknown): string {
  return JSON.stringify(tree, (_, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value);
}
