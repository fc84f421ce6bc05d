import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, IsString, Matches } from 'class-validator';
import { ID, type Page } from '../../platform/values/index.js';
import type { TicketInDetail } from './support.service.js';
import { DELIVERIES, SUPPORT_CHANNELS, TICKET_STATES, type Delivery, type SupportChannel, type Ticket, type TicketMessage, type TicketState } from './ticket.js';

/** 1 to 2,000 characters (code points), not only blanks. */
const TEXT = /^(?=[^]*\S)[^\0]{1,2000}$/u;

export class AskForPersonDto {
  @ApiProperty({ maxLength: 2000 })
  @IsString()
  @Matches(TEXT, { message: 'text must have 1 to 2000 characters, not only blanks' })
  text!: string;

  @ApiPropertyOptional({ format: 'uuid', description: 'The answer that it is about.' })
  @IsOptional()
  @IsString()
  @Matches(ID, { message: 'run_id must be an id' })
  run_id?: string;
}

export class OwnTicketMessageDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ enum: ['user', 'staff'] }) author!: 'user' | 'staff';
  @ApiProperty({ enum: ['text', 'image', 'other'] }) kind!: TicketMessage['kind'];
  @ApiProperty({ type: String, nullable: true }) text!: string | null;
  @ApiProperty({ enum: SUPPORT_CHANNELS }) via!: SupportChannel;
  @ApiProperty({ enum: DELIVERIES }) delivery!: Delivery;
  @ApiProperty({ format: 'date-time' }) created_at!: string;

  static of(message: TicketMessage): OwnTicketMessageDto {
    return { id: message.id, author: message.author, kind: message.kind, text: message.text ?? null, via: message.via, delivery: message.delivery, created_at: message.createdAt.toISOString() };
  }
}

/** A ticket as its user sees it. */
export class OwnTicketDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ enum: TICKET_STATES }) state!: TicketState;
  @ApiProperty({ type: String, format: 'uuid', nullable: true }) run_id!: string | null;
  @ApiProperty({ format: 'date-time' }) created_at!: string;
  @ApiProperty({ format: 'date-time', description: 'When you wrote last.' }) asked_at!: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) closed_at!: string | null;

  static of(ticket: Ticket): OwnTicketDto {
    return { id: ticket.id, state: ticket.state, run_id: ticket.runId ?? null, created_at: ticket.createdAt.toISOString(), asked_at: ticket.askedAt.toISOString(), closed_at: ticket.closedAt?.toISOString() ?? null };
  }
}

export class OwnTicketInDetailDto extends OwnTicketDto {
  @ApiProperty({ type: [OwnTicketMessageDto], description: 'The newest 100, oldest of them first.' }) messages!: OwnTicketMessageDto[];

  static ofDetail({ ticket, messages }: TicketInDetail): OwnTicketInDetailDto {
    return { ...OwnTicketDto.of(ticket), messages: messages.map((message) => OwnTicketMessageDto.of(message)) };
  }
}

export class OwnTicketListDto {
  data!: OwnTicketDto[];
  next_cursor!: string | null;

  static of(page: Page<Ticket>): OwnTicketListDto {
    return { data: page.data.map((ticket) => OwnTicketDto.of(ticket)), next_cursor: page.nextCursor ?? null };
  }
}
