import { Injectable } from '@nestjs/common';
import type { RequestContext } from '../../platform/context/index.js';
import { Database } from '../../platform/database/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { decodeCursor, isId, pageOf, type Page } from '../../platform/values/index.js';
import { TenantService } from '../../tenants/index.js';
import { WithheldCode } from '../../moderation/index.js';
import { ConversationService } from '../conversations/conversation.service.js';
import { MessageRepository, type Message } from './message.repository.js';
import { withoutCode } from './shown-words.js';

/** A message as it is shown, with the answers that it replaced. */
export interface ShownMessage {
  readonly message: Message;
  readonly alternatives: readonly Message[];
}

const POSITION = /^\d{1,9}$/;

/** Messages as their owner's client may see them: models under the names for it, code where it may be shown. Somebody else's are `not_found`. */
@Injectable()
export class ShownMessages {
  constructor(
    private readonly database: Database,
    private readonly messages: MessageRepository,
    private readonly conversations: ConversationService,
    private readonly tenants: TenantService,
    private readonly code: WithheldCode,
  ) {}

  /** Newest first; each answer with those that it replaced. */
  async page(ctx: RequestContext, conversationId: string, cursor: string | undefined, limit: number): Promise<Page<ShownMessage>> {
    const key = decodeCursor(cursor, [POSITION]);
    const before = key?.[0] === undefined ? undefined : parseInt(key[0], 10);
    await this.conversations.read(ctx, conversationId);
    const named = await this.tenants.modelNames(ctx);
    const filter = await this.code.filterFor(ctx);
    const shown = (message: Message): Message => withoutCode(message, filter);
    const newest = (message: Message): Message => ({ ...shown(message), model: message.model === null ? null : named(message.model) });
    return this.database.readTenant(ctx, async (tx) => {
      const page = pageOf(await this.messages.newest(tx, conversationId, before, limit + 1), limit, (message) => [String(message.position)]);
      const replaced = await this.messages.alternatives(tx, conversationId, page.data.filter((message) => message.role === 'assistant').map((message) => message.position));
      // An attempt that got no word is nothing to choose.
      const former = replaced.filter(({ content }) => content !== '');
      const data = page.data.map((message) => ({ message: newest(message), alternatives: former.filter((each) => message.role === 'assistant' && each.position === message.position).map(shown) }));
      return { data, nextCursor: page.nextCursor };
    });
  }

  /** The conversation of one of the caller's answers. */
  async conversationOf(ctx: RequestContext, answerId: string): Promise<string> {
    const message = isId(answerId) ? await this.database.readTenant(ctx, (tx) => this.messages.find(tx, answerId)) : undefined;
    if (message === undefined) throw new DomainError('not_found', { param: 'id' });
    if (message.role !== 'assistant') throw new DomainError('invalid_request', { param: 'id', message: 'id must be the id of an answer' });
    await this.conversations.read(ctx, message.conversationId);
    return message.conversationId;
  }
}
