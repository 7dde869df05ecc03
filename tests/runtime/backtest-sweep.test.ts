/** Sweeps as a person calls them: other processes do the runs, a file keeps what is done, and a stopped sweep goes on. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fundingCsv, historyFile } from '../market-data/history-file.ts';
import { eventually } from '../support/eventually.ts';

const ROOT = join(import.meta.dirname, '../..');
const PROGRAM = join(ROOT, 'scripts/driftless.mjs');
const folder = mkdtempSync(join(tmpdir(), 'driftless-sweep-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const HOURS = 1_500;
const FUNDING = historyFile(
  fundingCsv(
    Array.from({ length: HOURS }, (_, hour) => ({
      hour,
      rate: (0.004 * Math.sin(hour / 60) + 0.001).toFixed(9),
      oracle: (150 + Math.sin(hour / 9)).toFixed(6),
      mark: (150 + Math.sin(hour / 9)).toFixed(6),
    })),
  ),
);
const SWEEP = 'mean:hours=24/72/168,enter_apr_pct=0/3/5/10/20,exit_apr_pct=-5/-2/0';
const RUNS = 45;
/** So many that it is killed long before its end. */
const LONG = 'mean:hours=24/48/72/168/240/336,enter_apr_pct=0/1/2/3/5/8/10/20,exit_apr_pct=-8/-5/-4/-3/-2/-1/-0.5/0';
const LONG_RUNS = 384;

interface Report {
  readonly reality_check: readonly { readonly policies: number; readonly p: number | null }[];
  readonly runs: readonly {
    readonly policy: string;
    readonly trades?: readonly unknown[];
    readonly equity?: readonly unknown[];
    readonly summary: { readonly net_apr_pct: number };
  }[];
}

const words = (policy: string, ...more: readonly string[]): string[] => [
  PROGRAM,
  'backtest',
  ...['--funding', FUNDING, '--policy', policy, ...more],
];
const run = (...more: readonly string[]) =>
  promisify(execFile)(process.execPath, words(SWEEP, ...more), { cwd: folder });
const long = (...more: readonly string[]) => promisify(execFile)(process.execPath, words(LONG, ...more));
const reportIn = (path: string): Report => JSON.parse(readFileSync(path, 'utf8')) as Report;
const linesIn = (path: string): readonly string[] => (existsSync(path) ? readFileSync(path, 'utf8').split('\n') : []);

describe('a sweep', () => {
  const alone = join(folder, 'alone.json');
  beforeAll(async () => {
    await run('--jobs', '1', '--json', alone);
  });

  it('comes to the same, row by row, whichever process does a run', async () => {
    const path = join(folder, 'parallel.json');
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith('driftless-backtest-'));
    const { stdout } = await run('--jobs', '3', '--json', path);
    expect(readFileSync(path, 'utf8')).toBe(readFileSync(alone, 'utf8'));
    expect(reportIn(path).runs.map(({ equity }) => equity?.length)).toEqual(Array.from({ length: RUNS }, () => HOURS));
    expect(stdout).toContain(`… the best 40 of ${RUNS} runs`);
    expect(stdout.split('\n')[0]).toContain('own size not priced');
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('driftless-backtest-'))).toEqual(before);
  });

  it('goes on where it was killed, in the middle of a line', async () => {
    const record = join(folder, 'killed.jsonl');
    const child = spawn(process.execPath, words(LONG, '--sweep', record, '--jobs', '2'), { stdio: 'ignore' });
    await eventually(() => expect(linesIn(record).length).toBeGreaterThan(4));
    child.kill('SIGKILL');
    await once(child, 'exit');
    const kept = linesIn(record).length - 2;
    expect(kept).toBeLessThan(LONG_RUNS);
    truncateSync(record, readFileSync(record).length - 30);

    const resumed = await long('--sweep', record, '--csv', join(folder, 'killed'));
    expect(resumed.stderr).toMatch(new RegExp(`^${kept - 1} of ${LONG_RUNS} runs were done before.`));
    const whole = await long('--sweep', join(folder, 'whole.jsonl'), '--csv', join(folder, 'whole'));
    expect(resumed.stdout).toBe(whole.stdout);
    const summary = (of: string): string => readFileSync(join(folder, of, 'summary.csv'), 'utf8');
    expect(summary('killed')).toBe(summary('whole'));
    expect(readdirSync(join(folder, 'killed'))).toEqual(['summary.csv']);
  });

  it('shows heat maps and the chance that the best is luck', async () => {
    const page = join(folder, 'sweep.html');
    await run('--sweep', join(folder, 'page.jsonl'), '--html', page);
    const html = readFileSync(page, 'utf8');
    expect(html).toContain('mean: funding less costs by hours and enter_apr_pct');
    expect(html).toContain('Each cell is the middle of what exit_apr_pct gave.');
    expect(html).not.toMatch(/<(script|link|img)|NaN/);
    const [check] = reportIn(alone).reality_check;
    expect(check?.policies).toBe(RUNS);
    expect(check?.p).toBeGreaterThanOrEqual(0);
    expect(check?.p).toBeLessThanOrEqual(1);
  });

  it.each([
    ['of another sweep', ['--sol', '11'], /belongs to a sweep with other files, policies or options/],
    ['of another kind', [], /is not a file of a sweep/],
  ])('refuses a file %s', async (_, more, reason) => {
    const record = join(folder, `refused-${more.length}.jsonl`);
    if (more.length === 0) writeFileSync(record, 'ts,rate\n1,2\n');
    else await run('--sweep', record);
    const before = readFileSync(record, 'utf8');
    await expect(run('--sweep', record, ...more)).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(reason),
    });
    expect(readFileSync(record, 'utf8')).toBe(before);
  });

  it('ends with a sentence when a process of it is killed', async () => {
    const child = spawn(process.execPath, words(LONG, '--sweep', join(folder, 'child.jsonl'), '--jobs', '2'), {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let told = '';
    child.stderr.on('data', (chunk) => {
      told += String(chunk);
    });
    await eventually(() => expect(linesIn(join(folder, 'child.jsonl')).length).toBeGreaterThan(4));
    const children = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ');
    process.kill(Number(children[0]), 'SIGKILL');
    const [code] = (await once(child, 'exit')) as [number];
    expect([code, told]).toEqual([1, expect.stringContaining('"code":"RUN_ENDED"')]);
    expect(told).toContain('A process of the backtest ended before its run did: signal SIGKILL.');
  });
});
