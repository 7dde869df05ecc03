/**
 * The tax file: one line for each disposal, funding payment, fee and day of interest, in exact decimals of the account's
 * quote asset and of USD. docs/architecture/bridge.md defines the columns. Pure: rows in, lines out, both oldest first.
 */
import { applyFill, emptyPosition } from '../account/position.ts';
import { formatAmount, formatSol, formatUsd, USD_DECIMALS } from '../money/amounts.ts';
import { abs, type Lamports, lamports, microUsd, min, price, valueAt } from '../money/units.ts';

export interface TaxFill {
  readonly tsMs: number;
  readonly market: string;
  readonly side: 'buy' | 'sell';
  /** Lamports. */
  readonly size: bigint;
  /** 1e-6 USD per SOL. */
  readonly price: bigint;
  /** 1e-6 of the quote asset, positive = paid. */
  readonly fee: bigint;
  readonly reference: string;
}

export interface TaxPayment {
  readonly tsMs: number;
  readonly market: string;
  readonly amount: bigint;
  readonly reference: string;
}

/** Cumulative, in 1e-6 of the quote asset, as the journal keeps it. */
export interface TaxAccrual {
  readonly tsMs: number;
  readonly interest: bigint;
  /** Negative = paid. */
  readonly gas: bigint;
  /** 1e-6 USD per unit of the quote asset; null: not written down. */
  readonly quotePrice: bigint | null;
}

export interface TaxRecords {
  /** All since the beginning: what a fill closes follows from the fills before it. */
  readonly fills: readonly TaxFill[];
  readonly payments: readonly TaxPayment[];
  /** Of the range, and the last one before it. */
  readonly accruals: readonly TaxAccrual[];
  readonly fromMs: number | null;
  readonly quoteAsset: string | null;
}

export const TAX_COLUMNS = [
  'date',
  'kind',
  'market',
  'asset',
  'quantity',
  'proceeds',
  'cost',
  'gain',
  'quote_asset',
  'quote_price_usd',
  'gain_usd',
  'reference',
] as const;

/** Text throughout: exact decimals, and nothing that a spreadsheet would round. Empty: it has none, or it is unknown. */
export type TaxLine = Readonly<Record<(typeof TAX_COLUMNS)[number], string>>;

interface TaxEvent {
  readonly tsMs: number;
  readonly kind: 'disposal' | 'funding' | 'trading_fee' | 'interest' | 'network_fee';
  readonly market?: string;
  /** Of a disposal: the SOL closed, and what came in and went out for it. */
  readonly closed?: { readonly size: bigint; readonly proceeds: bigint; readonly cost: bigint };
  /** In the quote asset. */
  readonly gain: bigint;
  readonly reference: string;
}

export function taxLines(records: TaxRecords): readonly TaxLine[] {
  const { fills, payments, accruals, fromMs, quoteAsset } = records;
  const events = [...fillEvents(fills), ...payments.map(paymentEvent), ...accrualEvents(accruals)];
  const prices = accruals.filter(({ quotePrice }) => quotePrice !== null);
  return events
    .filter(({ tsMs }) => fromMs === null || tsMs >= fromMs)
    .toSorted((a, b) => a.tsMs - b.tsMs)
    .map((event) => lineOf(event, priceAt(prices, event.tsMs), quoteAsset));
}

/** By average cost, as the venue itself counts: a fill closes first what stands on the other side. */
function fillEvents(fills: readonly TaxFill[]): readonly TaxEvent[] {
  const positions = new Map<string, ReturnType<typeof emptyPosition>>();
  return fills.flatMap((fill) => {
    const { tsMs, market, reference } = fill;
    const before = positions.get(market) ?? emptyPosition(0, 0n);
    const delta = lamports(fill.side === 'buy' ? fill.size : -fill.size);
    const quote = microUsd(-valueAt(delta, price(fill.price)));
    const { position, realizedPnl } = applyFill(before, delta, quote, microUsd(0n));
    positions.set(market, position);
    const closed = closedSize(before.baseAmount, delta);
    const events: TaxEvent[] = [{ tsMs, kind: 'trading_fee', market, gain: -fill.fee, reference }];
    if (closed === 0n) return events;
    const closing = (quote * closed) / abs(delta);
    const entry = realizedPnl - closing;
    const [proceeds, cost] = closing > 0n ? [closing, -entry] : [entry, -closing];
    return [
      { tsMs, kind: 'disposal', market, closed: { size: closed, proceeds, cost }, gain: realizedPnl, reference },
      ...events,
    ];
  });
}

const closedSize = (held: Lamports, delta: Lamports): bigint =>
  held === 0n || held > 0n === delta > 0n ? 0n : min<bigint>(abs(held), abs(delta));

const paymentEvent = ({ tsMs, market, amount, reference }: TaxPayment): TaxEvent => ({
  ...{ tsMs, kind: 'funding', market, gain: amount, reference },
});

const DAY_MS = 86_400_000;
const dayOf = (tsMs: number): number => Math.floor(tsMs / DAY_MS);

/** What grew from the last record of one day to the last of the next, dated with that record. */
function accrualEvents(accruals: readonly TaxAccrual[]): readonly TaxEvent[] {
  const lastOfDay = accruals.filter(({ tsMs }, index) => {
    const next = accruals[index + 1];
    return index === 0 || next === undefined || dayOf(next.tsMs) !== dayOf(tsMs);
  });
  return lastOfDay.slice(1).flatMap(({ tsMs, interest, gas }, index) => {
    const before = lastOfDay[index];
    const event = (kind: 'interest' | 'network_fee', gain: bigint): readonly TaxEvent[] =>
      gain === 0n ? [] : [{ tsMs, kind, gain, reference: '' }];
    return [
      ...event('interest', interest - (before?.interest ?? 0n)),
      ...event('network_fee', gas - (before?.gas ?? 0n)),
    ];
  });
}

/** The last one that was written down by then. */
const priceAt = (prices: readonly TaxAccrual[], tsMs: number): bigint | null =>
  prices.findLast((accrual) => accrual.tsMs <= tsMs)?.quotePrice ?? null;

const PRICE_ONE = 1_000_000n;
const ASSETS: Readonly<Record<TaxEvent['kind'], string>> = {
  disposal: 'SOL',
  funding: '',
  trading_fee: '',
  interest: '',
  network_fee: 'SOL',
};

function lineOf(event: TaxEvent, quotePrice: bigint | null, quoteAsset: string | null): TaxLine {
  const { closed, gain } = event;
  const usd = quotePrice === null ? null : (gain * quotePrice) / PRICE_ONE;
  const quote = (value: bigint | null | undefined): string =>
    value === null || value === undefined ? '' : formatAmount(value, USD_DECIMALS);
  return {
    date: new Date(event.tsMs).toISOString(),
    kind: event.kind,
    market: event.market ?? '',
    asset: ASSETS[event.kind] === '' ? (quoteAsset ?? '') : ASSETS[event.kind],
    quantity: closed === undefined ? '' : formatSol(closed.size),
    proceeds: quote(closed?.proceeds),
    cost: quote(closed?.cost),
    gain: quote(gain),
    quote_asset: quoteAsset ?? '',
    quote_price_usd: quote(quotePrice),
    gain_usd: usd === null ? '' : formatUsd(usd),
    reference: event.reference,
  };
}
