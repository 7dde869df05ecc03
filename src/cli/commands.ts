/** The commands that ask or command the running product: what each is called, takes, and sends. */

import { SOL_PERP } from '../domain/account/account.ts';
import type { Action } from '../domain/order/command.ts';

interface Argument {
  readonly name: string;
  readonly about: string;
  /** Absent: it must be given. */
  readonly fallback?: string;
}

interface Option {
  /** What the value is called in the help. */
  readonly value: string;
  readonly about: string;
  readonly required?: true;
}

/** Words of the command line, by the name of argument or option. */
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

export type CliCommand = ActingCommand | AskingCommand;

const MARKET: Argument = { name: 'market', about: 'the market', fallback: SOL_PERP };
const AMOUNT: Argument = { name: 'amount', about: 'how much, in units of the asset: 1.5' };
const ASSET: Option = { value: 'asset', about: "SOL (default), or the account's quote asset" };

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

export const COMMANDS = {
  status: asks('status', 'what the engine does, what restricts it, and how the account stands'),
  positions: asks('positions', 'the open positions'),
  history: asks('history', 'the last operations', { limit: { value: 'count', about: 'how many (20)' } }),
  deposit: acts('DRIFT_DEPOSIT', 'move an asset from the wallet to the venue', 'driftless deposit 1.5', {
    ...{ arguments: [AMOUNT], options: { asset: ASSET }, data: capital },
  }),
  withdraw: acts('DRIFT_WITHDRAW', 'move an asset from the venue to the wallet', 'driftless withdraw 1.5 --asset SOL', {
    ...{ arguments: [AMOUNT], options: { asset: ASSET }, data: capital },
  }),
  open: acts('DRIFT_OPEN_POSITION', 'open or enlarge a position', 'driftless open short 2.5', {
    arguments: [{ name: 'direction', about: 'long or short' }, { name: 'size', about: 'in SOL' }, MARKET],
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
        verdict: { value: 'outcome', about: 'landed, failed or retry', required: true },
        note: { value: 'text', about: 'what you saw, for the record' },
      },
      data: ({ operation, verdict, note }) => ({
        ...{ operation_id: String(operation), verdict: String(verdict) },
        ...(note === undefined ? {} : { note }),
      }),
    },
  ),
} as const satisfies Readonly<Record<string, CliCommand>>;

export type CommandName = keyof typeof COMMANDS;
export const isCommandName = (word: string): word is CommandName => Object.hasOwn(COMMANDS, word);
