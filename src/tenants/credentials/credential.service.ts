import { Injectable } from '@nestjs/common';
import type { RequestContext } from '../../platform/context/index.js';
import { Sealer } from '../../platform/crypto/index.js';
import { Database, type PlatformTx } from '../../platform/database/index.js';
import { sealPlace, type CredentialField } from './credential.js';
import { CredentialRepository } from './credential.repository.js';

/** Seals and opens a tenant's secrets. Stays inside the room: upper rooms get clients, not secrets. */
@Injectable()
export class CredentialService {
  constructor(private readonly database: Database, private readonly repository: CredentialRepository, private readonly sealer: Sealer) {}

  /** Joins the change of the tenant; null removes. */
  async set(tx: PlatformTx, tenantId: string, field: CredentialField, plain: string | null): Promise<void> {
    if (plain === null) await this.repository.remove(tx, tenantId, field);
    else await this.repository.put(tx, tenantId, field, this.sealer.seal(plain, sealPlace(tenantId, field)));
  }

  /** Several at once, those that are set. @throws Error as `open` */
  async openSome<Field extends CredentialField>(ctx: RequestContext, fields: readonly Field[]): Promise<Readonly<Partial<Record<Field, string>>>> {
    const rows = await this.database.readTenant(ctx, (tx) => this.repository.readSome(tx, fields));
    return Object.fromEntries(rows.map(({ field, sealed }) => [field, this.sealer.open(sealed, sealPlace(ctx.tenantId, field))])) as Partial<Record<Field, string>>;
  }

  /** The secret in clear, undefined when none is set. @throws Error when it does not open under our master keys. */
  async open(ctx: RequestContext, field: CredentialField): Promise<string | undefined> {
    const sealed = await this.database.readTenant(ctx, (tx) => this.repository.read(tx, field));
    return sealed === undefined ? undefined : this.sealer.open(sealed, sealPlace(ctx.tenantId, field));
  }
}
