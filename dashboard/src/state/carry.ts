/** Whether the hedge pays, as the engine reckons it; and what it has earned, from the books. */
import { signal } from '@preact/signals';
import type { EquitySource } from '../../../src/domain/account/snapshot.ts';
import type * as z from '../../../src/lib/codec.ts';
import type { CarryAnswer } from '../../../src/protocol/carry.ts';

export type CarryFigures = z.output<typeof CarryAnswer>;

/** Null: not read yet, or the engine cannot tell. */
export const carryFigures = signal<CarryFigures | null>(null);

const YEAR_MS = 8_766 * 3_600_000;

/** A rate per funding period in per cent a year, positive when a short receives it. */
export const yearly = (rate: number | null | undefined, periodMs: number | null | undefined): number | null =>
  rate == null || periodMs == null || periodMs <= 0 ? null : (rate * 100 * YEAR_MS) / periodMs;

/** What the hedge itself earns and costs. A change of price, transfers and foreign trades are not carry. */
const CARRY_SOURCES: readonly EquitySource[] = ['funding', 'basis', 'slippage', 'fees', 'gas'];

/** Micro-USD since the account's start, after all costs; null: unknown. */
export const earnedAfterCosts = (sources: Readonly<Record<EquitySource, bigint>> | null): bigint | null =>
  sources === null ? null : CARRY_SOURCES.reduce((sum, source) => sum + sources[source], 0n);
