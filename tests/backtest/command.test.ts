/** `driftless backtest` as a person calls it, in this process. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { backtestCommand } from '../../src/backtest/command.ts';
import { backtestSettings } from '../../src/runtime/backtest-settings.ts';
import { FIRST_TS, fundingCsv, historyFile, LEND_HEADER } from '../market-data/history-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'driftless-backtest-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ran {
  readonly code: number;
  readonly said: string;
  readonly told: string;
}

async function run(...words: string[]): Promise<Ran> {
  let said = '';
  let told = '';
  let nowMs = 0;
  const code = await backtestCommand(words, {
    say: (text) => {
      said += text;
    },
    tell: (text) => {
      told += text;
    },
    // Each look at the clock is a second later, so that progress has something to tell.
    nowMs: () => (nowMs += 1_000),
    settings: async (given) => backtestSettings(given),
    cores: 1,
    temporaryFolder: () => mkdtempSync(join(folder, 'rows-')),
    startRunner: () => {
      throw new Error('one core needs no other process');
    },
  });
  return { code, said, told };
}

interface Report {
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly rows: number;
  readonly trades: readonly Readonly<Record<string, number | string>>[];
  readonly funding: readonly Readonly<Record<string, number>>[];
  readonly equity: readonly Readonly<Record<string, string | number>>[];
  readonly summary: Readonly<Record<string, unknown>>;
  readonly walk_forward?: readonly Readonly<Record<string, unknown>>[];
}

async function report(...words: string[]): Promise<Report> {
  const { code, said, told } = await run(...words, '--json', '-');
  expect([code, told.replace(/.*runs done.*\n/g, '')]).toEqual([0, '']);
  return JSON.parse(said) as Report;
}

/** 40 days in which longs pay 10 % a year, then 40 in which shorts do. */
const HOURS = 1_920;
const FUNDING = historyFile(
  fundingCsv(
    Array.from({ length: HOURS }, (_, hour) => ({
      hour,
      rate: (hour < HOURS / 2 ? 0.0017 : -0.0017).toFixed(9),
      oracle: (150 + (hour % 24) / 10).toFixed(6),
      mark: (150 + (hour % 24) / 10 - 0.01).toFixed(6),
    })),
  ),
);
const LEND = historyFile(`${LEND_HEADER}\n${FIRST_TS - 10},4,9,3,8\n${FIRST_TS + 90_000},5,9,3,8\n`, 'lend.csv');

