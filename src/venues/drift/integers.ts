/** Converts the SDK's integers to ours. */
import type { BN } from '@drift-labs/sdk';

/** Converts through a number if it holds the value exactly. Most amounts fit, and text takes ten times as long. */
const EXACT_BITS = 53;
export const big = (value: BN): bigint =>
  value.bitLength() <= EXACT_BITS ? BigInt(value.toNumber()) : BigInt(value.toString());

/** Drift stores names as 32 bytes padded with spaces. */
export const text = (bytes: readonly number[]): string =>
  String.fromCharCode(...bytes.filter((byte) => byte !== 0)).trim();

/** An Anchor enum, `{pythPull: {}}`, as its name. */
export const variant = (value: object): string => Object.keys(value)[0] ?? '';
