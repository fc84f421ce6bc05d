/** The rate as bills show it. */
export const FEE_RATE = '0.60%';

/** The merchant's fee for a payment: 0.60 %, rounded to whole fen. */
export function feeOf(totalFen: number): number {
  return Math.round((totalFen * 6) / 1000);
}
