import { Injectable } from '@nestjs/common';
import type { RequestContext } from '../../platform/context/index.js';
import { Database, type TenantTx } from '../../platform/database/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { newId, nowDate } from '../../platform/values/index.js';
import { WithheldCode, type CodeFilter } from '../../moderation/index.js';
import { TenantService } from '../../tenants/index.js';
import { ConversationService } from '../conversations/conversation.service.js';
import { MessageRepository, type Message, type MessageKey } from '../messages/message.repository.js';
import { withoutCode } from '../messages/shown-words.js';
import { userOf } from '../run/owner.js';
import { aigcLabel, handedOut, isGenerated, type HandOut } from './aigc-label.js';
import { WRITERS, type DocumentFrame, type DocumentMessage, type ExportFormat } from './conversation-document.js';
import { LabelFreeService } from './label-free.service.js';

/** Keys are held while the document is written: 20,000 are some MB. Texts are held a page at a time. */
const MOST_MESSAGES = 20_000;
const PAGE = 20;

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
   * @throws not_found; invalid_request (param `id`) for more than 20,000 messages; forbidden (param `label`)
   */
  async open(ctx: RequestContext, conversationId: string, { format, label }: ExportWish): Promise<ExportedFile> {
    const { title, model, createdAt } = await this.conversations.read(ctx, conversationId);
    const { displayName, settings: { compliance } } = await this.tenants.byId(ctx.tenantId);
    const terms = label === 'none' ? await this.labelFree.terms(ctx) : undefined;
    const handOut: HandOut = { id: newId(), provider: compliance.provider ?? displayName };
    const { keys, generated } = await this.database.inTenant(ctx, async (tx) => {
      const shown = await this.keys(tx, conversationId);
      const messageIds = shown.filter((key) => key.generated).map(({ id }) => id);
      if (terms !== undefined) await this.labelFree.record(tx, terms, { id: handOut.id, userId: userOf(ctx), conversationId, messageIds, format });
      return { keys: shown, generated: messageIds };
    });
    const frame: DocumentFrame = { id: conversationId, title, model, createdAt, exportedAt: nowDate(), notice: terms === undefined ? compliance.notice : undefined, generated, handOut };
    return { mediaType: WRITERS[format].mediaType, name: `conversation-${conversationId}.${format}`, pieces: this.write(ctx, { format, frame, keys, shown: await this.tenants.modelNames(ctx), filter: await this.code.filterFor(ctx) }) };
  }

  private async keys(tx: TenantTx, conversationId: string): Promise<readonly MessageKey[]> {
    const keys = await this.messages.shownKeys(tx, conversationId, MOST_MESSAGES + 1);
    if (keys.length > MOST_MESSAGES) throw new DomainError('invalid_request', { param: 'id', message: `the conversation has more than ${MOST_MESSAGES} messages: GET /v1/me/export has them all` });
    return keys;
  }

  private async *write(ctx: RequestContext, plan: { readonly format: ExportFormat; readonly frame: DocumentFrame; readonly keys: readonly MessageKey[]; readonly shown: (model: string) => string; readonly filter: (() => CodeFilter) | undefined }): AsyncGenerator<string> {
    const { frame, keys, shown, filter } = plan;
    const writer = WRITERS[plan.format];
    yield* writer.head(frame);
    let first = true;
    for (let from = 0; from < keys.length; from += PAGE) {
      const rows = await this.database.inTenant(ctx, (tx) => this.messages.byKeys(tx, frame.id, keys.slice(from, from + PAGE)));
      for (const row of rows) {
        yield writer.message(documentMessage(withoutCode(row, filter), shown, frame.handOut), frame, first);
        first = false;
      }
    }
    yield writer.tail(frame);
  }
}

function documentMessage(message: Message, shown: (model: string) => string, handOut: HandOut): DocumentMessage {
  const content = handedOut(message);
  const { id, role, state, createdAt } = message;
  return { id, role, content, state, createdAt, model: message.model === null ? null : shown(message.model), label: isGenerated({ role, content }) ? aigcLabel(id, handOut) : undefined };
}
