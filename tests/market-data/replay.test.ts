import { existsSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { describeUnless } from '../../localnet/tests/support/unless.ts';
import { ValidationError } from '../../src/lib/errors.ts';
import { openFeed } from '../../src/market-data/open-feed.ts';
import { FIRST_TS, FUNDING_HEADER, fundingCsv, historyFile, hourly, LEND_HEADER } from './history-file.ts';

const HOUR = 3_600_000;
const START = FIRST_TS * 1000;
const open = (text: string, lend?: string) =>
  openFeed(`replay:${historyFile(text)}${lend === undefined ? '' : `,${historyFile(lend, 'lend.csv')}`}`);

function refusal(work: () => unknown): ValidationError {
  try {
    work();
  } catch (error) {
    if (error instanceof ValidationError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('a replayed history', () => {
  const feed = open(
    fundingCsv([
      { hour: 0, rate: '-0.000004666', oracle: '127.636936', mark: '127.611297' },
      { hour: 1, rate: '0.000278541', oracle: '129.353687', mark: '129.334502' },
      { hour: 2, rate: '0.003536666', oracle: '130.225859' },
    ]),
  );

  it('begins at its first row, ends at its last, and has a price nowhere else', () => {
    expect(feed.startMs(Date.UTC(2030, 0, 1))).toBe(START);
    expect(feed.endMs).toBe(START + 2 * HOUR);
    expect(feed.quoteAt(START - 1)).toBeNull();
    expect(feed.quoteAt(START + 2 * HOUR)).not.toBeNull();
    expect(feed.quoteAt(START + 2 * HOUR + 1)).toBeNull();
  });

  it('knows at each instant only the rows up to it', () => {
    expect(feed.quoteAt(START)).toMatchObject({ oracle: 127636936n, mark: 127611297n, valid: true });
    expect(feed.quoteAt(START + HOUR - 1)?.oracle).toBe(127636936n);
    expect(feed.quoteAt(START + HOUR)?.oracle).toBe(129353687n);
    expect(feed.recentPeriods(START + HOUR, 10).map((period) => period.rate)).toEqual([-4666n, 278541n]);
    expect(feed.recentPeriods(START + 2 * HOUR, 1).map((period) => period.rate)).toEqual([3536666n]);
  });

  it('names the first period after an instant, and none at the end', () => {
    expect(feed.nextPeriod(START)).toEqual({
      tsMs: START + HOUR,
      rate: 278541n,
      oracleTwap: 129353687n,
      warning: null,
    });
    expect(feed.nextPeriod(START + HOUR - 1)?.tsMs).toBe(START + HOUR);
    expect(feed.nextPeriod(START + HOUR)?.tsMs).toBe(START + 2 * HOUR);
    expect(feed.nextPeriod(START + 2 * HOUR)).toBeNull();
  });

  it('shows how far it is', () => {
    expect(feed.progress(START - 1)).toEqual({ row: 0, rows: 3 });
    expect(feed.progress(START + HOUR)).toEqual({ row: 2, rows: 3 });
  });

  it('is never taken for made up', () => {
    expect(feed.synthetic).toBe(false);
    expect(feed.id).toMatch(/^replay:.*funding\.csv$/);
  });
});

describe('a lend rate', () => {
  it('is unknown before its first row and holds until the next', () => {
    const feed = open(
      fundingCsv(hourly(['0.001', '0.001'])),
      `${LEND_HEADER}\n${FIRST_TS + 10},4.4701,9.8886,3.6489,8.8871\n${FIRST_TS + 7200},1,2,3,4.00005\n`,
    );
    expect(feed.ratesAt(START)).toBeNull();
    expect(feed.ratesAt(START + 10_000)).toEqual({
      solDeposit: 44701n,
      solBorrow: 98886n,
      usdcDeposit: 36489n,
      usdcBorrow: 88871n,
    });
    expect(feed.ratesAt(START + 2 * HOUR - 1)?.solDeposit).toBe(44701n);
    expect(feed.ratesAt(START + 2 * HOUR)).toEqual({
      solDeposit: 10000n,
      solBorrow: 20000n,
      usdcDeposit: 30000n,
      usdcBorrow: 40001n,
    });
    expect(feed.nextRatesChange(START)).toBe(START + 10_000);
    expect(feed.nextRatesChange(START + 2 * HOUR)).toBeNull();
  });

  it('is unknown for ever without a file', () => {
    const feed = open(fundingCsv(hourly(['0.001'])));
    expect(feed.ratesAt(START)).toBeNull();
    expect(feed.nextRatesChange(START)).toBeNull();
  });
});

describe('rows of another period than FUNDING_PERIOD_SECONDS', () => {
  const every = (hours: number, count: number, from = 0) =>
    Array.from({ length: count }, (_, index) => ({ hour: from + index * hours, rate: '0.0075', oracle: '150' }));
  const EIGHT_HOURS = 8 * HOUR;
  const at = (rows: Parameters<typeof fundingCsv>[0], periodMs: number) =>
    openFeed(`replay:${historyFile(fundingCsv(rows))}`, { periodMs });

  it.each([
    ['8-hourly taken for hourly', every(8, 60), HOUR, 28_800],
    ['three rows only', every(8, 3), HOUR, 28_800],
    ['hourly taken for 8-hourly', every(1, 60), EIGHT_HOURS, 3_600],
    ['8-hourly first, then hourly', [...every(8, 20), ...every(1, 300, 153)], HOUR, 28_800],
    ['hourly first, then 8-hourly', [...every(1, 300), ...every(8, 20, 307)], HOUR, 28_800],
  ])('are refused with the remedy: %s', (_, rows, periodMs, seconds) => {
    const error = refusal(() => at(rows, periodMs));
    expect(error.code).toBe('MARKET_DATA_INVALID');
    expect(error.message).toMatch(new RegExp(`lines \\d+ to \\d+: .*FUNDING_PERIOD_SECONDS=${seconds}`));
  });

  it('are read where the setting says so', () => {
    expect(at(every(8, 60), EIGHT_HOURS).nextPeriod(START)?.tsMs).toBe(START + EIGHT_HOURS);
  });
});

describe('a funding gap', () => {
  const path = historyFile(
    fundingCsv([
      { hour: 0, rate: '0.001', oracle: '150' },
      { hour: 1, rate: '0.002', oracle: '151' },
      { hour: 5, rate: '0.003', oracle: '152' },
    ]),
  );
  const feed = openFeed(`replay:${path}`);
  const periods = [1, 2, 3, 4].map((hour) => feed.nextPeriod(START + hour * HOUR));

  it('is told once, with the line after it', () => {
    expect(periods.map((period) => period?.warning ?? null)).toEqual([
      `${path}, line 4: 3 periods are missing before this row; no funding is paid for them`,
      null,
      null,
      null,
    ]);
  });

  it('settles nothing for the missing periods, and goes on after them', () => {
    expect(periods.map((period) => [((period?.tsMs ?? 0) - START) / HOUR, period?.rate])).toEqual([
      [2, null],
      [3, null],
      [4, null],
      [5, 3_000_000n],
    ]);
    expect(feed.recentPeriods(START + 5 * HOUR, 9).map((period) => period.rate)).toEqual([
      1_000_000n,
      2_000_000n,
      3_000_000n,
    ]);
  });

  it('makes the old price invalid, since nobody knows a newer one', () => {
    expect(feed.quoteAt(START + 2 * HOUR)?.valid).toBe(true);
    expect(feed.quoteAt(START + 3 * HOUR)).toMatchObject({ oracle: 151000000n, valid: false });
    expect(feed.quoteAt(START + 5 * HOUR)?.valid).toBe(true);
  });

  it('is not seen in rows that are some seconds off the hour', () => {
    const jitter = `${FUNDING_HEADER}\n${FIRST_TS},0.1,0,0,1,1,0\n${FIRST_TS + 3665},0.1,0,0,1,1,0\n${FIRST_TS + 7204},0.1,0,0,1,1,0`;
    const feed = open(jitter);
    expect(feed.nextPeriod(START)).toMatchObject({ tsMs: START + 3_665_000, warning: null, rate: 100_000_000n });
  });
});

describe('what a history may look like', () => {
  const rows = `${FIRST_TS},0.001,0,0,150,150,0\r\n${FIRST_TS + 3600},0.002,0,0,151,151,0\r\n`;
  it.each([
    ['Windows line ends and blank lines at the end', `${FUNDING_HEADER}\r\n${rows}\r\n\r\n`],
    ['a byte order mark', `\uFEFF${FUNDING_HEADER}\n${rows}`],
    ['no line end at the end', `${FUNDING_HEADER}\n${rows.trimEnd()}`],
    [
      'columns in another order, others beside them, and quotes',
      `note,"markPriceTwap",ts,oraclePriceTwap,fundingRate\nx,"150",${FIRST_TS},150,0.001\n"",151,${FIRST_TS + 3600},151,2e-3`,
    ],
  ])('%s', (_, text) => {
    const feed = open(text);
    expect(feed.recentPeriods(START + HOUR, 5).map(({ tsMs, rate }) => [tsMs, rate])).toEqual([
      [START, 1_000_000n],
      [START + HOUR, 2_000_000n],
    ]);
    expect(feed.quoteAt(START + HOUR)?.mark).toBe(151_000_000n);
  });
});

describe('a history that cannot be right is refused with its line', () => {
  const good = `${FIRST_TS},0.001,0,0,150,150,0`;
  const next = FIRST_TS + 3600;
  it.each([
    ['a missing column', 'ts,fundingRate,oraclePriceTwap\n1,2,3', 1, 'markPriceTwap'],
    ['no header', good, 1, 'ts, fundingRate, oraclePriceTwap, markPriceTwap'],
    ['an empty file', '', 1, 'ts, fundingRate, oraclePriceTwap, markPriceTwap'],
    ['a header and nothing else', `${FUNDING_HEADER}\n`, 2, 'row'],
    ['a column twice', `ts,ts,fundingRate,oraclePriceTwap,markPriceTwap\n`, 1, 'ts'],
    ['a row cut short', `${FUNDING_HEADER}\n${good}\n${next},0.1`, 3, 'row'],
    ['a blank line in the middle', `${FUNDING_HEADER}\n${good}\n\n${next},0.001,0,0,150,150,0`, 3, 'row'],
    ['a rate that is no number', `${FUNDING_HEADER}\n${good}\n${next},NaN,0,0,150,150,0`, 3, 'fundingRate'],
    ['an empty rate', `${FUNDING_HEADER}\n${good}\n${next},,0,0,150,150,0`, 3, 'fundingRate'],
    ['a price of zero', `${FUNDING_HEADER}\n${good}\n${next},0.1,0,0,0,150,0`, 3, 'oraclePriceTwap'],
    ['a price below zero', `${FUNDING_HEADER}\n${good}\n${next},0.1,0,0,150,-1,0`, 3, 'markPriceTwap'],
    ['milliseconds', `${FUNDING_HEADER}\n${FIRST_TS}000,0.1,0,0,150,150,0`, 2, 'ts'],
    ['a fraction of a second', `${FUNDING_HEADER}\n${FIRST_TS}.5,0.1,0,0,150,150,0`, 2, 'ts'],
    ['the same time twice', `${FUNDING_HEADER}\n${good}\n${good}`, 3, 'ts'],
    ['a time that goes backward', `${FUNDING_HEADER}\n${good}\n${FIRST_TS - 3600},0.1,0,0,150,150,0`, 3, 'ts'],
  ])('%s', (_, text, line, field) => {
    const { code, details } = refusal(() => open(text));
    expect(code).toBe('MARKET_DATA_INVALID');
    expect(details).toMatchObject({ line, field });
    expect(details.file).toMatch(/funding\.csv$/);
    expect(details).toHaveProperty('got');
    expect(details).toHaveProperty('expected');
  });

  it('in the lend file too', () => {
    const { details, message } = refusal(() =>
      open(fundingCsv(hourly(['0.1'])), `${LEND_HEADER}\n${FIRST_TS},1,2,3,x`),
    );
    expect(details).toMatchObject({ line: 2, field: 'usdcBorrowAprPct', got: 'x' });
    expect(message).toContain('lend.csv, line 2');
  });

  it('when it is not there', () => {
    expect(refusal(() => openFeed('replay:/nowhere/at/all.csv')).details).toMatchObject({
      file: '/nowhere/at/all.csv',
    });
  });
});

const SHARED = '../shared/data';
const FUNDING_2025 = `${SHARED}/drift-sol-perp-funding-hourly-2025.csv`;
const LEND_2025 = `${SHARED}/drift-lend-rates-hourly-2025.csv`;
const shared = existsSync(FUNDING_2025) && existsSync(LEND_2025);

describeUnless(!shared && '../shared/data is not here')(`Drift's history of 2025`, () => {
  it('is read whole, without a gap', () => {
    const feed = openFeed(`replay:${FUNDING_2025},${LEND_2025}`);
    expect(feed.progress(feed.endMs ?? 0)).toEqual({ row: 6288, rows: 6288 });
    let at = feed.startMs(0);
    let periods = 0;
    for (let next = feed.nextPeriod(at); next !== null; next = feed.nextPeriod(at)) {
      expect(next.warning).toBeNull();
      expect(next.rate).not.toBeNull();
      at = next.tsMs;
      periods += 1;
    }
    expect(periods).toBe(6287);
    expect(feed.ratesAt(at)?.solDeposit).toBe(10085n);
  });
});
