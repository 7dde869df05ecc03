/** What HTTP answers. */
import * as z from '../lib/codec.ts';
import { EquityPoint } from './account.ts';
import { AlertInfo } from './alert.ts';
import { CarryAnswer } from './carry.ts';
import { ErrorInfo } from './error.ts';
import { FundingPayment, OperationInfo, Trade } from './operation.ts';
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
  markets: z.array(z.string()).about('The markets that commands may name.'),
  policy: PolicyInForce,
  temporal_ui_url: z.string().nullable(),
  explorer_url: z.string().nullable().about('With {signature} where the signature goes, or a prefix.'),
});

export const HttpError = z.object({ error: ErrorInfo });

const listOf = <Item extends z.Codec<unknown, unknown>>(item: Item) =>
  z.object({
    items: z.array<Item['value'], Item['json']>(item as z.Codec<Item['value'], Item['json']>).about('Newest first.'),
    next_cursor: z.string().nullable().about('Send it as cursor to get the next page. Null: this is the last one.'),
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
} as const;
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
  '/api/carry': CarryAnswer,
  ...(Object.fromEntries(Object.entries(LISTS).map(([name, list]) => [`/api/${name}`, list])) as {
    [Name in ListName as `/api/${Name}`]: (typeof LISTS)[Name];
  }),
} as const;

/** How an address is asked. */
export const methodOf = (path: string): 'GET' | 'POST' => (path === '/api/preview' ? 'POST' : 'GET');
