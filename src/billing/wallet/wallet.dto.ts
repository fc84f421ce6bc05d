import { ApiProperty } from '@nestjs/swagger';
import { integerJson, type Page } from '../../platform/values/index.js';
import type { UsageRow, Wallet, WalletTransfer } from './wallet.js';

const CREDITS = { oneOf: [{ type: 'integer' }, { type: 'string' }], description: 'Credits; a text beyond 2^53.' };

export class ExpiringCreditsDto {
  @ApiProperty(CREDITS) credits!: number | string;
  @ApiProperty({ format: 'date-time' }) expires_at!: string;
}

export class WalletDto {
  @ApiProperty({ ...CREDITS, description: 'Credits that are free to spend.' }) balance!: number | string;
  @ApiProperty({ ...CREDITS, description: 'Credits reserved for answers that are running.' }) held!: number | string;
  @ApiProperty({ type: [ExpiringCreditsDto], description: 'Parts of the balance that end, soonest first; they are spent first.' }) expiring!: ExpiringCreditsDto[];
  @ApiProperty({ description: 'The balance is below the warning threshold.' }) low_balance!: boolean;

  static of(wallet: Wallet): WalletDto {
    return {
      balance: integerJson(wallet.balance),
      held: integerJson(wallet.held),
      expiring: wallet.expiring.map((part) => ({ credits: integerJson(part.credits), expires_at: part.expiresAt.toISOString() })),
      low_balance: wallet.low,
    };
  }
}

export class WalletTransferDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ format: 'date-time' }) at!: string;
  @ApiProperty({ enum: ['run', 'signup', 'daily', 'grant_expired', 'topup', 'refund', 'repair'] }) reason!: string;
  @ApiProperty({ enum: ['in', 'out'] }) direction!: 'in' | 'out';
  @ApiProperty(CREDITS) credits!: number | string;
  @ApiProperty({ format: 'uuid', description: 'The run, order or refund that it was for.' }) reference!: string;

  static of(row: WalletTransfer): WalletTransferDto {
    return { id: row.id, at: row.at.toISOString(), reason: row.reason, direction: row.direction, credits: integerJson(row.credits), reference: row.reference };
  }
}

export class UsageRowDto {
  @ApiProperty({ format: 'uuid' }) run_id!: string;
  @ApiProperty({ format: 'date-time' }) at!: string;
  @ApiProperty() model!: string;
  @ApiProperty({ type: String, format: 'uuid', nullable: true }) conversation_id!: string | null;
  @ApiProperty({ type: String, format: 'uuid', nullable: true }) api_key_id!: string | null;
  @ApiProperty() prompt_tokens!: number;
  @ApiProperty({ description: 'Part of prompt_tokens.' }) cached_tokens!: number;
  @ApiProperty() completion_tokens!: number;
  @ApiProperty({ description: 'Part of completion_tokens.' }) reasoning_tokens!: number;
  @ApiProperty(CREDITS) credits!: number | string;

  static of(row: UsageRow): UsageRowDto {
    return {
      run_id: row.runId, at: row.at.toISOString(), model: row.model, conversation_id: row.conversationId ?? null, api_key_id: row.apiKeyId ?? null,
      prompt_tokens: row.promptTokens, cached_tokens: row.cachedTokens, completion_tokens: row.completionTokens, reasoning_tokens: row.reasoningTokens, credits: integerJson(row.credits),
    };
  }
}

export class WalletTransferListDto {
  @ApiProperty({ type: [WalletTransferDto] }) data!: WalletTransferDto[];
  @ApiProperty({ type: String, nullable: true }) next_cursor!: string | null;

  static of(page: Page<WalletTransfer>): WalletTransferListDto {
    return { data: page.data.map((row) => WalletTransferDto.of(row)), next_cursor: page.nextCursor ?? null };
  }
}

export class UsageListDto {
  @ApiProperty({ type: [UsageRowDto] }) data!: UsageRowDto[];
  @ApiProperty({ type: String, nullable: true }) next_cursor!: string | null;

  static of(page: Page<UsageRow>): UsageListDto {
    return { data: page.data.map((row) => UsageRowDto.of(row)), next_cursor: page.nextCursor ?? null };
  }
}
