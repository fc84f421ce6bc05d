import { Injectable } from '@nestjs/common';
import type { RequestContext } from '../../platform/context/index.js';
import { Database } from '../../platform/database/index.js';
import { StaffActionService } from '../../identity/index.js';
import type { DeskRules } from './desk-rules.js';
import { DeskRulesRepository } from './desk-rules.repository.js';

/** A tenant's rules for people's work. */
@Injectable()
export class DeskRulesService {
  constructor(private readonly database: Database, private readonly repository: DeskRulesRepository, private readonly actions: StaffActionService) {}

  async read(ctx: RequestContext): Promise<DeskRules> {
    return this.database.readTenant(ctx, (tx) => this.repository.read(tx));
  }

  /** Replaces them all. What was decided by the former ones stays. */
  async replace(ctx: RequestContext, rules: DeskRules): Promise<DeskRules> {
    return this.database.inTenant(ctx, async (tx) => {
      await this.repository.write(tx, rules);
      await this.actions.record(tx, { action: 'desk.change', subjectId: ctx.tenantId });
      return rules;
    });
  }
}
