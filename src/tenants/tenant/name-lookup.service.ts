import { Injectable } from '@nestjs/common';
import { systemPlatformContext } from '../../platform/context/index.js';
import { Database } from '../../platform/database/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { newId } from '../../platform/values/index.js';
import type { Tenant, TenantName } from './tenant.js';
import { TenantRepository } from './tenant.repository.js';

/** Most names that one query takes. */
const MOST_TOGETHER = 500;
/** Names that may wait; more are refused at once. */
const MOST_WAITING = 5_000;

interface Asked {
  readonly name: TenantName;
  readonly answer: PromiseWithResolvers<Tenant | undefined>;
}

/**
 * Reads tenants by name from the database for all callers of this process, one query at a time: what is asked
 * meanwhile goes together into the next. Anybody may ask for made-up names before a login, and no number of them
 * takes more than one connection.
 */
@Injectable()
export class NameLookup {
  /** By kind and name: asking twice is the same as once. */
  private waiting = new Map<string, Asked>();
  private reading = false;

  constructor(private readonly database: Database, private readonly repository: TenantRepository) {}

  /** @throws unavailable when too many wait; the driver's error. */
  find(name: TenantName): Promise<Tenant | undefined> {
    const key = keyOf(name);
    const waiting = this.waiting.get(key);
    if (waiting !== undefined) return waiting.answer.promise;
    if (this.waiting.size >= MOST_WAITING) return Promise.reject(new DomainError('unavailable', { retryAfterMs: 1_000 }));
    const asked: Asked = { name, answer: Promise.withResolvers() };
    this.waiting.set(key, asked);
    if (!this.reading) {
      this.reading = true;
      // Callers of the same turn of the loop go together.
      setImmediate(() => void this.readAll());
    }
    return asked.answer.promise;
  }

  /** Never rejects: every outcome goes to the callers. */
  private async readAll(): Promise<void> {
    while (this.waiting.size > 0) {
      const group = [...this.waiting].slice(0, MOST_TOGETHER);
      for (const [key] of group) this.waiting.delete(key);
      await this.read(group.map(([, asked]) => asked));
    }
    this.reading = false;
  }

  private async read(group: readonly Asked[]): Promise<void> {
    try {
      const tenants = await this.database.readPlatform(systemPlatformContext('tenant lookup', newId()), (tx) => this.repository.byNames(tx, group.map(({ name }) => name)));
      const byKey = new Map(tenants.flatMap((tenant) => namesOf(tenant).map((name) => [keyOf(name), tenant] as const)));
      for (const { name, answer } of group) answer.resolve(byKey.get(keyOf(name)));
    } catch (error) {
      for (const { answer } of group) answer.reject(error);
    }
  }
}

function keyOf({ kind, value }: TenantName): string {
  return `${kind}:${value}`;
}

function namesOf(tenant: Tenant): readonly TenantName[] {
  return [
    { kind: 'slug', value: tenant.slug },
    ...tenant.domains.map((value) => ({ kind: 'host', value }) as const),
    ...(tenant.appId === undefined ? [] : [{ kind: 'appId', value: tenant.appId } as const]),
  ];
}
