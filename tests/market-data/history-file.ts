/** Market histories as files that a test writes and that go with it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

export function historyFile(text: string, name = 'funding.csv'): string {
  const folder = mkdtempSync(join(tmpdir(), 'driftless-history-'));
  folders.push(folder);
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

export const FUNDING_HEADER =
  'ts,fundingRate,fundingRateLong,fundingRateShort,oraclePriceTwap,markPriceTwap,periodRevenue';
export const LEND_HEADER = 'ts,solLendAprPct,solBorrowAprPct,usdcLendAprPct,usdcBorrowAprPct';
export const FIRST_TS = 1_750_000_000;

export interface HourRow {
  /** Hours after the first row. */
  readonly hour: number;
  /** USD per SOL, as text. */
  readonly rate: string;
  readonly oracle: string;
  readonly mark?: string;
}

export const fundingCsv = (rows: readonly HourRow[]): string =>
  [
    FUNDING_HEADER,
    ...rows.map(({ hour, rate, oracle, mark = oracle }) =>
      [FIRST_TS + hour * 3600, rate, rate, rate, oracle, mark, '0'].join(','),
    ),
  ].join('\n');

export const hourly = (rates: readonly string[], oracle = '150.000000'): readonly HourRow[] =>
  rates.map((rate, hour) => ({ hour, rate, oracle }));
