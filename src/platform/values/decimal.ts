/** An exact decimal number: `digits` / 10^`scale`. Never negative. */
export interface Decimal {
  readonly digits: bigint;
  readonly scale: number;
}

const DECIMAL = /^(0|[1-9]\d{0,11})(?:\.(\d{1,12}))?$/;

/** Whether the text is a decimal that `decimalOf` reads: up to 12 digits before and after the point, no sign, no exponent. */
export function isDecimal(text: string): boolean {
  return DECIMAL.test(text);
}

/** @throws RangeError for a text that is none */
export function decimalOf(text: string): Decimal {
  const parts = DECIMAL.exec(text);
  if (parts === null) throw new RangeError('not a decimal number');
  const fraction = parts[2] ?? '';
  return { digits: BigInt(`${parts[1]}${fraction}`), scale: fraction.length };
}

/** The product, exactly. */
export function product(...factors: readonly Decimal[]): Decimal {
  return factors.reduce((left, right) => ({ digits: left.digits * right.digits, scale: left.scale + right.scale }), { digits: 1n, scale: 0 });
}

/** The nearest whole number; a half goes up. */
export function roundHalfUp({ digits, scale }: Decimal): bigint {
  const unit = 10n ** BigInt(scale);
  return (2n * digits + unit) / (2n * unit);
}