describe('the JSON', () => {
  it('has every event in its unit, and adds up to the last femto-dollar', async () => {
    const { rows, trades, funding, equity, summary } = await report(
      '--funding',
      FUNDING,
      '--lend',
      LEND,
      '--policy',
      'always',
    );
    expect(rows).toBe(HOURS);
    expect(trades).toEqual([
      {
        ...{ ts: FIRST_TS, side: 'sell', size: 10_000_000_000, price: 149_840_010, quote: 1_498_400_100, fee: 374_601 },
        ...{ mark: 149_990_000, oracle: 150_000_000, before: 0, after: -10_000_000_000, why: 'enter' },
      },
      expect.objectContaining({
        ts: FIRST_TS + (HOURS - 1) * 3_600,
        side: 'buy',
        size: 10_000_000_000,
        after: 0,
        why: 'end',
      }),
    ]);
    // Opened at the first row, it earns first at the next.
    expect(funding[0]).toEqual({ ts: FIRST_TS + 3_600, rate: 1_700_000, position: -10_000_000_000, amount: 17_000 });
    expect(funding).toHaveLength(HOURS - 1);
    expect(equity).toHaveLength(HOURS);
    const baseline = BigInt(equity[0]?.equity_femto as string);
    expect(baseline).toBe(15n * 150n * 10n ** 15n + 500n * 10n ** 15n);
    for (const { equity_femto, ts: _, ...sources } of equity) {
      const sum = Object.values(sources).reduce((total, each) => total + BigInt(each), 0n);
      expect(BigInt(equity_femto as string) - baseline).toBe(sum);
    }
    expect(summary).toMatchObject({
      from_ts: FIRST_TS,
      hours: HOURS - 1,
      trades: 2,
      round_trips: 1,
      time_in_market_pct: 100,
    });
    expect(Object.keys(summary)).toEqual(
      expect.arrayContaining([
        ...['net_apr_pct', 'net_pct', 'gross_funding_apr_pct', 'cost_drag_apr_pct', 'basis_apr_pct', 'core_apr_pct'],
        ...['interest_excess_apr_pct', 'attribution_pct', 'hits', 'turnover', 'turnover_per_year', 'max_drawdown_pct'],
        ...['worst_month_pct', 'months_pct', 'sharpe_monthly', 'interval_90_apr_pct', 'share_of_resamples_above_zero'],
      ]),
    );
  });

  it('is the same to the byte, each time', async () => {
    const words = [
      '--funding',
      FUNDING,
      '--lend',
      LEND,
      '--policy',
      'confidence',
      '--policy',
      'ewma:24',
      '--json',
      '-',
    ];
    expect((await run(...words)).said).toBe((await run(...words)).said);
  });

  it('of several policies or markets is a list of runs', async () => {
    const other = historyFile(readFileSync(FUNDING, 'utf8'), 'other.csv');
    const many = (await report(
      '--funding',
      FUNDING,
      '--funding',
      other,
      '--policy',
      'never',
      '--policy',
      'mean:hours=24/48',
    )) as unknown as {
      readonly format: string;
      readonly runs: readonly { readonly policy: string; readonly market: string }[];
    };
    expect(many.format).toBe('driftless-backtest/1');
    expect(many.runs.map(({ market, policy }) => `${market} ${policy}`)).toEqual([
      ...['funding never', 'funding mean:hours=24', 'funding mean:hours=48'],
      ...['other never', 'other mean:hours=24', 'other mean:hours=48'],
    ]);
  });
});

describe('options', () => {
  it('change what they say', async () => {
    const { parameters, trades } = await report(
      ...['--funding', FUNDING, '--policy', 'always', '--sol', '4', '--fraction', '0.5', '--taker-bps', '10'],
      ...['--slippage-bps', '60', '--fill-lag-rows', '2', '--from', '2025-06-15T16:06:40Z', '--close-at-end=false'],
      ...['--set', 'COOLDOWN_SECONDS=60'],
    );
    expect(parameters).toMatchObject({ sol: '4', fraction: 0.5, taker_bps: 10, slippage_bps: 60, fill_lag_rows: 2 });
    expect(trades).toHaveLength(1);
    const [trade] = trades;
    // The first row from 16:06:40 on is an hour after the file's; the fill lies two rows later.
    expect(trade).toMatchObject({ ts: FIRST_TS + 3 * 3_600, size: 2_000_000_000, why: 'enter' });
    expect(trade?.price).toBe(Math.floor(Number(trade?.mark) * 0.994));
    expect(trade?.fee).toBe(Math.ceil(Number(trade?.quote) / 1_000));
  });

  it('evaluate-from: what lies before is history to the policy, and nothing else', async () => {
    const late = ['--evaluate-from', new Date((FIRST_TS + 400 * 3_600) * 1_000).toISOString()];
    const { summary, trades, equity } = await report('--funding', FUNDING, '--policy', 'mean:hours=300', ...late);
    expect(summary.from_ts).toBe(FIRST_TS + 400 * 3_600);
    expect(equity[0]).toMatchObject({ ts: FIRST_TS + 400 * 3_600, funding_femto: '0' });
    expect(trades[0]?.ts).toBe(FIRST_TS + 400 * 3_600);
  });

  it('a file’s trades are made at the last row that had ended, in SOL or lamports', async () => {
    const file = historyFile(
      `ts,side,size\n${FIRST_TS + 3_700},sell,2.5\n${FIRST_TS + 7_200},buy,1000000000\n`,
      'trades.csv',
    );
    const { trades } = await report('--funding', FUNDING, '--policy', `trades:${file}`);
    expect(trades.map(({ ts, side, size, why }) => [Number(ts) - FIRST_TS, side, size, why])).toEqual([
      [7_200, 'sell', 1_500_000_000, 'file'],
      [(HOURS - 1) * 3_600, 'buy', 1_500_000_000, 'end'],
    ]);
  });

  it('walk_forward chooses each month by what lies before it', async () => {
    const { walk_forward: months = [] } = await report('--funding', FUNDING, '--policy', 'walk_forward:always|never');
    expect(months.map(({ month, policy }) => [month, policy])).toEqual([
      ['2025-06', 'never'],
      ['2025-07', 'never'],
      ['2025-08', 'always'],
      ['2025-09', 'never'],
    ]);
    expect(months[0]?.score_before_pct).toBeNull();
    expect(Number(months[2]?.score_before_pct)).toBeGreaterThan(0);
    expect(Number(months[2]?.result_pct)).toBeLessThan(0);
  });
});

