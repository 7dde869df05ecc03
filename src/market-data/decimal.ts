/** Decimal text to integers of base units, exactly: no figure of a file ever passes through floating point. */

const DECIMAL = /^([+-]?)(\d{1,30})(?:\.(\d{1,40}))?(?:[eE]([+-]?\d{1,2}))?$/;

/**
 * `text` times 10^scale. Digits beyond the scale are rounded half away from zero (a file may carry more than we count).
 * Null when it is not a plain decimal number; an exponent is understood, since spreadsheets write one.
 */
export function parseScaled(text: string, scale: number): bigint | null {
  const match = DECIMAL.exec(text);
  if (match === null) return null;
  const [, sign, whole = '', fraction = '', exponent = '0'] = match;
  const shift = scale - fraction.length + Number(exponent);
  const digits = BigInt(whole + fraction);
  const magnitude = shift >= 0 ? digits * 10n ** BigInt(shift) : roundHalfUp(digits, 10n ** BigInt(-shift));
  return sign === '-' ? -magnitude : magnitude;
}

const roundHalfUp = (value: bigint, unit: bigint): bigint => (value + unit / 2n) / unit;
