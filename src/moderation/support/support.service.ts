import { Injectable } from '@nestjs/common';
import type { RequestContext } from '../../platform/context/index.js';
import { Database, type TenantTx } from '../../platform/database/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { ID, decodeCursor, newId, now, pageOf, type Page } from '../../platform/values/index.js';
import { RateLimits, StaffActionService, UserService, actingUserId, type Limit } from '../../identity/index.js';
import { answersLeft } from './reply-window.js';
import { ReplyWindowRepository } from './reply-window.repository.js';
import type { Ticket, TicketMessage } from './ticket.js';
import { TicketMessageRepository } from './ticket-message.repository.js';
import { TicketRepository, type TicketFilter } from './ticket.repository.js';

/** Of one user. */
const ASK_LIMIT: Limit = { name: 'support', points: 20, seconds: 3_600 };
/** Most messages that are shown of a ticket: the newest. */
const SHOWN = 100;

interface PageWish {
  readonly cursor?: string | undefined;
  readonly limit: number;
}

/** A ticket with its newest messages, and what WeChat lets us write to the person now. */
export interface TicketInDetail {
  readonly ticket: Ticket;
  readonly messages: readonly TicketMessage[];
  readonly wechat: { readonly left: number; readonly until: Date | undefined };
}

/** Customer service by people: users ask, staff read and close. Answering is `SupportReplyService`'s. */
@Injectable()
export class SupportService {
  constructor(
    private readonly database: Database,
    private readonly tickets: TicketRepository,
    private readonly messages: TicketMessageRepository,
    private readonly windows: ReplyWindowRepository,
    private readonly users: UserService,
    private readonly limits: RateLimits,
    private readonly actions: StaffActionService,
  ) {}

  /** The acting user asks for a person. While a ticket of theirs is not closed, this adds to it. @throws rate_limited, forbidden, not_found */
  async ask(ctx: RequestContext, wish: { readonly text: string; readonly runId?: string | undefined }): Promise<TicketInDetail> {
    const userId = actingUserId(ctx);
    await this.limits.takeNamed(ASK_LIMIT, ctx.tenantId, userId);
    const { openid } = await this.users.read(ctx);
    return this.database.inTenant(ctx, async (tx) => {
      const ticket = await this.tickets.ask(tx, newId(), { openid, userId, runId: wish.runId, channel: 'app' });
      await this.messages.add(tx, ticket.id, { author: 'user', kind: 'text', text: wish.text, via: 'app', delivery: 'kept' });
      return this.detail(tx, ticket);
    });
  }

  /** The acting user's, newest first. @throws invalid_request (param `cursor`), forbidden */
  async listOwn(ctx: RequestContext, page: PageWish): Promise<Page<Ticket>> {
    return this.list(ctx, { userId: actingUserId(ctx) }, page);
  }

  /** @throws not_found for another's, forbidden */
  async readOwn(ctx: RequestContext, id: string): Promise<TicketInDetail> {
    const found = await this.read(ctx, id);
    if (found.ticket.userId !== actingUserId(ctx)) throw missing();
    return found;
  }

  /** For staff, newest first. @throws invalid_request (param `cursor`) */
  async list(ctx: RequestContext, filter: TicketFilter, page: PageWish): Promise<Page<Ticket>> {
    const before = decodeCursor(page.cursor, [ID])?.[0];
    const rows = await this.database.readTenant(ctx, (tx) => this.tickets.list(tx, filter, before, page.limit + 1));
    return pageOf(rows, page.limit, ({ id }) => [id]);
  }

  /** @throws not_found (param `ticket_id`) */
  async read(ctx: RequestContext, id: string): Promise<TicketInDetail> {
    return this.database.inTenant(ctx, async (tx) => this.detail(tx, await this.found(tx, id)));
  }

  /** What the person writes next begins another one. Doing it twice is the same as once. @throws not_found (param `ticket_id`) */
  async close(ctx: RequestContext, id: string): Promise<TicketInDetail> {
    return this.database.inTenant(ctx, async (tx) => {
      const { userId } = await this.found(tx, id);
      if (await this.tickets.close(tx, id, ctx.actor.kind === 'staff' ? ctx.actor.staffId : undefined)) await this.actions.record(tx, { action: 'ticket.close', subjectId: id, userId });
      return this.detail(tx, await this.found(tx, id));
    });
  }

  private async detail(tx: TenantTx, ticket: Ticket): Promise<TicketInDetail> {
    const { left, until } = answersLeft(await this.windows.read(tx, ticket.openid), now());
    return { ticket, messages: await this.messages.newest(tx, ticket.id, SHOWN), wechat: { left, until: until === undefined ? undefined : new Date(until) } };
  }

  private async found(tx: TenantTx, id: string): Promise<Ticket> {
    const ticket = await this.tickets.find(tx, id);
    if (ticket === undefined) throw missing();
    return ticket;
  }
}

function missing(): DomainError {
  return new DomainError('not_found', { param: 'ticket_id' });
}
