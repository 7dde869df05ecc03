import type { EquitySource } from '../../../src/domain/account/snapshot.ts';
import { EQUITY_SOURCES } from '../../../src/domain/figures/equity-sources.ts';

/** The sum of the lines; null when they are unknown. */
export const sumOf = (sources: Readonly<Record<EquitySource, bigint>> | null): bigint | null =>
  sources === null ? null : EQUITY_SOURCES.reduce((sum, source) => sum + sources[source], 0n);
