/** Credits: what end users hold and answers cost. Always whole, always bigint. */
export type Credits = bigint;
/** Fen: hundredths of a yuan, the unit of WeChat Pay. */
export type Fen = bigint;
/** Millionths of a yuan, the unit of what upstreams ask. */
export type MicroCny = bigint;

/** An amount as JSON: a number where every client reads it exactly, else a text (beyond 2^53). */
export function integerJson(amount: bigint): number | string {
  return amount >= -BigInt(Number.MAX_SAFE_INTEGER) && amount <= BigInt(Number.MAX_SAFE_INTEGER) ? exactNumber(amount) : amount.toString();
}

/** A whole number that must be one that a double holds exactly. @throws RangeError */
export function exactNumber(amount: bigint): number {
  const number = parseInt(amount.toString(), 10);
  if (!Number.isSafeInteger(number)) throw new RangeError('a number beyond 2^53');
  return number;
}

/** The amount of a JSON number or text that we wrote. @throws SyntaxError, RangeError for anything else. */
export function integerOf(json: number | string): bigint {
  return BigInt(json);
}
