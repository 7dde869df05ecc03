/** Histories in the shapes that people have: each reads as the same market, and every defect is named with its place. */
import { appendFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parquetWriteFile } from 'hyparquet-writer';
import { ValidationError } from '../../src/lib/errors.ts';
import { readFundingFile, readLendFile } from '../../src/market-data/history-file.ts';
import { RECORDING_HEADER } from '../../src/market-data/recording.ts';
import { FIRST_TS, FUNDING_HEADER, historyFile, LEND_HEADER } from '../market-data/history-file.ts';

const HOUR = 3_600_000;
const FIRST = FIRST_TS * 1_000;

async function refusal(work: Promise<unknown>): Promise<ValidationError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof ValidationError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

/** ts, rate, oracle and mark of each row, as a file of ours would have them. */
async function read(path: string, periodMs = HOUR) {
  const { funding, ...rest } = await readFundingFile(path, periodMs);
  const { fundingRate, oraclePriceTwap, markPriceTwap } = funding.values;
  const rows = Array.from({ length: funding.rows }, (_, row) => [
    funding.tsMs[row],
    fundingRate[row],
    oraclePriceTwap[row],
    markPriceTwap[row],
  ]);
  return { rows, ...rest };
}

const OURS = [
  FUNDING_HEADER,
  `${FIRST_TS},-0.000004666,0,0,127.636936,127.611297,0`,
  `${FIRST_TS + 3600},0.000278541,0,0,129.353687,129.334502,0`,
  `${FIRST_TS + 7200},1e-3,0,0,130,130,0`,
].join('\n');
const ROWS = [
  [FIRST, -4_666, 127_636_936, 127_611_297],
  [FIRST + HOUR, 278_541, 129_353_687, 129_334_502],
  [FIRST + 2 * HOUR, 1_000_000, 130_000_000, 130_000_000],
];

describe('our own columns', () => {
  it('read alike from CSV, JSON and Parquet', async () => {
    expect((await read(historyFile(OURS))).rows).toEqual(ROWS);
    const objects = ROWS.map(([ts, rate, oracle, mark]) => ({
      ts: (ts as number) / 1_000,
      fundingRate: (rate as number) / 1e9,
      oraclePriceTwap: (oracle as number) / 1e6,
      markPriceTwap: String((mark as number) / 1e6),
    }));
    expect((await read(historyFile(JSON.stringify(objects), 'funding.json'))).rows).toEqual(ROWS);
    const path = historyFile('', 'funding.parquet');
    parquetWriteFile({
      filename: path,
      columnData: [
        { name: 'ts', data: objects.map(({ ts }) => BigInt(ts)), type: 'INT64' },
        { name: 'fundingRate', data: objects.map(({ fundingRate }) => fundingRate), type: 'DOUBLE' },
        { name: 'oraclePriceTwap', data: objects.map(({ oraclePriceTwap }) => oraclePriceTwap), type: 'DOUBLE' },
        { name: 'markPriceTwap', data: objects.map(({ markPriceTwap }) => Number(markPriceTwap)), type: 'DOUBLE' },
      ],
    });
    expect((await read(path)).rows).toEqual(ROWS);
  });

  it('read alike from Parquet’s own types: whole numbers, timestamps, short floats are no surprise', async () => {
    const path = historyFile('', 'typed.parquet');
    parquetWriteFile({
      filename: path,
      columnData: [
        { name: 'ts', data: ROWS.map(([ts]) => new Date(ts as number)), type: 'TIMESTAMP' },
        { name: 'fundingRate', data: ROWS.map(([, rate]) => (rate as number) / 1e9), type: 'DOUBLE' },
        { name: 'oraclePriceTwap', data: [127, 129, 130], type: 'INT32' },
        { name: 'markPriceTwap', data: [127n, 129n, 130n], type: 'INT64' },
      ],
    });
    expect((await read(path)).rows).toEqual(
      ROWS.map(([ts, rate], row) => [
        ts,
        rate,
        ...Array.from({ length: 2 }, () => ([127, 129, 130][row] as number) * 1e6),
      ]),
    );
    const broken = historyFile('', 'broken.parquet');
    parquetWriteFile({
      filename: broken,
      columnData: [
        { name: 'ts', data: ROWS.map(([ts]) => BigInt(ts as number) / 1_000n), type: 'INT64' },
        { name: 'fundingRate', data: [0.001, Number.NaN, 0.001], type: 'DOUBLE' },
        { name: 'oraclePriceTwap', data: [127, 129, 130], type: 'INT32' },
        { name: 'markPriceTwap', data: [127, 129, 130], type: 'INT32' },
      ],
    });
    expect((await refusal(read(broken))).message).toMatch(/row 2: fundingRate: expected a decimal number, got "NaN"/);
  });

  it('of lend rates too', async () => {
    const csv = await readLendFile(
      historyFile(`${LEND_HEADER}\n${FIRST_TS},4.4701,9.8886,3.6489,8.8871\n`, 'lend.csv'),
    );
    const row = {
      ts: FIRST_TS,
      solLendAprPct: 4.4701,
      solBorrowAprPct: 9.8886,
      usdcLendAprPct: 3.6489,
      usdcBorrowAprPct: 8.8871,
    };
    const json = await readLendFile(historyFile(JSON.stringify([row]), 'lend.json'));
    const values = (table: typeof csv) => Object.values(table.values).map((column) => column[0]);
    expect(values(csv)).toEqual([44_701, 98_886, 36_489, 88_871]);
    expect(values(json)).toEqual(values(csv));
  });
});

