import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsISO8601, IsOptional, IsUUID, Matches } from 'class-validator';
import type { DeliveryFilter, LabelFreeDelivery } from '../../chat/index.js';
import { PageQuery } from '../../platform/http/index.js';
import type { Page } from '../../platform/values/index.js';

/** RFC 3339 in UTC, as all times of the API. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$/;

export class DeliveryQuery extends PageQuery {
  @ApiPropertyOptional({ format: 'uuid' }) @IsOptional() @IsUUID() user_id?: string;
  @ApiPropertyOptional({ format: 'uuid' }) @IsOptional() @IsUUID() conversation_id?: string;
  @ApiPropertyOptional({ format: 'uuid', description: 'The ProduceID of the metadata.' }) @IsOptional() @IsUUID() message_id?: string;
  @ApiPropertyOptional({ format: 'date-time', description: 'This moment and later.' }) @IsOptional() @Matches(TIME) @IsISO8601({ strict: true }) from?: string;
  @ApiPropertyOptional({ format: 'date-time', description: 'Before this moment.' }) @IsOptional() @Matches(TIME) @IsISO8601({ strict: true }) to?: string;

  static toFilter({ user_id: userId, conversation_id: conversationId, message_id: messageId, from, to }: DeliveryQuery): DeliveryFilter {
    return { userId, conversationId, messageId, from: from === undefined ? undefined : new Date(from), to: to === undefined ? undefined : new Date(to) };
  }
}

export class DeliveryDto {
  @ApiProperty({ format: 'uuid', description: "The PropagateID of the content's metadata." }) id!: string;
  @ApiProperty({ format: 'uuid' }) user_id!: string;
  @ApiProperty({ format: 'uuid' }) conversation_id!: string;
  @ApiProperty({ type: 'integer', description: 'Generated messages in it.' }) message_count!: number;
  @ApiProperty({ enum: ['md', 'txt', 'json'] }) format!: string;
  @ApiProperty() agreement_version!: string;
  @ApiProperty({ format: 'date-time' }) agreed_at!: string;
  @ApiProperty() request_id!: string;
  @ApiProperty({ format: 'date-time' }) at!: string;

  static of(delivery: LabelFreeDelivery): DeliveryDto {
    return {
      id: delivery.id, user_id: delivery.userId, conversation_id: delivery.conversationId, message_count: delivery.messageCount, format: delivery.format,
      agreement_version: delivery.agreementVersion, agreed_at: delivery.agreedAt.toISOString(), request_id: delivery.requestId, at: delivery.at.toISOString(),
    };
  }
}

export class DeliveryListDto {
  @ApiProperty({ type: [DeliveryDto] }) data!: DeliveryDto[];
  @ApiProperty({ type: String, nullable: true }) next_cursor!: string | null;

  static of(page: Page<LabelFreeDelivery>): DeliveryListDto {
    return { data: page.data.map((delivery) => DeliveryDto.of(delivery)), next_cursor: page.nextCursor ?? null };
  }
}

export class DeliveryWithMessagesDto extends DeliveryDto {
  @ApiProperty({ type: [String], description: 'The ProduceIDs of what was delivered.' }) message_ids!: string[];

  static ofWhole(delivery: LabelFreeDelivery & { readonly messageIds: readonly string[] }): DeliveryWithMessagesDto {
    return { ...DeliveryDto.of(delivery), message_ids: [...delivery.messageIds] };
  }
}
