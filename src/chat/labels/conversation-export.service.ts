import { Injectable } from '@nestjs/common';
import type { RequestContext } from '../../platform/context/index.js';
import { Database } from '../../platform/database/index.js';
import { newId, nowDate } from '../../platform/values/index.js';
import { WithheldCode, type CodeFilter } from '../../moderation/index.js';
import { TenantService } from '../../tenants/index.js';
import { ConversationService } from '../conversations/conversation.service.js';
import { BEGINNING, MessageRepository, type Message } from '../messages/message.repository.js';
import { withoutCode } from '../messages/shown-words.js';
import { userOf } from '../run/owner.js';
import { aigcLabel, handedOut, isGenerated, type HandOut } from './aigc-label.js';
import { WRITERS, type DocumentFrame, type DocumentMessage, type ExportFormat } from './conversation-document.js';
import { inPages, spanOf, type ExportSpan } from './conversation-reading.js';
import { LabelFreeService } from './label-free.service.js';

/** Messages, and ids of messages, that are held while the document is written. */
const PAGE = 20;
const PAGE_OF_IDS = 500;

export interface ExportWish {
  readonly format: ExportFormat;
  /** `none`: without the visible label. */
  readonly label: 'visible' | 'none';
}

/** A file that is still being written. */
export interface ExportedFile {
  readonly mediaType: string;
  readonly name: string;
  readonly pieces: AsyncIterable<string>;
}

/** Gives a user one conversation as a file: what is shown of it, without answers that were replaced. */
@Injectable()
export class ConversationExportService {
  constructor(
    private readonly database: Database,
    private readonly tenants: TenantService,
    private readonly conversations: ConversationService,
    private readonly messages: MessageRepository,
    private readonly labelFree: LabelFreeService,
    private readonly code: WithheldCode,
  ) {}

  /**
   * Decides what goes into the file, and logs it where it has no visible label, before the first byte.
   * @throws not_found; forbidden (param `label`)
   */
  async open(ctx: RequestContext, conversationId: string, { format, label }: ExportWish): Promise<ExportedFile> {
    const { title, model, createdAt } = await this.conversations.read(ctx, conversationId);
    const { displayName, settings: { compliance } } = await this.tenants.byId(ctx.tenantId);
    const terms = label === 'none' ? await this.labelFree.terms(ctx) : undefined;
    const handOut: HandOut = { id: newId(), provider: compliance.provider ?? displayName };
    const span = await this.database.inTenant(ctx, async (tx) => {
      const shown = spanOf(await this.messages.newestKeys(tx, conversationId));
      if (terms !== undefined) await this.labelFree.record(tx, terms, { id: handOut.id, userId: userOf(ctx), conversationId, messageIds: generatedOf(shown), before: shown.before, format });
      return shown;
    });
    const frame: DocumentFrame = { id: conversationId, title, model, createdAt, exportedAt: nowDate(), notice: terms === undefined ? compliance.notice : undefined, generated: this.generated(ctx, conversationId, span), handOut };
    return { mediaType: WRITERS[format].mediaType, name: `conversation-${conversationId}.${format}`, pieces: this.write(ctx, { format, frame, span, shown: await this.tenants.modelNames(ctx), filter: await this.code.filterFor(ctx) }) };
  }

  private async *generated(ctx: RequestContext, conversationId: string, span: ExportSpan): AsyncGenerator<string> {
    const older = inPages(BEGINNING, PAGE_OF_IDS, (after, count) => this.database.readTenant(ctx, (tx) => this.messages.generated(tx, conversationId, span.before, after, count)));
    for await (const { id } of older) yield id;
    yield* generatedOf(span);
  }

  private async *messagesOf(ctx: RequestContext, conversationId: string, { before, newest }: ExportSpan): AsyncGenerator<Message> {
    yield* inPages(BEGINNING, PAGE, (after, count) => this.database.readTenant(ctx, (tx) => this.messages.page(tx, conversationId, { before, replaced: false }, after, count)));
    yield* await this.database.readTenant(ctx, (tx) => this.messages.byKeys(tx, conversationId, newest));
  }

  private async *write(ctx: RequestContext, plan: { readonly format: ExportFormat; readonly frame: DocumentFrame; readonly span: ExportSpan; readonly shown: (model: string) => string; readonly filter: (() => CodeFilter) | undefined }): AsyncGenerator<string> {
    const { frame, span, shown, filter } = plan;
    const writer = WRITERS[plan.format];
    yield* writer.head(frame);
    let first = true;
    for await (const row of this.messagesOf(ctx, frame.id, span)) {
      yield writer.message(documentMessage(withoutCode(row, filter), shown, frame.handOut), frame, first);
      first = false;
    }
    yield writer.tail(frame);
  }
}

function generatedOf({ newest }: ExportSpan): readonly string[] {
  return newest.filter(({ generated }) => generated).map(({ id }) => id);
}

function documentMessage(message: Message, shown: (model: string) => string, handOut: HandOut): DocumentMessage {
  const content = handedOut(message);
  const { id, role, state, createdAt } = message;
  return { id, role, content, state, createdAt, model: message.model === null ? null : shown(message.model), label: isGenerated({ role, content }) ? aigcLabel(id, handOut) : undefined };
}
