import { Injectable } from '@nestjs/common';
import type { RequestContext } from '../../platform/context/index.js';
import { Database, type TenantTx } from '../../platform/database/index.js';
import { newId, now } from '../../platform/values/index.js';
import { UserService } from '../../identity/index.js';
import type { PushMessage, UserContent } from '../../wechat/index.js';
import { DeskRulesRepository } from '../desk/desk-rules.repository.js';
import { LetterLogRepository } from './letter-log.repository.js';
import { afterEntering, afterWriting } from './reply-window.js';
import { ReplyWindowRepository } from './reply-window.repository.js';
import type { TicketMessage } from './ticket.js';
import { TicketMessageRepository } from './ticket-message.repository.js';
import { TicketRepository } from './ticket.repository.js';

type Written = Extract<PushMessage, { kind: 'user_message' }>;
type Entered = Extract<PushMessage, { kind: 'enter_session' }>;

/** What people write to the mini-program's customer service, as WeChat pushes it. Each letter is one transaction, and has its effect once. */
@Injectable()
export class SupportInbox {
  constructor(
    private readonly database: Database,
    private readonly letters: LetterLogRepository,
    private readonly rules: DeskRulesRepository,
    private readonly windows: ReplyWindowRepository,
    private readonly tickets: TicketRepository,
    private readonly messages: TicketMessageRepository,
    private readonly users: UserService,
  ) {}

  /** Somebody wrote. `hand_over`: WeChat's own desk is to answer, and nothing becomes a ticket; a letter that comes again is answered alike. */
  async written(ctx: RequestContext, letter: Written): Promise<'kept' | 'hand_over'> {
    return this.database.inTenant(ctx, async (tx) => {
      const { handOver } = await this.rules.read(tx);
      if (await this.letters.take(tx, letter.key)) {
        // Ticket before window, like a reply: nobody waits in a ring.
        if (!handOver) await this.keep(tx, letter);
        await this.renew(tx, letter, afterWriting);
      }
      return handOver ? 'hand_over' : 'kept';
    });
  }

  /** Somebody opened the session. */
  async entered(ctx: RequestContext, letter: Entered): Promise<void> {
    await this.database.inTenant(ctx, async (tx) => {
      if (await this.letters.take(tx, letter.key)) await this.renew(tx, letter, afterEntering);
    });
  }

  private async renew(tx: TenantTx, letter: Written | Entered, change: typeof afterWriting): Promise<void> {
    const window = await this.windows.lock(tx, letter.openid);
    await this.windows.write(tx, letter.openid, change(window, Math.min(now(), letter.createdAt * 1_000)));
  }

  private async keep(tx: TenantTx, letter: Written): Promise<void> {
    const userId = await this.users.idOfOpenid(tx, letter.openid);
    const ticket = await this.tickets.ask(tx, newId(), { openid: letter.openid, userId, runId: undefined, channel: 'wechat' });
    await this.messages.add(tx, ticket.id, { author: 'user', ...bodyOf(letter.content), via: 'wechat', delivery: 'kept' });
  }
}

function bodyOf(content: UserContent): Pick<TicketMessage, 'kind'> & { readonly text: string } {
  switch (content.type) {
    case 'text':
      return { kind: 'text', text: content.text };
    case 'image':
      return { kind: 'image', text: content.url ?? content.mediaId };
    case 'other':
      return { kind: 'other', text: content.name };
  }
}
