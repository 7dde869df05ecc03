import type { EquitySource } from '../../../src/domain/account/snapshot.ts';
import { EQUITY_SOURCES } from '../../../src/domain/figures/equity-sources.ts';

/** The sum of the lines, null as soon as one of them is unknown. */
export function sumOf(sources: Readonly<Record<EquitySource, bigint | null>> | null): bigint | null {
  if (sources === null) return null;
  let sum = 0n;
  for (const source of EQUITY_SOURCES) {
    const value = sources[source];
    if (value === null) return null;
    sum += value;
  }
  return sum;
}
