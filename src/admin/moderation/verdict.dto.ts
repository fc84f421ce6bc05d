import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsISO8601, IsOptional, IsString, IsUUID, Matches } from 'class-validator';
import { ACTIONS, LAYERS, STAGES, type Action, type Layer, type Stage, type VerdictFilter, type VerdictRow, type VerdictWithText } from '../../moderation/index.js';
import { PageQuery } from '../../platform/http/index.js';
import type { Page } from '../../platform/values/index.js';

/** A moment with its zone, so that nobody's midnight is taken for another's. */
const MOMENT = /(?:Z|[+-]\d\d:\d\d)$/;
const FAULT = { message: 'must be a time with its zone, such as 2026-11-21T08:00:00Z' };

export class VerdictQuery extends PageQuery {
  @ApiPropertyOptional({ format: 'date-time' }) @IsOptional() @IsISO8601({ strict: true }) @Matches(MOMENT, { message: `from ${FAULT.message}` }) from?: string;
  @ApiPropertyOptional({ format: 'date-time', description: 'Not included.' }) @IsOptional() @IsISO8601({ strict: true }) @Matches(MOMENT, { message: `to ${FAULT.message}` }) to?: string;
  @ApiPropertyOptional({ format: 'uuid' }) @IsOptional() @IsUUID() user_id?: string;
  @ApiPropertyOptional({ format: 'uuid' }) @IsOptional() @IsUUID() run_id?: string;
  @ApiPropertyOptional({ enum: LAYERS }) @IsOptional() @IsIn(LAYERS) layer?: Layer;
  @ApiPropertyOptional({ enum: STAGES }) @IsOptional() @IsIn(STAGES) stage?: Stage;
  @ApiPropertyOptional({ enum: ACTIONS, description: 'What was done.' }) @IsOptional() @IsIn(ACTIONS) action?: Action;
  @ApiPropertyOptional({ maxLength: 100, description: 'Category of the finding.' }) @IsOptional() @IsString() @Matches(/^[^\0]{1,100}$/u, { message: 'label must have 1 to 100 characters' }) label?: string;

  static toFilter({ from, to, user_id, run_id, layer, stage, action, label }: VerdictQuery): VerdictFilter {
    return { from: from === undefined ? undefined : new Date(from), to: to === undefined ? undefined : new Date(to), userId: user_id, runId: run_id, layer, stage, action, label };
  }
}

export class VerdictDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ format: 'date-time' }) created_at!: string;
  @ApiProperty({ enum: STAGES }) stage!: string;
  @ApiProperty({ enum: LAYERS }) layer!: string;
  @ApiProperty({ description: 'Of the lists, the endpoint or the model that was asked.' }) version!: string;
  @ApiProperty({ enum: ACTIONS, description: 'What the layer asked for.' }) asked!: string;
  @ApiProperty({ enum: ACTIONS, description: 'What was done.' }) action!: string;
  @ApiProperty() label!: string;
  @ApiProperty({ type: Number, nullable: true, description: '0 to 1' }) score!: number | null;
  @ApiProperty({ type: String, nullable: true, description: "The layer's own name for the call." }) trace_id!: string | null;
  @ApiProperty({ type: String, nullable: true, description: 'Why the layer could not judge.' }) failure!: string | null;
  @ApiProperty({ type: String, nullable: true, description: 'The listed word that decided. null also where it was sealed under a master key that is gone.' }) hit!: string | null;
  @ApiProperty({ type: 'integer' }) latency_ms!: number;
  @ApiProperty({ description: 'The same text was judged before.' }) cached!: boolean;
  @ApiProperty({ description: 'Judged for the record only.' }) shadow!: boolean;
  @ApiProperty({ type: String, format: 'uuid', nullable: true }) user_id!: string | null;
  @ApiProperty({ type: String, format: 'uuid', nullable: true }) conversation_id!: string | null;
  @ApiProperty({ type: String, format: 'uuid', nullable: true }) run_id!: string | null;
  @ApiProperty({ type: String, format: 'uuid', nullable: true }) message_id!: string | null;
  @ApiProperty({ type: String, nullable: true, description: 'The same for equal texts of the tenant, as long as the master key is the same; it tells nothing else of them. null: written by an earlier release.' }) text_digest!: string | null;
  @ApiProperty({ type: 'integer' }) text_length!: number;
  @ApiProperty({ description: 'Whether the text is kept: not for clean passes.' }) has_text!: boolean;

  static of(row: VerdictRow): VerdictDto {
    return {
      id: row.id, created_at: row.createdAt.toISOString(), stage: row.stage, layer: row.layer, version: row.version, asked: row.asked, action: row.action, label: row.label,
      score: row.score ?? null, trace_id: row.traceId ?? null, failure: row.failure ?? null, hit: row.hit ?? null, latency_ms: row.latencyMs, cached: row.cached, shadow: row.shadow,
      user_id: row.userId ?? null, conversation_id: row.conversationId ?? null, run_id: row.runId ?? null, message_id: row.messageId ?? null,
      text_digest: row.textDigest ?? null, text_length: row.textLength, has_text: row.hasText,
    };
  }
}

export class VerdictWithTextDto extends VerdictDto {
  @ApiProperty({ type: String, nullable: true, description: 'What was judged. null: not kept, or sealed under a master key that is gone.' }) text!: string | null;

  static override of(verdict: VerdictWithText): VerdictWithTextDto {
    return { ...VerdictDto.of(verdict), text: verdict.text ?? null };
  }
}

export class VerdictListDto {
  @ApiProperty({ type: [VerdictDto] }) data!: VerdictDto[];
  @ApiProperty({ type: String, nullable: true }) next_cursor!: string | null;

  static of(page: Page<VerdictRow>): VerdictListDto {
    return { data: page.data.map((row) => VerdictDto.of(row)), next_cursor: page.nextCursor ?? null };
  }
}
