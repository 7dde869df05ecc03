/** Converts the SDK's integers to ours. */
import type { BN } from '@drift-labs/sdk';

/** Converts through a number if it holds the value exactly. Most amounts fit, and text takes ten times as long. */
const EXACT_BITS = 53;
export const big = (value: BN): bigint =>
  value.bitLength() <= EXACT_BITS ? BigInt(value.toNumber()) : BigInt(value.toString());

/** An Anchor enum, `{pythPull: {}}`, as its name. */
export const variant = (value: object): string => Object.keys(value)[0] ?? '';
