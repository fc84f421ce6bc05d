import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, Matches } from 'class-validator';
import { DELIVERIES, SUPPORT_CHANNELS, TICKET_STATES, type Delivery, type ReplyWish, type SupportChannel, type Ticket, type TicketInDetail, type TicketMessage, type TicketState } from '../../moderation/index.js';
import { PageQuery } from '../../platform/http/index.js';
import { ID, type Page } from '../../platform/values/index.js';

/** 1 to 2,000 characters (code points), not only blanks. */
const TEXT = /^(?=[^]*\S)[^\0]{1,2000}$/u;

export class TicketQuery extends PageQuery {
  @ApiPropertyOptional({ enum: TICKET_STATES })
  @IsOptional()
  @IsIn(TICKET_STATES)
  state?: TicketState;

  @ApiPropertyOptional({ format: 'uuid' })
  @IsOptional()
  @IsString()
  @Matches(ID, { message: 'user_id must be an id' })
  user_id?: string;
}

export class ReplyDto {
  @ApiProperty({ maxLength: 2000, description: 'At most 2,048 bytes (UTF-8) where it goes through WeChat.' })
  @IsString()
  @Matches(TEXT, { message: 'text must have 1 to 2000 characters, not only blanks' })
  text!: string;

  @ApiPropertyOptional({ enum: SUPPORT_CHANNELS, description: 'app: to be read in the mini-program; wechat: a customer-service message. Where the person wrote last, unless told.' })
  @IsOptional()
  @IsIn(SUPPORT_CHANNELS)
  via?: SupportChannel;

  static toWish(dto: ReplyDto, requestKey: string | undefined): ReplyWish {
    return { text: dto.text, via: dto.via, requestKey };
  }
}

export class TicketMessageDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ enum: ['user', 'staff'] }) author!: 'user' | 'staff';
  @ApiProperty({ type: String, format: 'uuid', nullable: true }) staff_id!: string | null;
  @ApiProperty({ enum: ['text', 'image', 'other'] }) kind!: TicketMessage['kind'];
  @ApiProperty({ type: String, nullable: true, description: 'Of an image its address at WeChat.' }) text!: string | null;
  @ApiProperty({ enum: SUPPORT_CHANNELS }) via!: SupportChannel;
  @ApiProperty({ enum: DELIVERIES, description: 'unknown: WeChat did not say whether it took it; it may have been read.' }) delivery!: Delivery;
  @ApiProperty({ format: 'date-time' }) created_at!: string;

  static of(message: TicketMessage): TicketMessageDto {
    return {
      id: message.id, author: message.author, staff_id: message.staffId ?? null, kind: message.kind, text: message.text ?? null,
      via: message.via, delivery: message.delivery, created_at: message.createdAt.toISOString(),
    };
  }
}

export class TicketDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty() openid!: string;
  @ApiProperty({ type: String, format: 'uuid', nullable: true, description: 'null: nobody who ever logged in.' }) user_id!: string | null;
  @ApiProperty({ type: String, format: 'uuid', nullable: true, description: 'The answer that it is about, as the user says.' }) run_id!: string | null;
  @ApiProperty({ enum: SUPPORT_CHANNELS, description: 'Where the person wrote last.' }) channel!: SupportChannel;
  @ApiProperty({ enum: TICKET_STATES, description: 'open: somebody waits for an answer.' }) state!: TicketState;
  @ApiProperty({ format: 'date-time' }) created_at!: string;
  @ApiProperty({ format: 'date-time' }) asked_at!: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) closed_at!: string | null;

  static of(ticket: Ticket): TicketDto {
    return {
      id: ticket.id, openid: ticket.openid, user_id: ticket.userId ?? null, run_id: ticket.runId ?? null, channel: ticket.channel, state: ticket.state,
      created_at: ticket.createdAt.toISOString(), asked_at: ticket.askedAt.toISOString(), closed_at: ticket.closedAt?.toISOString() ?? null,
    };
  }
}

export class TicketInDetailDto extends TicketDto {
  @ApiProperty({ type: [TicketMessageDto], description: 'The newest 100, oldest of them first.' }) messages!: TicketMessageDto[];
  @ApiProperty({ type: 'integer', description: 'How many replies WeChat lets through now.' }) wechat_replies_left!: number;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) wechat_replies_until!: string | null;

  static ofDetail({ ticket, messages, wechat }: TicketInDetail): TicketInDetailDto {
    return { ...TicketDto.of(ticket), messages: messages.map((message) => TicketMessageDto.of(message)), wechat_replies_left: wechat.left, wechat_replies_until: wechat.until?.toISOString() ?? null };
  }
}

export class TicketListDto {
  data!: TicketDto[];
  next_cursor!: string | null;

  static of(page: Page<Ticket>): TicketListDto {
    return { data: page.data.map((ticket) => TicketDto.of(ticket)), next_cursor: page.nextCursor ?? null };
  }
}
