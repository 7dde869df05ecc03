/** The commands that ask or command the running product, and those that read what it leaves: names, words and options. */

import { SOL_PERP } from '../domain/account/account.ts';
import type { Action } from '../domain/order/command.ts';
import { LISTS } from '../protocol/api.ts';

/** Null: it fits. Else what is expected, as the end of a sentence. */
type WordCheck = (text: string) => string | null;

interface Argument {
  readonly name: string;
  readonly about: string;
  /** Absent: it must be given. */
  readonly fallback?: string;
  readonly choices?: readonly string[];
  readonly check?: WordCheck;
}

interface Option {
  /** What the value is called in the help. Absent: the option has none. */
  readonly value?: string;
  readonly about: string;
  readonly required?: true;
  /** It may be given several times. */
  readonly many?: true;
  readonly choices?: readonly string[];
  readonly check?: WordCheck;
}

/** Words of the command line, by the name of argument or option; a flag that is given is `true`. */
export type Given = Readonly<Record<string, string | undefined>>;

interface Common {
  readonly about: string;
  readonly arguments: readonly Argument[];
  readonly options: Readonly<Record<string, Option>>;
  readonly example: string;
}

export interface ActingCommand extends Common {
  readonly kind: 'acts';
  readonly action: Action;
  readonly data: (given: Given) => Record<string, string>;
}

export interface AskingCommand extends Common {
  readonly kind: 'asks';
  readonly shows: 'status' | 'positions' | 'history';
}

/** What has a module of its own. */
interface OwnCommand extends Common {
  readonly kind: 'engines' | 'export' | 'logs' | 'completion' | 'doctor' | 'backup' | 'restore' | 'token';
}

export type CliCommand = ActingCommand | AskingCommand | OwnCommand;

const isAmount: WordCheck = (text) =>
  /^\d{1,12}(\.\d{1,9})?$/.test(text) && Number(text) > 0
    ? null
    : 'a number above zero with at most 9 decimals, such as 1.5';
const isTime: WordCheck = (text) =>
  /^\d{4}-\d{2}-\d{2}/.test(text) && Number.isFinite(Date.parse(text))
    ? null
    : 'a time such as 2026-01-15 or 2026-01-15T08:00Z';
const countUpTo =
  (most: number): WordCheck =>
  (text) =>
    /^[1-9]\d{0,8}$/.test(text) && Number(text) <= most ? null : `a whole number from 1 to ${most}`;

const MARKET: Argument = { name: 'market', about: 'the market', fallback: SOL_PERP };
const AMOUNT: Argument = { name: 'amount', about: 'how much, in units of the asset: 1.5', check: isAmount };
const ASSET: Option = { value: 'asset', about: "SOL (default), or the account's quote asset" };
const FROM: Option = { value: 'time', about: 'from this time on', check: isTime };
const TO: Option = { value: 'time', about: 'up to this time', check: isTime };

/** The most that a page of a list holds. */
const MAX_ROWS = 999;
const MAX_LINES = 1_000_000;

const none = () => ({});
const ofMarket = ({ market }: Given) => ({ market: String(market) });
const capital = ({ amount, asset }: Given) => ({
  amount: String(amount),
  ...(asset === undefined ? {} : { asset }),
});

const acts = (
  action: Action,
  about: string,
  example: string,
  rest: Partial<Pick<ActingCommand, 'arguments' | 'options' | 'data'>> = {},
): ActingCommand => ({ kind: 'acts', action, about, example, arguments: [], options: {}, data: none, ...rest });

const asks = (shows: AskingCommand['shows'], about: string, options: AskingCommand['options'] = {}): AskingCommand => ({
  ...{ kind: 'asks', shows, about, options, arguments: [] },
  example: `driftless ${shows}`,
});

/** What `export` gives: every list, what is short enough to be given whole, and the file for taxes. */
export const EXPORTS = [...Object.keys(LISTS), 'balances', 'engines', 'tax'] as const;
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;