describe('Hyperliquid', () => {
  const answers = ['0.0000125', '-0.0002053119', '0.0000195676'].map((fundingRate, hour) => ({
    coin: 'SOL',
    fundingRate,
    premium: '0.0003',
    time: FIRST + hour * HOUR + 76,
  }));

  it('has no price: each hour counts at 100 USD, and that is said', async () => {
    const { rows, market, notes } = await read(historyFile(JSON.stringify(answers), 'sol.json'));
    expect(rows.map(([, rate]) => rate)).toEqual([1_250_000, -20_531_190, 1_956_760]);
    expect(rows.map(([ts]) => ts)).toEqual([FIRST + 76, FIRST + HOUR + 76, FIRST + 2 * HOUR + 76]);
    expect(market).toBe('SOL');
    expect(notes).toEqual([expect.stringContaining('has no price')]);
  });

  it('reads from CSV as well, and refuses two markets in one file', async () => {
    const csv = ['coin,fundingRate,premium,time', ...answers.map((row) => Object.values(row).join(','))].join('\n');
    expect((await read(historyFile(csv))).rows).toHaveLength(3);
    const mixed = answers.map((row, index) => (index === 2 ? { ...row, coin: 'BTC' } : row));
    const error = await refusal(read(historyFile(JSON.stringify(mixed), 'mixed.json')));
    expect(error.message).toMatch(/mixed\.json, row 3: coin: expected SOL: one market a file, got "BTC"/);
  });
});

