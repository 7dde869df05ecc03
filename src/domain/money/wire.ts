/** Amounts are bigints in code and decimal strings of base units in Temporal and the journal. */
import { integerText } from '../../lib/codec.ts';
import type { FemtoUsd, Lamports, MicroUsd, Price } from './units.ts';

export const integer = integerText<bigint>();
export const lamportsText = integerText<Lamports>();
export const microUsdText = integerText<MicroUsd>();
export const priceText = integerText<Price>();
export const femtoUsdText = integerText<FemtoUsd>();
