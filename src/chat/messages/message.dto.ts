import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, Length, Matches } from 'class-validator';
import type { ShownMessage } from './shown-messages.service.js';
import type { Message } from './message.repository.js';

const STATES = ['complete', 'stopped', 'failed', 'refused', 'recalled', 'unjudged'] as const;
const FORMATS = ['openai', 'sse', 'wxapp'] as const;

export class SendMessageDto {
  @ApiProperty({ description: 'What the user says. Its bound is the model\'s window.', minLength: 1 })
  @IsString()
  @Length(1, 200_000)
  @Matches(/\S/, { message: 'content must not be blank' })
  content!: string;

  @ApiPropertyOptional({ description: 'Another model for this one answer.' })
  @IsOptional()
  @IsString()
  @Length(1, 100)
  model?: string;
}

/** The query of every route that streams. */
export class StreamQuery {
  @ApiPropertyOptional({ enum: FORMATS, description: 'Wire format; by Accept and client unless given.' })
  @IsOptional()
  @IsIn(FORMATS)
  format?: (typeof FORMATS)[number];
}

/** The query of the routes that begin a run. */
export class BeginQuery extends StreamQuery {
  @ApiPropertyOptional({ enum: ['true', 'false'], default: 'false', description: 'true: a run that still waits in the queue keeps its place when its client leaves. Otherwise leaving frees the place and the credits held. A run that has begun goes on either way.' })
  @IsOptional()
  @IsIn(['true', 'false'])
  keep?: 'true' | 'false';
}

export class ResumeQuery extends StreamQuery {
  @ApiPropertyOptional({ type: 'integer', minimum: 0, default: 0, description: 'The last seq that the client has; Last-Event-ID does the same.' })
  @IsOptional()
  @Matches(/^\d{1,9}$/, { message: 'after must be the seq of an event, a whole number' })
  after?: string;
}

export class AlternativeDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty() content!: string;
  @ApiProperty({ enum: STATES, description: 'refused: its words are not shown. recalled: the answer was broken off by moderation, or a person took it back, and is shown as it stands.' }) state!: string;
  @ApiProperty({ format: 'date-time' }) created_at!: string;
}

export class MessageDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ enum: ['user', 'assistant'] }) role!: string;
  @ApiProperty() content!: string;
  @ApiProperty({ enum: STATES, description: 'refused: its words are not shown. recalled: the answer was broken off by moderation, or a person took it back, and is shown as it stands. unjudged: a question that moderation has not judged to its end; its author alone sees it, and no export has it.' }) state!: string;
  @ApiProperty({ type: String, nullable: true, format: 'uuid' }) run_id!: string | null;
  @ApiProperty({ type: String, nullable: true }) model!: string | null;
  @ApiProperty({ type: String, nullable: true }) finish_reason!: string | null;
  @ApiProperty({ type: String, nullable: true, description: 'Why a failed or refused answer ended.' }) error_code!: string | null;
  @ApiProperty({ format: 'date-time' }) created_at!: string;
  @ApiProperty({ type: [AlternativeDto], description: 'Former answers to the same question, oldest first.' }) alternatives!: AlternativeDto[];
}

export function messageDto({ message, alternatives }: ShownMessage): MessageDto {
  return {
    id: message.id,
    role: message.role,
    content: shownContent(message),
    state: message.state,
    run_id: message.runId,
    model: message.model,
    finish_reason: message.finishReason,
    error_code: message.errorCode,
    created_at: message.createdAt.toISOString(),
    alternatives: alternatives.map((each) => ({ id: each.id, content: shownContent(each), state: each.state, created_at: each.createdAt.toISOString() })),
  };
}

/** Refused text is kept for the record, and never shown again. */
function shownContent(message: Message): string {
  return message.state === 'refused' ? '' : message.content;
}
