/** The words after `driftless backtest`. */
import { POLICY_FORMS, type PolicyPlan, parsePolicy } from '../domain/carry/policy-text.ts';
import { parseAmount } from '../domain/money/amounts.ts';
import { DriftlessError } from '../lib/errors.ts';

/** Called wrongly: every problem at once. */
export class UsageError extends Error {
  constructor(problems: readonly string[]) {
    super(`${problems.join('\n')}\nSee: driftless backtest --help`);
    this.name = 'UsageError';
  }
}

/** What was written; null: not given. */
export interface BacktestArguments {
  readonly funding: readonly string[];
  readonly lend: readonly string[];
  readonly policies: readonly PolicyPlan[];
  readonly sol: bigint | null;
  readonly usdc: bigint | null;
  readonly walletSol: bigint | null;
  readonly fractionPpm: number | null;
  readonly fromMs: number | null;
  readonly toMs: number | null;
  readonly evaluateFromMs: number | null;
  /** Parts per million. */
  readonly takerFee: bigint | null;
  readonly slippagePpm: bigint | null;
  readonly fillLagRows: number;
  readonly closeAtEnd: boolean;
  readonly settings: ReadonlyMap<string, string>;
  /** `-`: standard output. */
  readonly json: string | null;
  readonly csv: string | null;
  readonly html: string | null;
  /** The file that keeps what is done. */
  readonly sweep: string | null;
  /** Processes at once; null: as many as help. */
  readonly jobs: number | null;
}

export const HELP = `driftless backtest --funding <file> [options]

What a policy would have earned on a funding history: the same decisions, gates, fees, slippage, margin and integers as
the engine on paper, without Temporal or a database.

  --funding <file>       funding history: the replay's CSV, a recording of MARKET_FEED=live, Hyperliquid's fundingHistory,
                         Binance's fundingRate or monthly file; .csv, .json or .parquet. Again for another market.
  --lend <file>          yearly lend rates. One for all markets, or one for each.
  --policy <policy>      what decides; again for another. By default confidence. One of:
                           never · always
                           mean:hours=168,enter_apr_pct=0,exit_apr_pct=0
                           ewma:half_life_hours=168,enter_apr_pct=0,exit_apr_pct=0
                           gate:exit=none|horizon|mean_negative
                           confidence:hours=336,block_hours=48,z=1,exit_apr_pct=0
                           trades:<file>            columns ts, side, size (SOL, or whole lamports)
                           walk_forward             chosen monthly among the policies given beside it, else its own grid
                           walk_forward:<policy>|<policy>…   among these; mean, ewma, confidence alone stand for a grid
                         a/b/c in place of a value tries each: mean:hours=72/168/336
  --sol N --usdc N --wallet-sol N    what the account begins with (10, 500, 5)
  --fraction F           part of the SOL to hedge, above 0 and at most 1 (1)
  --from --to ISO        only these rows, both ends included (UTC where no zone is given)
  --evaluate-from ISO    the account begins here; what lies before is history to the policies
  --taker-bps N          taker fee (2.5)
  --slippage-bps N|model what a fill loses against the mark; model: 10 to 30 by size (model)
  --fill-lag-rows N      fills so many rows after the decision (0)
  --close-at-end true|false          close what is open at the last row (true)
  --set NAME=VALUE       a policy setting (MAX_SLIPPAGE_BPS, HOLDING_HORIZON_HOURS, COOLDOWN_SECONDS, …) or
                         FUNDING_PERIOD_SECONDS; as in README.md, "Settings"
  --json <file>          everything as JSON; - for standard output
  --csv <folder>         trades, funding, equity and summary as CSV
  --html <file>          a report with charts, in one file
  --sweep <file>         keeps what each run came to in this file; the same command again goes on where it was stopped.
                         --json and --csv then hold figures without rows
  --jobs N               processes at once (as many as there are cores, where there are runs enough)
  --help                 this text

Exit codes: 0 done, 1 failed (a file that cannot be read, with line and field), 2 called wrongly.
`;