describe('for people', () => {
  it('says plainly when nothing beats doing nothing', async () => {
    const { said } = await run('--funding', FUNDING, '--policy', 'always', '--policy', 'never');
    expect(said).toContain('Stay flat');
    expect(said).toMatch(/policy +net +90 % interval/);
  });

  it('a few days prove nothing, and are not called a month', async () => {
    const days = historyFile(readFileSync(FUNDING, 'utf8').split('\n').slice(0, 200).join('\n'));
    const { said } = await run('--funding', days, '--policy', 'always', '--slippage-bps', '0');
    expect(said).toContain('Stay flat: always earned');
    expect(said).toContain('over 8 days. That is too short to tell luck from earning');
  });

  it('says where the lend rates do not cover the funding', async () => {
    const lend = (...hours: readonly number[]) =>
      historyFile(
        [LEND_HEADER, ...hours.map((hour) => `${FIRST_TS + hour * 3_600},4,9,3,8`), ''].join('\n'),
        'lend.csv',
      );
    const said = async (path: string) => (await run('--funding', FUNDING, '--lend', path, '--policy', 'always')).said;
    expect(await said(lend(5_000))).toContain('no interest is counted at all.');
    expect(await said(lend(10, 100, 200))).toMatch(/The lend rates begin at .*: no interest is counted before\./);
    expect(await said(lend(-10, 100))).toContain('The lend rates have a hole or end early: one counts for 76 days.');
    const covered = Array.from({ length: 14 }, (_, week) => (week - 1) * 160);
    expect(await said(lend(...covered))).not.toContain('The lend rates');
  });

  it('tells a gap with its line, and how far it is', async () => {
    const lines = readFileSync(FUNDING, 'utf8').split('\n');
    const gap = historyFile([...lines.slice(0, 100), ...lines.slice(103)].join('\n'));
    const { said, told } = await run('--funding', gap, '--policy', 'always', '--policy', 'never', '--policy', 'mean');
    expect(said).toContain('line 101: 3 periods are missing before this row; no funding is paid for them');
    expect(told).toMatch(/of 3 runs done/);
  });

  it('writes CSV for each run', async () => {
    const csv = join(folder, 'csv');
    const { code } = await run('--funding', FUNDING, '--policy', 'always', '--csv', csv);
    expect([code, readdirSync(csv).sort()]).toEqual([0, ['equity.csv', 'funding.csv', 'summary.csv', 'trades.csv']]);
    const rows = (name: string) => readFileSync(join(csv, name), 'utf8').trim().split('\n');
    expect(rows('trades.csv')[1]).toBe(
      `${FIRST_TS},sell,10000000000,149840010,1498400100,374601,149990000,150000000,0,-10000000000,enter`,
    );
    expect(rows('equity.csv')).toHaveLength(HOURS + 1);
    expect(rows('funding.csv')[1]).toBe(`${FIRST_TS + 3_600},1700000,-10000000000,17000`);
  });
});