export const COMMANDS = {
  status: asks('status', 'what the engine does, and how the account stands'),
  positions: asks('positions', 'the open positions'),
  history: asks('history', 'the last operations', {
    limit: { value: 'count', about: 'how many (20)', check: countUpTo(MAX_ROWS) },
  }),
  engines: {
    kind: 'engines',
    about: 'every engine of the data folder and what they hold together; or start or stop one, or all',
    arguments: [
      { name: 'do', about: 'to the engine', choices: ['list', 'start', 'stop'], fallback: 'list' },
      { name: 'engine', about: 'its name in ENGINES_FILE, its id, or all', fallback: '' },
    ],
    options: {},
    example: 'driftless engines start all',
  },
  deposit: acts('DRIFT_DEPOSIT', 'move an asset from the wallet to the venue', 'driftless deposit 1.5', {
    ...{ arguments: [AMOUNT], options: { asset: ASSET }, data: capital },
  }),
  withdraw: acts('DRIFT_WITHDRAW', 'move an asset from the venue to the wallet', 'driftless withdraw 1.5 --asset SOL', {
    ...{ arguments: [AMOUNT], options: { asset: ASSET }, data: capital },
  }),
  open: acts('DRIFT_OPEN_POSITION', 'open or enlarge a position', 'driftless open short 2.5', {
    arguments: [
      { name: 'direction', about: 'of the position', choices: ['long', 'short'] },
      { name: 'size', about: 'in SOL', check: isAmount },
      MARKET,
    ],
    data: ({ direction, size, market }) => ({
      ...{ direction: String(direction), size: String(size), market: String(market) },
    }),
  }),
  close: acts('DRIFT_CLOSE_POSITION', 'close the position of a market', 'driftless close', {
    ...{ arguments: [MARKET], data: ofMarket },
  }),
  rebalance: acts('REBALANCE', 'raise the hedge target to 1 and correct now', 'driftless rebalance'),
  settle: acts('SETTLE_PNL', 'settle the PnL of a market', 'driftless settle', {
    ...{ arguments: [MARKET], data: ofMarket },
  }),
  flatten: acts('FLATTEN', 'close everything, settle, and halt', 'driftless flatten'),
  resume: acts('RESUME', 'clear the restrictions that a person clears', 'driftless resume'),
  resolve: acts(
    'RESOLVE_TRANSACTION',
    'submit the outcome of a transaction that nobody knows',
    'driftless resolve 0f1c2a44b7e94d2f8a60c5d1e3b79f02 --verdict landed --note "seen in the explorer"',
    {
      arguments: [{ name: 'operation', about: 'the id of the operation' }],
      options: {
        verdict: {
          ...{ value: 'outcome', about: 'what you know', required: true },
          choices: ['landed', 'failed', 'retry'],
        },
        note: { value: 'text', about: 'what you saw, for the record' },
      },
      data: ({ operation, verdict, note }) => ({
        ...{ operation_id: String(operation), verdict: String(verdict) },
        ...(note === undefined ? {} : { note }),
      }),
    },
  ),
  doctor: {
    kind: 'doctor',
    about: 'check everything before money moves: each part with what to do about it',
    arguments: [],
    options: { 'send-test': { about: 'send a test message through every channel of alerts' } },
    example: 'driftless doctor',
  },
  token: {
    kind: 'token',
    about: 'replace the token: the former one opens nothing any longer, and what is connected by it is disconnected',
    arguments: [{ name: 'what', about: 'to do', choices: ['rotate'] }],
    options: { read: { about: 'the read-only token, which is made if there is none' } },
    example: 'driftless token rotate',
  },
  logs: {
    kind: 'logs',
    about: 'the log of all processes as one; of an operation, its whole story',
    arguments: [],
    options: {
      operation: { value: 'id', about: 'only what belongs to this operation' },
      command: { value: 'id', about: 'only what belongs to this command' },
      engine: { value: 'id', about: 'only what belongs to this engine' },
      level: { value: 'level', about: 'at least this severe (info)', choices: LEVELS },
      ...{ from: FROM, to: TO },
      limit: { value: 'count', about: 'only the last lines (100; all of an operation)', check: countUpTo(MAX_LINES) },
      dir: { value: 'folder', about: 'of log files (LOG_DIR); again for another machine’s', many: true },
    },
    example: 'driftless logs --operation 0f1c2a44b7e94d2f8a60c5d1e3b79f02',
  },
  export: {
    kind: 'export',
    about: 'a list of the journal, whole, as CSV or JSON; or the tax file',
    arguments: [{ name: 'list', about: 'what to export', choices: EXPORTS }],
    options: {
      ...{ from: FROM, to: TO },
      out: { value: 'file', about: 'write it there, not to standard output' },
    },
    example: 'driftless export tax --from 2026-01-01 --to 2026-12-31T23:59:59Z --out tax.csv',
  },
  backup: {
    kind: 'backup',
    about: 'copy journal and Temporal, also while Driftless runs; no key and no token is in it',
    arguments: [],
    options: { to: { value: 'folder', about: 'move it there (backups/ of the data folder)' } },
    example: 'driftless backup --to /mnt/usb/driftless-2026-01-15',
  },
  restore: {
    kind: 'restore',
    about: 'make a data folder of a backup; it signs nothing until you confirm that the original is stopped',
    arguments: [{ name: 'backup', about: 'the folder of the backup' }],
    options: { into: { value: 'folder', about: 'an empty or new folder (DRIFTLESS_HOME)' } },
    example: 'driftless restore /mnt/usb/driftless-2026-01-15 --into .driftless',
  },
  completion: {
    kind: 'completion',
    about: 'a script by which your shell completes commands and options',
    arguments: [{ name: 'shell', about: 'yours', choices: SHELLS }],
    options: {},
    example: 'source <(driftless completion bash)',
  },
} as const satisfies Readonly<Record<string, CliCommand>>;

export type CommandName = keyof typeof COMMANDS;