const MANY = ['--funding', '--lend', '--policy', '--set'] as const;
const ONCE = [
  ...['--sol', '--usdc', '--wallet-sol', '--fraction', '--from', '--to', '--evaluate-from', '--taker-bps'],
  ...['--slippage-bps', '--fill-lag-rows', '--close-at-end', '--json', '--csv', '--html', '--sweep', '--jobs'],
];
/** Longer sweeps are more likely a slip. */
const MAX_POLICIES = 10_000;

/** @throws UsageError with every problem */
export function parseArguments(words: readonly string[]): BacktestArguments | 'help' {
  if (words.includes('--help') || words.includes('-h')) return 'help';
  const given = new Map<string, string[]>();
  const problems: string[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] as string;
    const equals = word.startsWith('--') ? word.indexOf('=') : -1;
    const name = equals > 0 ? word.slice(0, equals) : word;
    if (!(MANY as readonly string[]).includes(name) && !ONCE.includes(name)) {
      problems.push(word.startsWith('-') ? `Unknown option ${name}.` : `Unknown word ${word}.`);
      continue;
    }
    const next = words[at + 1];
    let value = equals > 0 ? word.slice(equals + 1) : next;
    if (equals <= 0 && name === '--json' && (next === undefined || next.startsWith('--'))) value = '-';
    else if (equals <= 0) at += 1;
    if (value === undefined || value === '') {
      problems.push(`${name} needs a value.`);
      continue;
    }
    const values = given.get(name) ?? [];
    if (values.length > 0 && ONCE.includes(name)) problems.push(`${name} is given twice.`);
    given.set(name, [...values, value]);
  }
  const reader = new ValueReader(given, problems);
  const parsed = reader.all();
  if (problems.length > 0) throw new UsageError(problems);
  return parsed;
}

class ValueReader {
  readonly #given: ReadonlyMap<string, readonly string[]>;
  readonly #problems: string[];

  constructor(given: ReadonlyMap<string, readonly string[]>, problems: string[]) {
    this.#given = given;
    this.#problems = problems;
  }

  all(): BacktestArguments {
    const funding = this.#many('--funding');
    const lend = this.#many('--lend');
    if (funding.length === 0) this.#problems.push('--funding is missing: which market?');
    if (lend.length > 1 && lend.length !== funding.length) {
      this.#problems.push(
        `--lend: expected none, one for all, or one for each --funding (${funding.length}), got ${lend.length}.`,
      );
    }
    const slippage = this.#one(
      '--slippage-bps',
      (text) => (text === 'model' ? 'model' : ppmOf(text)),
      'model, or basis points from 0 to 1000',
    );
    return {
      funding,
      lend,
      policies: this.#policies(),
      sol: this.#amount('--sol', 9, false),
      usdc: this.#amount('--usdc', 6, true),
      walletSol: this.#amount('--wallet-sol', 9, true),
      fractionPpm: this.#one('--fraction', fractionOf, 'a number above 0 and at most 1, with at most 6 decimals'),
      fromMs: this.#time('--from'),
      toMs: this.#time('--to'),
      evaluateFromMs: this.#time('--evaluate-from'),
      takerFee: this.#one('--taker-bps', ppmOf, 'basis points from 0 to 1000, with at most 2 decimals'),
      slippagePpm: slippage === 'model' ? null : slippage,
      fillLagRows: this.#one('--fill-lag-rows', rowsOf, 'a whole number from 0 to 1000') ?? 0,
      closeAtEnd: this.#one('--close-at-end', switchOf, 'true or false') ?? true,
      settings: this.#settings(),
      json: this.#one('--json', (text) => text, 'a path'),
      csv: this.#one('--csv', (text) => text, 'a path'),
      html: this.#one('--html', (text) => text, 'a path'),
      sweep: this.#one('--sweep', (text) => text, 'a path'),
      jobs: this.#one('--jobs', processesOf, 'a whole number from 1 to 64'),
    };
  }

  #many(name: string): readonly string[] {
    return this.#given.get(name) ?? [];
  }

  #one<T>(name: string, read: (text: string) => T | null, expected: string): T | null {
    const text = this.#given.get(name)?.[0];
    if (text === undefined) return null;
    const value = read(text);
    if (value === null) this.#problems.push(`${name}: expected ${expected}, got ${text}.`);
    return value;
  }

  #amount(name: string, decimals: number, zeroAllowed: boolean): bigint | null {
    const read = (text: string): bigint | null => {
      if (zeroAllowed && /^0+(\.0*)?$/.test(text)) return 0n;
      const parsed = parseAmount(text, decimals, name);
      return parsed.ok ? parsed.amount : null;
    };
    return this.#one(name, read, `an amount with at most ${decimals} decimals`);
  }

  #time(name: string): number | null {
    return this.#one(name, isoMs, 'a date or time as in 2025-07-01 or 2025-07-01T12:00:00Z');
  }

  #settings(): ReadonlyMap<string, string> {
    const settings = new Map<string, string>();
    for (const text of this.#many('--set')) {
      const at = text.indexOf('=');
      const name = at < 0 ? text : text.slice(0, at);
      if (at < 1) this.#problems.push(`--set: expected NAME=VALUE, got ${text}.`);
      else if (settings.has(name)) this.#problems.push(`--set: ${name} is given twice.`);
      else settings.set(name, text.slice(at + 1));
    }
    return settings;
  }

  #policies(): readonly PolicyPlan[] {
    const texts = this.#many('--policy').flatMap(alternatives);
    if (texts.length > MAX_POLICIES) {
      this.#problems.push(`--policy: ${texts.length} policies are more than ${MAX_POLICIES}. Forms: ${POLICY_FORMS}`);
      return [];
    }
    return (texts.length === 0 ? ['confidence'] : texts).flatMap((text) => {
      try {
        return [parsePolicy(text)];
      } catch (error) {
        if (!(error instanceof DriftlessError)) throw error;
        this.#problems.push(`${error.message}.`);
        return [];
      }
    });
  }
}

