/** What HTTP answers. */
import * as z from '../lib/codec.ts';
import { EquityPoint } from './account.ts';
import { AlertInfo } from './alert.ts';
import { CarryAnswer } from './carry.ts';
import { ErrorInfo } from './error.ts';
import {
  AccountIdentity,
  BalanceInfo,
  CommandInfo,
  EngineInfo,
  EngineTotal,
  PastDecision,
  Statistics,
} from './history.ts';
import { FundingPayment, OperationInfo, Steps, Trade } from './operation.ts';
import { PolicyInForce } from './policy.ts';
import { CommandPreview } from './preview.ts';
import { State } from './state.ts';
import { mode, time } from './units.ts';

export const Health = z.object({ ok: z.literal(true) });

const part = z.object({ ok: z.boolean(), detail: z.string().about('What was found, for a person.') });
export const Readiness = z.object({
  ready: z.boolean().about('True when every part is.'),
  parts: z.object({ temporal: part, journal: part, worker: part, feed: part, venue: part }),
});

export const Config = z.object({
  engine_id: z.string(),
  mode,
  account: AccountIdentity,
  markets: z.array(z.string()).about('The markets that commands may name.'),
  policy: PolicyInForce,
  access: z
    .enum(['full', 'read'])
    .about('What the token of this request opens. `read` (DRIFTLESS_READ_TOKEN) may neither command nor preview.'),
  version: z.string().nullable().about('Of the program that answers.'),
  protocol: z
    .object({ oldest: z.number(), newest: z.number() })
    .about('The versions of the protocol that it understands in `protocol` of a command.'),
  page: z
    .string()
    .nullable()
    .about(
      'The script of the page that it serves. A page with another script is of another version. Null: it has no page.',
    ),
  temporal_ui_url: z.string().nullable(),
  explorer_url: z.string().nullable().about('With {signature} where the signature goes, or a prefix.'),
});

export const Acknowledgement = z.object({
  alert_id: z.string(),
  acknowledged: z.literal(true).about('It is not sent again.'),
});
export const BackupMade = z.object({
  folder: z.string().about('On the machine of the process that made it, below its data folder.'),
  made_at: time,
  files: z.number(),
  bytes: z.number(),
  engines: z
    .array(
      z.object({
        engine_id: z.string(),
        journal_sequence: z.number(),
        workflow_sequence: z.number().nullable().about('Null: the engine’s workflow did not answer.'),
      }),
    )
    .about('Each with the numbers by which its two stores are compared.'),
});
export type BackupMade = z.output<typeof BackupMade>;

export const SettingInfo = z.object({
  name: z.string().about('As in the environment and .env.'),
  group: z.string(),
  value: z.string().nullable().about('As it was written. Of a secret: set. Null: not set, and without a default.'),
  source: z.enum(['command line', 'environment', '.env', 'file', 'default', 'not set']),
  fallback: z.string().nullable().about('The default.'),
  help: z.string(),
});
export type SettingInfo = z.output<typeof SettingInfo>;

export const SettingsAnswer = z.object({ items: z.array(SettingInfo).about('In the order of the README.') });

export const ReplacedToken = z.object({
  access: z.enum(['full', 'read']).about('Which token it is.'),
  token: z.string().about('The new one. The former one opens nothing any longer.'),
});

export const HttpError = z.object({ error: ErrorInfo });

const itemsOf = <Item extends z.Codec<unknown, unknown>>(item: Item) =>
  z.array<Item['value'], Item['json']>(item as z.Codec<Item['value'], Item['json']>);

const listOf = <Item extends z.Codec<unknown, unknown>>(item: Item) =>
  z.object({
    items: itemsOf(item).about('Newest first.'),
    next_cursor: z.string().nullable().about('Send it as cursor to get the next page. Null: this is the last one.'),
  });

/** What is short enough to be given whole. */
const whole = z.string().nullable().about('Always null: this is all of it.');

export const Balances = z.object({
  as_of: time.nullable().about('When the account was read. Null: never; then there are no items.'),
  account: AccountIdentity,
  items: itemsOf(BalanceInfo).about('SOL, the quote asset, then whatever else is held.'),
  next_cursor: whole,
});

export const Engines = z.object({
  items: itemsOf(EngineInfo).about('By their ids.'),
  totals: z.array(EngineTotal).about('One for each mode that has an engine: paper and real money are never added up.'),
  next_cursor: whole,
});

export const Series = z.object({
  from: time.about('In market time, like all of it.'),
  to: time,
  series: z
    .record(z.array(z.array(z.number())))
    .about(
      'For each name its points, oldest first: milliseconds since 1970, lowest, highest and last value of that time. ' +
        'Where nothing is known there is no point.',
    ),
});

export const LISTS = {
  operations: listOf(OperationInfo),
  trades: listOf(Trade),
  funding: listOf(FundingPayment),
  equity: listOf(EquityPoint),
  alerts: listOf(AlertInfo),
  decisions: listOf(PastDecision),
  commands: listOf(CommandInfo),
} as const;
/** The fields of a list's items, in the order of their schema: the columns of its CSV. */
export function listColumns(list: z.ObjectCodec<z.Shape>): readonly string[] {
  const items = list.shape.items as z.List<unknown, unknown>;
  return Object.keys((items.item as z.ObjectCodec<z.Shape>).shape);
}

export type ListName = keyof typeof LISTS;
export type ListItem<Name extends ListName> = z.output<(typeof LISTS)[Name]>['items'][number];
export type ListItemJson<Name extends ListName> = z.input<(typeof LISTS)[Name]>['items'][number];

export const ANSWERS = {
  '/healthz': Health,
  '/readyz': Readiness,
  '/api/state': State,
  '/api/config': Config,
  '/api/series': Series,
  '/api/preview': CommandPreview,
  '/api/acknowledge': Acknowledgement,
  '/api/backup': BackupMade,
  '/api/token': ReplacedToken,
  '/api/steps': Steps,
  '/api/settings': SettingsAnswer,
  '/api/carry': CarryAnswer,
  '/api/balances': Balances,
  '/api/engines': Engines,
  '/api/statistics': Statistics,
  ...(Object.fromEntries(Object.entries(LISTS).map(([name, list]) => [`/api/${name}`, list])) as {
    [Name in ListName as `/api/${Name}`]: (typeof LISTS)[Name];
  }),
} as const;

const POSTED: ReadonlySet<string> = new Set(['/api/preview', '/api/acknowledge', '/api/backup', '/api/token']);
/** How an address is asked. */
export const methodOf = (path: string): 'GET' | 'POST' => (POSTED.has(path) ? 'POST' : 'GET');
