import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, IsString, Length, MaxLength, ValidateIf } from 'class-validator';
import type { Conversation } from './conversation.repository.js';

export class CreateConversationDto {
  @ApiPropertyOptional({ description: 'Made from the first exchange unless given.', maxLength: 120 })
  @IsOptional()
  @IsString()
  @Length(1, 120)
  title?: string;

  @ApiPropertyOptional({ description: 'One of GET /v1/models; the default of the tenant unless given.' })
  @IsOptional()
  @IsString()
  @Length(1, 100)
  model?: string;

  @ApiPropertyOptional({ maxLength: 16000 })
  @IsOptional()
  @IsString()
  @MaxLength(16_000)
  system_prompt?: string;
}

export class UpdateConversationDto {
  @ApiPropertyOptional({ maxLength: 120 })
  @IsOptional()
  @IsString()
  @Length(1, 120)
  title?: string;

  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  @Length(1, 100)
  model?: string;

  @ApiPropertyOptional({ type: String, nullable: true, maxLength: 16000, description: 'null removes it: the one of the tenant applies.' })
  @ValidateIf((dto: UpdateConversationDto) => dto.system_prompt !== null && dto.system_prompt !== undefined)
  @IsString()
  @MaxLength(16_000)
  system_prompt?: string | null;
}

export class ConversationDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ type: String, nullable: true }) title!: string | null;
  @ApiProperty() model!: string;
  @ApiProperty({ type: String, nullable: true }) system_prompt!: string | null;
  @ApiProperty({ format: 'date-time' }) created_at!: string;
  @ApiProperty({ format: 'date-time' }) active_at!: string;
}

export function conversationDto(row: Conversation): ConversationDto {
  return {
    id: row.id,
    title: row.title,
    model: row.model,
    system_prompt: row.systemPrompt,
    created_at: row.createdAt.toISOString(),
    active_at: row.activeAt.toISOString(),
  };
}
