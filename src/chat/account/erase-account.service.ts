import { Injectable } from '@nestjs/common';
import type { RequestContext } from '../../platform/context/index.js';
import { Database } from '../../platform/database/index.js';
import { StandingService, UserService } from '../../identity/index.js';
import { DeskErasure, MediaService } from '../../moderation/index.js';
import { ConversationRepository } from '../conversations/conversation.repository.js';
import { userOf } from '../run/owner.js';
import { RunControlService } from '../run/run-control.service.js';
import { RunRepository } from '../run/run.repository.js';

/** A user's right to be forgotten. */
@Injectable()
export class EraseAccountService {
  constructor(
    private readonly database: Database,
    private readonly users: UserService,
    private readonly standing: StandingService,
    private readonly conversations: ConversationRepository,
    private readonly runs: RunRepository,
    private readonly control: RunControlService,
    private readonly desk: DeskErasure,
    private readonly media: MediaService,
  ) {}

  /**
   * Erases the caller's account: running answers end, history goes, the user's row is pseudonymised. Rows of use and
   * money stay under the pseudonym, as the law and the books demand.
   */
  async erase(ctx: RequestContext): Promise<void> {
    const userId = userOf(ctx);
    const open = await this.database.readTenant(ctx, (tx) => this.runs.openOfUser(tx, userId));
    for (const runId of open) await this.control.endRun(ctx.tenantId, runId, { kind: 'stopped' });
    await this.database.inTenant(ctx, async (tx) => {
      await this.conversations.removeAll(tx, userId);
      await this.desk.erase(tx, userId);
      await this.media.erase(tx, userId);
      await this.users.erase(tx, userId);
    });
    await this.standing.erased(ctx, userId);
  }
}
