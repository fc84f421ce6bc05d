import { Injectable } from '@nestjs/common';
import type { RequestContext } from '../../platform/context/index.js';
import { Database } from '../../platform/database/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { newId } from '../../platform/values/index.js';
import { UserService } from '../../identity/index.js';
import { MediaService, WithheldCode } from '../../moderation/index.js';
import { TenantService } from '../../tenants/index.js';
import { ConversationRepository, type Conversation } from '../conversations/conversation.repository.js';
import { aigcLabel, handedOut, isGenerated, type HandOut } from '../labels/aigc-label.js';
import { inPages } from '../labels/conversation-reading.js';
import { LabelFreeService } from '../labels/label-free.service.js';
import { BEGINNING, END, MessageRepository, type Message } from '../messages/message.repository.js';
import { withoutCode } from '../messages/shown-words.js';
import { userOf } from '../run/owner.js';

/** Most bytes of an export that are held before the client has taken them: one page of messages. */
const PAGE = 50;

/** A user's right to take along what is kept of them. */
@Injectable()
export class AccountExportService {
  constructor(
    private readonly database: Database,
    private readonly users: UserService,
    private readonly conversations: ConversationRepository,
    private readonly messages: MessageRepository,
    private readonly tenants: TenantService,
    private readonly labelFree: LabelFreeService,
    private readonly media: MediaService,
    private readonly code: WithheldCode,
  ) {}

  /** Everything that is kept of the caller, as the pieces of one JSON text. It begins and ends with the visible label, and each answer has the implicit one (标识办法, Art. 4 and 5). */
  async *export(ctx: RequestContext): AsyncGenerator<string> {
    if (ctx.actor.kind !== 'user' || ctx.actor.via !== 'session') throw new DomainError('forbidden');
    const { displayName, settings: { compliance } } = await this.tenants.byId(ctx.tenantId);
    const own = { notice: compliance.notice, user: await this.users.exportOwn(ctx), avatar: await this.avatarOf(ctx), agreements: await this.labelFree.agreements(ctx) };
    yield `${JSON.stringify(own).slice(0, -1)},"conversations":[`;
    const handOut = { id: newId(), provider: compliance.provider ?? displayName };
    const shown = await this.tenants.modelNames(ctx);
    const filter = await this.code.filterFor(ctx);
    let first = true;
    for await (const conversation of this.all(ctx)) {
      const about = { id: conversation.id, title: conversation.title, model: shown(conversation.model), system_prompt: conversation.systemPrompt, created_at: conversation.createdAt };
      yield `${first ? '' : ','}${JSON.stringify(about).slice(0, -1)},"messages":[`;
      let before = '';
      for await (const message of this.messagesOf(ctx, conversation.id)) {
        yield before + JSON.stringify(exported({ ...withoutCode(message, filter), model: message.model === null ? null : shown(message.model) }, handOut));
        before = ',';
      }
      yield ']}';
      first = false;
    }
    yield `],"end_notice":${JSON.stringify(compliance.notice)}}`;
  }

  private async avatarOf(ctx: RequestContext): Promise<Record<string, unknown>> {
    const { shown, newest } = await this.media.of(ctx, userOf(ctx), 'avatar');
    return { shown: shown?.url, newest: newest?.url, state: newest?.state };
  }

  private async *all(ctx: RequestContext): AsyncGenerator<Conversation> {
    let after: { activeAt: string; id: string } | undefined;
    for (;;) {
      const rows = await this.database.readTenant(ctx, (tx) => this.conversations.list(tx, userOf(ctx), after, PAGE));
      const page = rows.slice(0, PAGE);
      yield* page;
      const last = page.at(-1);
      if (rows.length <= PAGE || last === undefined) return;
      after = { activeAt: last.activeAt.toISOString(), id: last.id };
    }
  }

  private messagesOf(ctx: RequestContext, conversationId: string): AsyncGenerator<Message> {
    return inPages(BEGINNING, PAGE, (after, count) => this.database.readTenant(ctx, (tx) => this.messages.page(tx, conversationId, { before: END, replaced: true }, after, count)));
  }
}

function exported(message: Message, handOut: HandOut): Record<string, unknown> {
  const content = handedOut(message);
  return {
    id: message.id,
    role: message.role,
    content,
    created_at: message.createdAt,
    ...(message.role === 'assistant' ? { state: message.state, model: message.model, replaced: message.superseded } : {}),
    ...(isGenerated({ role: message.role, content }) ? { AIGC: aigcLabel(message.id, handOut) } : {}),
  };
}
