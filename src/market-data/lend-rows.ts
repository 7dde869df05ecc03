/** Lend rates as a data server tells of them, each series at times of its own, and as rows of one file. */
import { MS_PER_HOUR } from '../domain/money/units.ts';

export interface LendSample {
  readonly tsMs: number;
  /** Yearly fraction at 1e6. */
  readonly rate: bigint;
}

export interface LendSamples {
  readonly solDeposit: readonly LendSample[];
  readonly solBorrow: readonly LendSample[];
  readonly quoteDeposit: readonly LendSample[];
  readonly quoteBorrow: readonly LendSample[];
}

/** In the order of the file's columns. */
const SERIES = ['solDeposit', 'solBorrow', 'quoteDeposit', 'quoteBorrow'] as const;

export interface LendRow {
  readonly tsMs: number;
  readonly rates: readonly bigint[];
}

const hourAfter = (tsMs: number): number => Math.ceil(tsMs / MS_PER_HOUR) * MS_PER_HOUR;

/** A row for each hour at whose end something new is known, as soon as all four are. No row knows what came after it. */
export function lendRows(samples: LendSamples): readonly LendRow[] {
  const events = SERIES.flatMap((name, place) => samples[name].map(({ tsMs, rate }) => ({ tsMs, rate, place }))).sort(
    (a, b) => a.tsMs - b.tsMs,
  );
  const known: (bigint | undefined)[] = SERIES.map(() => undefined);
  const rows: LendRow[] = [];
  for (const { tsMs, rate, place } of events) {
    known[place] = rate;
    const rates = known.filter((each) => each !== undefined);
    if (rates.length < SERIES.length) continue;
    const hour = hourAfter(tsMs);
    if (rows.at(-1)?.tsMs === hour) rows.pop();
    rows.push({ tsMs: hour, rates });
  }
  return rows;
}
