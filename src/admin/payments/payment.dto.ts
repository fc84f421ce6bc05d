import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsInt, IsOptional, IsString, IsUUID, Length, Matches, ValidateIf } from 'class-validator';
import type { BillReport, Finding, FindingDecision, FindingState } from '../../billing/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { PageQuery } from '../../platform/http/index.js';
import { integerJson, type Page } from '../../platform/values/index.js';

const STATES = ['open', 'repaired', 'dismissed', 'settled'] as const;
const Absent = (): PropertyDecorator => ValidateIf((_, value) => value !== undefined);

export class FindingQuery extends PageQuery {
  @ApiPropertyOptional({ enum: STATES }) @IsOptional() @IsIn(STATES) state?: FindingState;
}

export class FindingDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty() kind!: string;
  @ApiProperty({ enum: STATES }) state!: string;
  @ApiProperty({ type: String, nullable: true }) order_id!: string | null;
  @ApiProperty({ type: String, nullable: true }) refund_id!: string | null;
  @ApiProperty({ type: String, nullable: true }) out_trade_no!: string | null;
  @ApiProperty({ type: String, nullable: true }) transaction_id!: string | null;
  @ApiProperty({ type: String, nullable: true }) bill_day!: string | null;
  @ApiProperty({ type: 'object', additionalProperties: true }) details!: Record<string, unknown>;
  @ApiProperty({ description: 'How often it was seen.' }) seen!: number;
  @ApiProperty({ format: 'date-time' }) first_seen_at!: string;
  @ApiProperty({ format: 'date-time' }) last_seen_at!: string;
  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true }) resolution!: Record<string, unknown> | null;

  static of(finding: Finding): FindingDto {
    return {
      id: finding.id, kind: finding.kind, state: finding.state, order_id: finding.orderId ?? null, refund_id: finding.refundId ?? null, out_trade_no: finding.outTradeNo ?? null,
      transaction_id: finding.transactionId ?? null, bill_day: finding.billDay ?? null, details: { ...finding.details }, seen: finding.seen,
      first_seen_at: finding.firstSeenAt.toISOString(), last_seen_at: finding.lastSeenAt.toISOString(), resolution: finding.resolution === undefined ? null : { ...finding.resolution },
    };
  }
}

export class FindingListDto {
  @ApiProperty({ type: [FindingDto] }) data!: FindingDto[];
  @ApiProperty({ type: String, nullable: true }) next_cursor!: string | null;

  static of(page: Page<Finding>): FindingListDto {
    return { data: page.data.map((finding) => FindingDto.of(finding)), next_cursor: page.nextCursor ?? null };
  }
}

export class ResolveFindingDto {
  @ApiProperty({ enum: ['recheck', 'repair', 'dismiss'], description: 'recheck: ask WeChat again; repair: move credits and cash by ledger transfers; dismiss: nothing to do.' })
  @IsIn(['recheck', 'repair', 'dismiss'])
  action!: 'recheck' | 'repair' | 'dismiss';
  @ApiPropertyOptional({ maxLength: 200, description: 'For repair and dismiss.' }) @Absent() @IsString() @Length(1, 200) reason?: string;
  @ApiPropertyOptional({ format: 'uuid', description: 'Whose credits are moved.' }) @Absent() @IsUUID() @Matches(/^[0-9a-f-]+$/, { message: 'user_id must be the id of a user' }) user_id?: string;
  @ApiPropertyOptional({ type: 'integer', description: 'Credits to the user; with a minus, from him.' }) @Absent() @IsInt() credits?: number;
  @ApiPropertyOptional({ type: 'integer', description: 'Fen that arrived; with a minus, that went.' }) @Absent() @IsInt() fen?: number;

  /** @throws invalid_request (reason) */
  static toDecision(dto: ResolveFindingDto): FindingDecision {
    if (dto.action === 'recheck') return { action: 'recheck' };
    if (dto.reason === undefined) throw new DomainError('invalid_request', { param: 'reason', message: 'reason must say why' });
    if (dto.action === 'dismiss') return { action: 'dismiss', reason: dto.reason };
    return { action: 'repair', reason: dto.reason, userId: dto.user_id, credits: BigInt(dto.credits ?? 0), fen: BigInt(dto.fen ?? 0) };
  }
}

export class BillReportDto {
  @ApiProperty({ example: '2026-11-20', description: 'Beijing day.' }) day!: string;
  @ApiProperty() merchant_id!: string;
  @ApiProperty({ enum: ['clean', 'differs'] }) outcome!: string;
  @ApiProperty() matched!: number;
  @ApiProperty() differing!: number;
  @ApiProperty({ type: 'integer' }) paid_fen!: number | string;
  @ApiProperty({ type: 'integer' }) refunded_fen!: number | string;
  @ApiProperty({ type: 'integer' }) bill_paid_fen!: number | string;
  @ApiProperty({ type: 'integer' }) bill_refunded_fen!: number | string;
  @ApiProperty({ description: 'How often the day was compared.' }) runs!: number;
  @ApiProperty({ format: 'date-time' }) ran_at!: string;

  static of(report: BillReport): BillReportDto {
    return {
      day: report.day, merchant_id: report.merchantId, outcome: report.outcome, matched: report.matched, differing: report.differing, paid_fen: integerJson(report.paid),
      refunded_fen: integerJson(report.refunded), bill_paid_fen: integerJson(report.billPaid), bill_refunded_fen: integerJson(report.billRefunded), runs: report.runs, ran_at: report.ranAt.toISOString(),
    };
  }
}

export class BillReportListDto {
  @ApiProperty({ type: [BillReportDto] }) data!: BillReportDto[];
  @ApiProperty({ type: String, nullable: true }) next_cursor!: string | null;

  static of(page: Page<BillReport>): BillReportListDto {
    return { data: page.data.map((report) => BillReportDto.of(report)), next_cursor: page.nextCursor ?? null };
  }
}
