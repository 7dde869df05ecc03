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

const ZERO = 48;
const NINE = 57;
const POINT = 46;
const MINUS = 45;
/** A double holds this many digits exactly. */
const EXACT_DIGITS = 15;
const TENS: readonly number[] = Array.from({ length: EXACT_DIGITS + 1 }, (_, exponent) => 10 ** exponent);

/**
 * The same as a double that holds the integer exactly; beyond `Number.MAX_SAFE_INTEGER` it is not safe, and the caller
 * refuses it. Plain short decimals, which is what files are full of, are read without a pattern or a bigint.
 */
export function parseScaledNumber(text: string, scale: number): number | null {
  const plain = parsePlain(text, scale);
  if (plain !== null) return plain;
  const value = parseScaled(text, scale);
  return value === null ? null : Number(value);
}

/** Null: not a plain decimal of at most 15 digits at `scale`. */
function parsePlain(text: string, scale: number): number | null {
  const { length } = text;
  const negative = length > 0 && text.charCodeAt(0) === MINUS;
  let value = 0;
  let digits = 0;
  let pointAt = -1;
  for (let at = negative ? 1 : 0; at < length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === POINT) {
      if (pointAt >= 0 || digits === 0) return null;
      pointAt = digits;
    } else {
      if (code < ZERO || code > NINE) return null;
      value = value * 10 + (code - ZERO);
      digits += 1;
    }
  }
  if (digits === 0 || pointAt === digits) return null;
  const shift = scale - (pointAt < 0 ? 0 : digits - pointAt);
  if (shift < 0 || digits + shift > EXACT_DIGITS) return null;
  const scaled = value * (TENS[shift] as number);
  return negative && scaled !== 0 ? -scaled : scaled;
}
