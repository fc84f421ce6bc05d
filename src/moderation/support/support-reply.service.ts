import { Injectable } from '@nestjs/common';
import type { RequestContext } from '../../platform/context/index.js';
import { Database, type TenantTx } from '../../platform/database/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { now } from '../../platform/values/index.js';
import { StaffActionService } from '../../identity/index.js';
import { TenantWechat } from '../../tenants/index.js';
import { WechatError } from '../../wechat/index.js';
import { NoticeRepository } from '../notices/notice.repository.js';
import { deniedBy, isUnknown, sendingRefusal, windowRefusal } from './refusal.js';
import { afterAnswering, afterDenial, afterRefusal, type ReplyWindow } from './reply-window.js';
import { ReplyWindowRepository } from './reply-window.repository.js';
import { WECHAT_TEXT_BYTES, type SupportChannel, type Ticket, type TicketMessage } from './ticket.js';
import { TicketMessageRepository } from './ticket-message.repository.js';
import { TicketRepository } from './ticket.repository.js';

/** WeChat answers within a second or not at all. */
const SENDING_MS = 5_000;

export interface ReplyWish {
  readonly text: string;
  /** Where the person wrote last, unless told. */
  readonly via?: SupportChannel | undefined;
  /** The same key is the same reply. */
  readonly requestKey?: string | undefined;
}

/** A reply that is written down, and is to be sent where `taken` says of which window. */
interface Written {
  readonly message: TicketMessage;
  readonly ticket: Ticket;
  readonly taken: 'written' | 'entered' | undefined;
}

/**
 * Answers of staff. Through WeChat: written down and counted first, then sent, then its end noted, so that a crash
 * between leaves a reply of unknown fate, and never a second one.
 */
@Injectable()
export class SupportReplyService {
  constructor(
    private readonly database: Database,
    private readonly tickets: TicketRepository,
    private readonly messages: TicketMessageRepository,
    private readonly windows: ReplyWindowRepository,
    private readonly notices: NoticeRepository,
    private readonly actions: StaffActionService,
    private readonly wechat: TenantWechat,
  ) {}

  /**
   * @returns the reply; its `delivery` is `unknown` where WeChat did not say whether it took it.
   * @throws not_found (param `ticket_id`), conflict (closed; the window is over; the key is another reply's), rate_limited (the window is used up),
   * invalid_request (too long for WeChat), upstream_error, unavailable, forbidden
   */
  async reply(ctx: RequestContext, ticketId: string, wish: ReplyWish): Promise<TicketMessage> {
    const written = await this.database.inTenant(ctx, (tx) => this.write(tx, ticketId, wish));
    if (written.taken === undefined) return written.message;
    return this.send(ctx, written, written.taken, wish.text);
  }

  private async write(tx: TenantTx, ticketId: string, wish: ReplyWish): Promise<Written> {
    const { actor } = tx.ctx;
    if (actor.kind !== 'staff') throw new DomainError('forbidden');
    const ticket = await this.tickets.lock(tx, ticketId);
    if (ticket === undefined) throw new DomainError('not_found', { param: 'ticket_id' });
    const earlier = wish.requestKey === undefined ? undefined : await this.messages.ofRequest(tx, ticketId, wish.requestKey);
    if (earlier !== undefined) return { message: sameReply(earlier, wish), ticket, taken: undefined };
    if (ticket.state === 'closed') throw new DomainError('conflict', { param: 'ticket_id', message: '工单已关闭 (this ticket is closed)' });
    const via = wish.via ?? ticket.channel;
    const taken = via === 'wechat' ? await this.take(tx, ticket.openid, wish.text) : undefined;
    const id = await this.messages.add(tx, ticketId, { author: 'staff', staffId: actor.staffId, kind: 'text', text: wish.text, via, delivery: taken === undefined ? 'kept' : 'sending', requestKey: wish.requestKey });
    await this.tickets.setState(tx, ticketId, 'answered');
    await this.actions.record(tx, { action: 'ticket.reply', subjectId: ticketId, userId: ticket.userId });
    if (taken === undefined && ticket.userId !== undefined) await this.notices.add(tx, ticket.userId, { kind: 'support_replied', subjectId: ticketId, text: '客服已回复你的问题。' });
    return { message: await this.found(tx, ticketId, id), ticket, taken };
  }

  /** Takes one answer of the window. */
  private async take(tx: TenantTx, openid: string, text: string): Promise<'written' | 'entered'> {
    if (Buffer.byteLength(text) > WECHAT_TEXT_BYTES) throw new DomainError('invalid_request', { param: 'text', message: `text must not be longer than ${WECHAT_TEXT_BYTES} bytes for WeChat` });
    const window = await this.windows.lock(tx, openid);
    const next = afterAnswering(window, now());
    if (typeof next === 'string') throw windowRefusal(next);
    await this.windows.write(tx, openid, next);
    return next.entered === window.entered ? 'written' : 'entered';
  }

  private async send(ctx: RequestContext, { message, ticket }: Written, taken: 'written' | 'entered', text: string): Promise<TicketMessage> {
    try {
      await this.wechat.customerMessage(ctx.tenantId, { openid: ticket.openid, content: { type: 'text', text } }, AbortSignal.timeout(SENDING_MS));
    } catch (error) {
      if (!(error instanceof WechatError) || isUnknown(error)) return this.conclude(ctx, ticket, message.id, 'unknown', undefined);
      const denied = deniedBy(error);
      await this.conclude(ctx, ticket, message.id, 'failed', (window) => (denied === undefined ? afterRefusal(window, taken, now()) : afterDenial(window, denied)));
      throw denied === undefined ? sendingRefusal(error) : windowRefusal(denied);
    }
    return this.conclude(ctx, ticket, message.id, 'sent', undefined);
  }

  private async conclude(ctx: RequestContext, ticket: Ticket, messageId: string, delivery: 'sent' | 'failed' | 'unknown', correct: ((window: ReplyWindow) => ReplyWindow) | undefined): Promise<TicketMessage> {
    return this.database.inTenant(ctx, async (tx) => {
      await this.messages.conclude(tx, ticket.id, messageId, delivery);
      if (delivery === 'failed') await this.tickets.setState(tx, ticket.id, 'open');
      if (correct !== undefined) await this.windows.write(tx, ticket.openid, correct(await this.windows.lock(tx, ticket.openid)));
      return this.found(tx, ticket.id, messageId);
    });
  }

  private async found(tx: TenantTx, ticketId: string, id: string): Promise<TicketMessage> {
    const message = await this.messages.find(tx, ticketId, id);
    if (message === undefined) throw new DomainError('not_found', { param: 'ticket_id' });
    return message;
  }
}

function sameReply(earlier: TicketMessage, wish: ReplyWish): TicketMessage {
  if (earlier.text !== wish.text) throw new DomainError('conflict', { param: 'Idempotency-Key', message: 'this Idempotency-Key was used for another reply' });
  return earlier;
}