describe('Binance', () => {
  const EIGHT = 8 * HOUR;
  const answers = [100.5, 101.25, 99, 98].map((price, index) => ({
    symbol: 'SOLUSDT',
    fundingTime: FIRST + index * EIGHT,
    fundingRate: '0.00010000',
    markPrice: price.toFixed(8),
  }));

  it('has the mark’s price; a fraction of it is what each period pays', async () => {
    const { rows, market, notes } = await read(historyFile(JSON.stringify(answers), 'binance.json'), EIGHT);
    expect(rows.map((row) => row.slice(1))).toEqual([
      [10_050_000, 100_500_000, 100_500_000],
      [10_125_000, 101_250_000, 101_250_000],
      [9_900_000, 99_000_000, 99_000_000],
      [9_800_000, 98_000_000, 98_000_000],
    ]);
    expect([market, notes]).toEqual(['SOLUSDT', []]);
  });

  it('without a price in its oldest rows counts every period at 100 USD, and says so', async () => {
    const old = answers.map((row, index) => (index < 2 ? { ...row, markPrice: '' } : row));
    const { rows, notes } = await read(historyFile(JSON.stringify(old), 'old.json'), EIGHT);
    expect(rows.map((row) => row.slice(1))).toEqual(
      Array.from({ length: 4 }, () => [10_000_000, 100_000_000, 100_000_000]),
    );
    expect(notes).toEqual([expect.stringContaining('has no price in 2 of 4 rows')]);
  });

  it('rates of 8 hours are not taken for rates of one', async () => {
    const error = await refusal(read(historyFile(JSON.stringify(answers), 'binance.json')));
    expect(error.message).toContain('set FUNDING_PERIOD_SECONDS=28800');
  });

  it('a monthly file says its own interval', async () => {
    const csv = [
      'calc_time,funding_interval_hours,last_funding_rate',
      ...answers.map((row) => `${row.fundingTime},8,0.0001`),
    ];
    const { periodMs, rows } = await read(historyFile(csv.join('\n')));
    expect(periodMs).toBe(EIGHT);
    expect(rows[0]).toEqual([FIRST, 10_000_000, 100_000_000, 100_000_000]);
  });
});

describe('a recording of MARKET_FEED=live', () => {
  const recorded = (rows: readonly string[]) => historyFile([RECORDING_HEADER, ...rows, ''].join('\n'), 'live.csv');
  const rows = [
    `${FIRST},150000000,150000000,0,1500000,${FIRST},"funding before the recording began"`,
    `${FIRST + HOUR},150000000,150000000,0,-750000,${FIRST + HOUR},"funding before the recording began"`,
    `${FIRST + HOUR + 60_000},151000000,151100000,1,,,"a, b"`,
    `${FIRST + 2 * HOUR + 9_000},152000000,152100000,1,3000000,${FIRST + 2 * HOUR},""`,
  ];

  it('is a funding history: each period at its own end', async () => {
    const { rows: read3 } = await read(recorded(rows));
    expect(read3).toEqual([
      [FIRST, 1_500_000, 150_000_000, 150_000_000],
      [FIRST + HOUR, -750_000, 150_000_000, 150_000_000],
      [FIRST + 2 * HOUR, 3_000_000, 152_000_000, 152_100_000],
    ]);
  });

  it('goes on while it is read: a row that is cut is not there yet, one in the middle is a defect', async () => {
    const path = recorded(rows);
    appendFileSync(path, `${FIRST + 3 * HOUR},15200`);
    expect((await read(path)).rows).toHaveLength(3);
    expect((await refusal(read(recorded([rows[0] as string, 'x', ...rows.slice(1)])))).message).toMatch(
      /line 3: expected a row of a recording/,
    );
  });

  it('without funding is no history', async () => {
    expect((await refusal(read(recorded(rows.slice(2, 3))))).message).toContain('at least one row');
  });
});

