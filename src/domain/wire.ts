/**
 * Amounts are bigints in code and decimal strings of base units in Temporal and the journal. A schema built from
 * these codecs gives both types and the conversion: `z.decode` inward, `z.encode` outward.
 */
import { z } from 'zod';
import type { FemtoUsd, Lamports, MicroUsd, Price } from './units.ts';

const DECIMAL_INTEGER = /^-?\d{1,60}$/;

const integerText = <T extends bigint>() =>
  z.codec(
    z.string().regex(DECIMAL_INTEGER),
    z.custom<T>((value) => typeof value === 'bigint'),
    {
      decode: (text) => BigInt(text) as T,
      encode: (value) => value.toString(),
    },
  );

export const integer = integerText<bigint>();
export const lamportsText = integerText<Lamports>();
export const microUsdText = integerText<MicroUsd>();
export const priceText = integerText<Price>();
export const femtoUsdText = integerText<FemtoUsd>();
