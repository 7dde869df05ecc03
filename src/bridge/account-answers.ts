/** What HTTP tells of the account beside its state: whose it is, its balances, its earnings, and the engines beside it. */
import { decodeSnapshot, type Snapshot, type SnapshotJson } from '../domain/account/snapshot.ts';
import { equityFiguresOf } from '../domain/figures/account-figures.ts';
import { type Balance, balancesOf } from '../domain/figures/balances.ts';
import { accountPageOf } from '../domain/figures/explorer.ts';
import { driftState } from '../domain/figures/figures.ts';
import { type EngineWorth, totalEquity, walletWorth } from '../domain/figures/total-equity.ts';
import { exposure } from '../domain/hedge/delta.ts';
import { decodePolicy, type Policy } from '../domain/hedge/policy.ts';
import { HOURS_PER_YEAR, MS_PER_HOUR, microUsd, solNumber, unitNumber, usdNumber } from '../domain/money/units.ts';
import type { EarningsSums, EngineRecord, SpanName, StatisticsRecord } from '../journal/records.ts';
import type * as z from '../lib/codec.ts';
import { parseEngineId } from '../lib/ids.ts';
import type { Balances } from '../protocol/api.ts';
import type {
  AccountIdentity,
  BalanceInfo,
  EarningsSpan,
  EngineInfo,
  EngineTotal,
  Statistics,
} from '../protocol/history.ts';
import type { BridgeSettings, ServedEngine } from './ports.ts';
import { isoTime } from './units-view.ts';

const base = (value: bigint | null): string | null => (value === null ? null : value.toString());

export function identityOf({
  engineId,
  accountAddress = null,
  explorerUrl,
}: Pick<BridgeSettings, 'engineId' | 'accountAddress' | 'explorerUrl'>): z.input<typeof AccountIdentity> {
  const { venue = 'paper', authority = null, subAccount = 0 } = parseEngineId(engineId) ?? {};
  return {
    venue,
    authority: venue === 'paper' ? null : authority,
    address: accountAddress,
    sub_account: subAccount,
    explorer_url: accountAddress === null ? null : accountPageOf(explorerUrl, accountAddress),
  };
}

function balanceView({ decimals, ...balance }: Balance): z.input<typeof BalanceInfo> {
  const number = (value: bigint | null): number | null => (value === null ? null : unitNumber(value, decimals));
  return {
    asset: balance.asset,
    deposited: number(balance.deposited),
    borrowed: number(balance.borrowed),
    wallet: number(balance.wallet),
    usd: balance.usd === null ? null : usdNumber(balance.usd),
    weight: balance.weight,
    apr: balance.apr === null ? null : balance.apr * 100,
    deposited_base: base(balance.deposited),
    borrowed_base: base(balance.borrowed),
    wallet_base: base(balance.wallet),
    usd_base: base(balance.usd),
  };
}

export function balancesView(
  snapshot: Snapshot | null,
  account: z.input<typeof AccountIdentity>,
): z.input<typeof Balances> {
  return {
    as_of: snapshot === null ? null : isoTime(snapshot.takenAtMs),
    account,
    items: snapshot === null ? [] : balancesOf(snapshot).map(balanceView),
    next_cursor: null,
  };
}

/** Null where there is none, or it is of a version that we cannot read. */
export function readable(json: SnapshotJson | null): Snapshot | null {
  try {
    return json === null ? null : decodeSnapshot(json);
  } catch {
    return null;
  }
}

const amount = (text: string | null | undefined): bigint | null => (text == null ? null : BigInt(text));
const worthOf = ({ equity_base, wallet_base, authority }: z.input<typeof EngineInfo>): EngineWorth => ({
  ...{ equity: amount(equity_base), wallet: amount(wallet_base), authority },
});

/** One for each mode that has an engine, real money first: paper and real money are never added up. */
export function totalsOf(items: readonly z.input<typeof EngineInfo>[]): readonly z.input<typeof EngineTotal>[] {
  return (['live', 'paper'] as const).flatMap((mode) => {
    const of = items.filter((item) => item.mode === mode);
    if (of.length === 0) return [];
    const { sum, unknown } = totalEquity(of.map(worthOf));
    const equity = sum === null ? null : microUsd(sum);
    return [
      {
        ...{ mode, engines: of.length, equity: equity === null ? null : usdNumber(equity), equity_base: base(equity) },
        equity_unknown: unknown,
        waiting: of.filter(({ holds, unresolved }) => holds.length + unresolved.length > 0).length,
      },
    ];
  });
}