/** `mean:hours=72/168` is two policies. A file's path keeps its slashes. */
function alternatives(text: string): readonly string[] {
  if (text.startsWith('trades:') || text.startsWith('walk_forward') || !text.includes('/')) return [text];
  const at = text.indexOf(':');
  let made = [text.slice(0, at + 1)];
  for (const [place, word] of text
    .slice(at + 1)
    .split(',')
    .entries()) {
    const equals = word.indexOf('=');
    const choices = word.slice(equals + 1).split('/');
    const prefix = `${place === 0 ? '' : ','}${word.slice(0, equals + 1)}`;
    made = made.flatMap((start) => choices.map((choice) => `${start}${prefix}${choice}`));
  }
  return made;
}

const ISO = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})?)?$/;

/** Without a zone it is UTC: the same words mean the same rows on every machine. */
function isoMs(text: string): number | null {
  const match = ISO.exec(text);
  if (match === null) return null;
  const ms = Date.parse(match[1] !== undefined && match[4] === undefined ? `${text}Z` : text);
  return Number.isNaN(ms) ? null : ms;
}

function ppmOf(text: string): bigint | null {
  const match = /^(\d{1,4})(?:\.(\d{1,2}))?$/.exec(text);
  if (match === null || Number(text) > 1_000) return null;
  return BigInt(`${match[1]}${(match[2] ?? '').padEnd(2, '0')}`);
}

function fractionOf(text: string): number | null {
  const match = /^([01])(?:\.(\d{1,6}))?$/.exec(text);
  const ppm = match === null ? 0 : Number(`${match[1]}${(match[2] ?? '').padEnd(6, '0')}`);
  return ppm > 0 && ppm <= 1_000_000 ? ppm : null;
}

const rowsOf = (text: string): number | null => (/^\d{1,4}$/.test(text) && Number(text) <= 1_000 ? Number(text) : null);

function processesOf(text: string): number | null {
  const count = /^\d{1,2}$/.test(text) ? Number(text) : 0;
  return count >= 1 && count <= 64 ? count : null;
}

const switchOf = (text: string): boolean | null => (text === 'true' ? true : text === 'false' ? false : null);