describe('a defect', () => {
  const row = { coin: 'SOL', fundingRate: '0.0000125', time: FIRST };
  it.each([
    ['no list', '{"a":1}', /row|JSON list/],
    ['no JSON', '[{', /JSON list of objects/],
    ['an empty list', '[]', /a header with the columns/],
    ['a row that is no object', JSON.stringify([row, 5]), /row 2: row/],
    [
      'a rate that is none',
      JSON.stringify([{ ...row, fundingRate: 'x' }]),
      /row 1: fundingRate: expected a decimal number, got "x"/,
    ],
    ['a rate that is missing', JSON.stringify([row, { coin: 'SOL', time: FIRST + HOUR }]), /row 2: fundingRate/],
    ['seconds', JSON.stringify([{ ...row, time: FIRST_TS }]), /row 1: time: expected whole milliseconds/],
    [
      'a time twice',
      JSON.stringify([row, row]),
      /row 2: ts: expected a time after that of row 1 \(this is the same time again\)/,
    ],
    ['a number beyond all', JSON.stringify([{ ...row, fundingRate: '99999' }]), /at most 15 digits/],
  ])('%s', async (_, text, message) => {
    const error = await refusal(read(historyFile(text, 'bad.json')));
    expect(error.code).toBe('MARKET_DATA_INVALID');
    expect(error.message).toMatch(message);
  });

  it.each<readonly [string, string | Buffer, RegExp]>([
    ['a gzip file', gzipSync(OURS), /a gzip file\. Unpack it first/],
    ['a Parquet file by another name', Buffer.from('PAR1\u0000\u0000'), /a Parquet file\. Name it \.parquet/],
    ['UTF-16', Buffer.from(`\uFEFF${OURS}`, 'utf16le'), /text in UTF-16\. Save it as UTF-8/],
    ['JSON by another name', '[{"ts":1}]', /JSON\. Name it \.json/],
    ['semicolons', OURS.replaceAll(',', ';'), /separated by semicolons\. Save it with commas/],
    ['tabs', OURS.replaceAll(',', '\t'), /separated by tabs/],
    ['carriage returns alone', OURS.replaceAll('\n', '\r'), /carriage return alone/],
    [
      'a rate above the price',
      OURS.replace('1e-3', '130.1'),
      /line 4: fundingRate: expected USD per SOL .* price of 130/,
    ],
  ])('is called by its name: %s', async (_, bytes, message) => {
    const path = historyFile('');
    writeFileSync(path, bytes);
    const error = await refusal(read(path));
    expect(error.message).toMatch(message);
    expect(error.details).toMatchObject({ file: path, line: expect.any(Number), expected: expect.any(String) });
  });

  it('lend rates that nobody pays', async () => {
    const path = historyFile(`${LEND_HEADER}\n${FIRST_TS},4,9,3,8\n${FIRST_TS + 3600},4,9,99999999,8\n`, 'lend.csv');
    expect((await refusal(readLendFile(path))).message).toMatch(/line 3: usdcLendAprPct: expected at most 1000/);
  });

  it('whatever is done to a file: it reads as it did, or the refusal names place, find and expectation', async () => {
    const lines = [
      FUNDING_HEADER,
      ...Array.from({ length: 12 }, (_, hour) => `${FIRST_TS + hour * 3_600},0.001,0,0,150.5,150.6,0`),
    ];
    const whole = lines.join('\n');
    const junk = fc.oneof(
      fc.constantFrom(
        '"',
        ',',
        ';',
        '\n',
        '\n\n',
        '\r',
        '\u0000',
        '\uFEFF',
        'NaN',
        '1e9',
        '1e99',
        '-',
        '.',
        '0x1',
        ' ',
        '\t',
        '９',
      ),
      fc.string({ maxLength: 6, unit: 'binary' }),
    );
    const damage = fc.record({ at: fc.nat(whole.length), removed: fc.nat(12), put: junk });
    await fc.assert(
      fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 3 }), async (damages) => {
        let text = whole;
        for (const { at, removed, put } of damages) text = text.slice(0, at) + put + text.slice(at + removed);
        const path = historyFile(text, 'damaged.csv');
        try {
          const { rows } = await read(path);
          for (const row of rows) expect(row.every((value) => Number.isSafeInteger(value))).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(ValidationError);
          const { code, details, message } = error as ValidationError;
          expect(code).toBe('MARKET_DATA_INVALID');
          expect(details).toMatchObject({
            file: path,
            line: expect.any(Number),
            got: expect.any(String),
            expected: expect.any(String),
          });
          expect(message).toContain(path);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('a file that is not there, and a Parquet file that is none', async () => {
    expect((await refusal(read('/nowhere/funding.csv'))).message).toContain('cannot be read');
    expect((await refusal(read('/nowhere/funding.csv'))).details?.remedy).not.toContain('MARKET_FEED');
    expect((await refusal(read('/nowhere/funding.json'))).message).toContain('cannot be read');
    expect((await refusal(read('/nowhere/funding.parquet'))).message).toContain('cannot be read');
    expect((await refusal(read(historyFile('hello', 'x.parquet')))).message).toContain('cannot be read as Parquet');
  });
});