describe('the page', () => {
  it('is one file that needs nothing else, and its figures are the run’s', async () => {
    const path = join(folder, 'report.html');
    const { code, said } = await run(
      '--funding',
      FUNDING,
      '--policy',
      'mean:hours=24',
      '--policy',
      'walk_forward:always|never',
      '--html',
      path,
    );
    expect(code).toBe(0);
    const html = readFileSync(path, 'utf8');
    expect(html).not.toMatch(/(?:src|href)=|NaN|undefined|Infinity/);
    expect(html).toContain('the best of 2, mean:hours=24, earned');
    for (const heading of [
      'Where it came from',
      'Chosen anew each month',
      'Result so far',
      'Months',
      'under other costs',
      'window and entry',
    ]) {
      expect(html).toContain(heading);
    }
    // always, never and the policy; the position below; bars for sources and months: of two runs.
    expect(html.match(/<svg/g)).toHaveLength(8);
    expect(html.match(/<polyline/g)).toHaveLength(8);
    const net = /mean:hours=24 +(-?[\d.]+)/.exec(said)?.[1] as string;
    expect(html).toContain(`<td>${net}</td>`);
  });

  it('shows what a market is called as text, whatever it is', async () => {
    const evil = historyFile(readFileSync(FUNDING, 'utf8'), '<img onerror=x>.csv');
    const path = join(folder, 'evil.html');
    await run('--funding', evil, '--policy', 'never', '--html', path);
    expect(readFileSync(path, 'utf8')).not.toContain('<img');
  });
});

describe('called wrongly', () => {
  it.each([
    [[], /--funding is missing/],
    [['--funding', FUNDING, '--what'], /Unknown option --what/],
    [['--funding', FUNDING, 'confidence'], /Unknown word confidence/],
    [['--funding', FUNDING, '--policy', 'mean:day=3'], /day=3: expected hours, enter_apr_pct, exit_apr_pct/],
    [['--funding', FUNDING, '--policy', 'moon'], /expected never, always/],
    [['--funding', FUNDING, '--policy', 'constructor'], /expected never, always/],
    [['--funding', FUNDING, '--policy', 'walk_forward:constructor'], /expected never, always/],
    [['--funding', FUNDING, '--policy', 'confidence:hours=100,block_hours=48'], /block_hours/],
    [['--funding', FUNDING, '--sol', '-1', '--fraction', '2'], /--sol: .*\n.*--fraction: /],
    [['--funding', FUNDING, '--from', 'yesterday'], /--from: expected a date or time/],
    [['--funding', FUNDING, '--sol', '1', '--sol', '2'], /--sol is given twice/],
    [['--funding', FUNDING, '--close-at-end', 'maybe'], /true or false/],
    [['--funding', FUNDING, '--set', 'PORT=1'], /PORT: got a name that a backtest does not read/],
    [['--funding', FUNDING, '--set', 'CARRY_Z=2'], /CARRY_Z: .* expected --policy confidence:z=N/],
    [['--funding', FUNDING, '--set', 'MAX_SLIPPAGE_BPS=x'], /MAX_SLIPPAGE_BPS/],
    [['--funding', FUNDING, '--lend', LEND, '--lend', LEND], /--lend: expected none, one for all/],
  ])('%j', async (words, message) => {
    const { code, told, said } = await run(...words);
    expect([code, said]).toEqual([2, '']);
    expect(told).toMatch(message);
    expect(told).toContain('driftless backtest --help');
  });

  it('answers --help, whatever else stands there', async () => {
    expect(await run('--help', '--what')).toMatchObject({
      code: 0,
      said: expect.stringContaining('--evaluate-from ISO'),
    });
  });

  it('fails with line and field for a file that cannot be used', async () => {
    const bad = historyFile(`${readFileSync(FUNDING, 'utf8')}\n1,2,3`, 'bad.csv');
    const { code, told } = await run('--funding', bad);
    expect(code).toBe(1);
    const structured = JSON.parse(told.trim().split('\n').at(-1) as string) as {
      error: { code: string; details: object };
    };
    expect(structured.error).toMatchObject({ code: 'MARKET_DATA_INVALID', details: { line: HOURS + 2, field: 'row' } });
    expect((await run('--funding', FUNDING, '--policy', `trades:${bad}`)).code).toBe(1);
    expect((await run('--funding', FUNDING, '--from', '2030-01-01')).told).toContain('fewer than two rows');
    expect((await run('--funding', FUNDING, '--json', join(FUNDING, 'here.json'))).told).toContain('cannot be written');
  });
});
