import { Injectable } from '@nestjs/common';
import type { RequestContext } from '../../platform/context/index.js';
import { Database, type TenantTx } from '../../platform/database/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { ID, decodeCursor, pageOf, type Page } from '../../platform/values/index.js';
import { TenantService, type LabelFreeTerms } from '../../tenants/index.js';
import { userOf } from '../run/owner.js';
import { LabelLogRepository, type Agreement, type AgreementKind, type DeliveryDraft, type DeliveryFilter, type LabelFreeDelivery } from './label-log.repository.js';

/**
 * Generated text without its visible label (标识办法, Art. 9): only where the tenant allows it, only for a user who
 * accepted the tenant's terms in force, which put duty and liability on them, and never without a trace.
 */
@Injectable()
export class LabelFreeService {
  constructor(private readonly database: Database, private readonly tenants: TenantService, private readonly log: LabelLogRepository) {}

  /**
   * The acting user accepts terms. Doing it twice is the same as once.
   * @throws forbidden where the tenant has no such terms; conflict (param `version`) when others are in force
   */
  async accept(ctx: RequestContext, kind: AgreementKind, version: string): Promise<Agreement> {
    const terms = await this.terms(ctx);
    if (terms.version !== version) throw new DomainError('conflict', { param: 'version', message: `当前生效的协议版本是 ${terms.version} (version ${terms.version} of the terms is in force)` });
    return this.database.inTenant(ctx, (tx) => this.log.accept(tx, userOf(ctx), kind, version));
  }

  /** What the acting user accepted, newest first. */
  async agreements(ctx: RequestContext): Promise<readonly Agreement[]> {
    return this.database.readTenant(ctx, (tx) => this.log.agreementsOf(tx, userOf(ctx)));
  }

  /** The terms that label-free content is given under. @throws forbidden (param `label`) where the tenant gives none */
  async terms(ctx: RequestContext): Promise<LabelFreeTerms> {
    const { labelFreeTerms } = (await this.tenants.settingsOf(ctx.tenantId)).compliance;
    if (labelFreeTerms === undefined) throw new DomainError('forbidden', { param: 'label', message: '本服务不提供无标识内容 (content is not given without its label here)' });
    return labelFreeTerms;
  }

  /** Logs a delivery in the transaction before it. @throws forbidden (param `label`) when the user has not accepted the terms */
  async record(tx: TenantTx, terms: LabelFreeTerms, delivery: Omit<DeliveryDraft, 'agreementVersion' | 'agreedAt' | 'requestId'>): Promise<void> {
    const accepted = await this.log.accepted(tx, delivery.userId, 'label_free', terms.version);
    if (accepted === undefined) throw new DomainError('forbidden', { param: 'label', message: `请先同意《无标识内容使用协议》 (accept version ${terms.version} of the terms first: POST /v1/me/agreements)` });
    await this.log.record(tx, { ...delivery, agreementVersion: accepted.version, agreedAt: accepted.at, requestId: tx.ctx.requestId });
  }

  /** For staff. Newest first. @throws invalid_request for a cursor that is not ours */
  async deliveries(ctx: RequestContext, filter: DeliveryFilter, page: { readonly cursor?: string | undefined; readonly limit: number }): Promise<Page<LabelFreeDelivery>> {
    const before = decodeCursor(page.cursor, [ID])?.[0];
    const rows = await this.database.readTenant(ctx, (tx) => this.log.search(tx, filter, before, page.limit + 1));
    return pageOf(rows, page.limit, (row) => [row.id]);
  }

  /** For staff. @throws not_found (param `delivery_id`) */
  async delivery(ctx: RequestContext, id: string): Promise<LabelFreeDelivery & { readonly messageIds: readonly string[] }> {
    const found = await this.database.readTenant(ctx, (tx) => this.log.find(tx, id));
    if (found === undefined) throw new DomainError('not_found', { param: 'delivery_id' });
    return found;
  }
}
