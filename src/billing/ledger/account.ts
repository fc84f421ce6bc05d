import { derivedId } from './derived-id.js';

export type AccountKind =
  /** A user's credits without an end: bought ones. */
  | 'wallet'
  /** A user's free credits of one grant, with their end. */
  | 'grant'
  /** Where bought credits come from, and where refunded ones go. */
  | 'issued'
  /** Where free credits come from. */
  | 'granted'
  /** Where free credits go that nobody used. */
  | 'expired'
  /** What answers earned. */
  | 'revenue'
  /** The world outside: users' money before it is ours. */
  | 'payer'
  /** Money that arrived at the tenant's merchant account. */
  | 'cash';

export type Unit = 'CREDIT' | 'FEN' | 'MICRO_CNY';

/** An account as a batch names it; it is made where it is missing. */
export interface Account {
  readonly id: string;
  readonly ownerId: string | undefined;
  readonly kind: AccountKind;
  readonly unit: Unit;
  readonly mayGoNegative: boolean;
}

const FEN_KINDS: readonly AccountKind[] = ['payer', 'cash'];
const BOTTOMLESS: readonly AccountKind[] = ['issued', 'granted', 'payer'];

/** The user's wallet: one, for ever. */
export function walletOf(tenantId: string, userId: string): Account {
  return { id: derivedId(`${tenantId}:${userId}:wallet`), ownerId: userId, kind: 'wallet', unit: 'CREDIT', mayGoNegative: false };
}

/** An account of the tenant itself. Those that every answer touches are sharded by the database and not named here. */
export function tenantAccount(tenantId: string, kind: 'issued' | 'payer' | 'cash'): Account {
  return { id: derivedId(`${tenantId}:${kind}`), ownerId: undefined, kind, unit: FEN_KINDS.includes(kind) ? 'FEN' : 'CREDIT', mayGoNegative: BOTTOMLESS.includes(kind) };
}