/** @param fallback for a record of a version that did not name its settings */
export function engineInfo(
  record: EngineRecord,
  snapshot: Snapshot | null,
  { served, fallback }: { readonly served: ServedEngine | null; readonly fallback: Policy },
): Omit<z.input<typeof EngineInfo>, 'current'> {
  const { venue = 'paper', authority = null, subAccount = 0 } = parseEngineId(record.engineId) ?? {};
  return {
    engine_id: record.engineId,
    name: served?.name ?? null,
    served: served !== null,
    mode: record.mode,
    venue,
    authority: venue === 'paper' ? null : authority,
    sub_account: subAccount,
    feed: record.feed,
    state: record.state,
    trading_state: record.tradingState,
    reason: record.reason,
    hedge_target: record.hedgeTarget,
    holds: record.holds.map(({ code }) => code),
    unresolved: record.unresolved,
    ...engineFigures(snapshot, policyOf(record, fallback)),
    updated_at: isoTime(record.updatedAtMs),
  };
}

function policyOf({ policy }: EngineRecord, fallback: Policy): Policy {
  try {
    return policy === undefined ? fallback : decodePolicy(policy);
  } catch {
    return fallback;
  }
}

function engineFigures(snapshot: Snapshot | null, policy: Policy) {
  if (snapshot === null)
    return {
      ...{ as_of: null, equity: null, equity_base: null, wallet_base: null, health: null },
      ...{ perp_sol: null, perp_sol_base: null, net_delta: null },
    };
  const { equity_usd, equity_usd_base } = equityFiguresOf(snapshot);
  const { perp, netDelta } = exposure(snapshot, policy);
  return {
    as_of: isoTime(snapshot.takenAtMs),
    equity: equity_usd,
    equity_base: equity_usd_base,
    wallet_base: base(walletWorth(snapshot)),
    health: driftState(snapshot, policy).health,
    perp_sol: solNumber(perp),
    perp_sol_base: perp.toString(),
    net_delta: netDelta === null ? null : solNumber(netDelta),
  };
}

/** A shorter span says nothing about a year. */
const LEAST_MS = MS_PER_HOUR;

/** From here on a single trade's costs are spread over enough funding that a yearly figure means something. */
const SOUND_MS = 7 * 24 * MS_PER_HOUR;

function cautionOf(lastsMs: number): string | null {
  if (lastsMs >= SOUND_MS) return null;
  const hours = lastsMs / MS_PER_HOUR;
  const lasts =
    hours < 48
      ? `${Math.round(hours)} ${Math.round(hours) === 1 ? 'hour' : 'hours'}`
      : `${Math.floor(hours / 24)} days`;
  return `The yearly figures are those of ${lasts}, multiplied: the costs of one trade count as if it were made again and again.`;
}

function spanView(sums: EarningsSums, periodMs: number): z.input<typeof EarningsSpan> {
  const lastsMs = sums.toMs - sums.fromMs;
  const hours = lastsMs / MS_PER_HOUR;
  const capital = lastsMs <= 0 ? null : BigInt(sums.equityTime) / BigInt(lastsMs);
  const costs = BigInt(sums.slippage) + BigInt(sums.fees) + BigInt(sums.gas);
  const [funding, basis] = [BigInt(sums.funding), BigInt(sums.basis)];
  const net = funding + basis + costs;
  const aprPct = (amount: bigint): number | null =>
    capital === null || capital <= 0n || lastsMs < LEAST_MS
      ? null
      : (Number(amount) / Number(capital)) * (HOURS_PER_YEAR / hours) * 100;
  const hedgedHours = (sums.hedgedPeriods * periodMs) / MS_PER_HOUR;
  const usd = (amount: bigint): number => usdNumber(amount.toString());
  return {
    from: isoTime(sums.fromMs),
    to: isoTime(sums.toMs),
    hours,
    net_apr_pct: aprPct(net),
    gross_apr_pct: aprPct(funding),
    caution: aprPct(net) === null ? null : cautionOf(lastsMs),
    net: usd(net),
    funding: usd(funding),
    basis: usd(basis),
    costs: usd(costs),
    interest: usdNumber(sums.interest),
    capital: capital === null ? null : usd(capital),
    hedged_hours: hedgedHours,
    hedged_pct: hours <= 0 ? null : Math.min(100, (hedgedHours / hours) * 100),
    net_base: net.toString(),
    funding_base: sums.funding,
    basis_base: sums.basis,
    costs_base: costs.toString(),
    interest_base: sums.interest,
  };
}

export function statisticsView(record: StatisticsRecord | null, periodMs: number): z.input<typeof Statistics> {
  if (record === null) return { as_of: null, spans: null, worst_day: null };
  const { spans, worstDay } = record;
  const span = (name: SpanName): z.input<typeof EarningsSpan> => spanView(spans[name], periodMs);
  return {
    as_of: isoTime(spans.all.toMs),
    spans: { today: span('today'), week: span('week'), month: span('month'), all: span('all') },
    worst_day: {
      day: isoTime(worstDay.startMs).slice(0, 10),
      net: usdNumber(worstDay.net),
      net_base: worstDay.net,
    },
  };
}
