/** The page's figures beyond `drift_state`: numbers for people, and exact base units as `*_base` strings. */
import { type Account, BASE_ASSET, type Markets, SOL_PERP, type SpotMarket } from '../account/account.ts';
import type { EquitySource, Snapshot } from '../account/snapshot.ts';
import { baseMarket, quoteMarket } from '../account/spot-markets.ts';
import { whatHoldsBack } from '../gates/gate-size-checks.ts';
import { openingCost } from '../gates/gate-subject.ts';
import { mostToDeposit, mostToWithdraw } from '../gates/most-movable.ts';
import { carryOf } from '../hedge/carry.ts';
import { driftFromTargetPct, exposure, FULL_HEDGE_PPM, reservedFor } from '../hedge/delta.ts';
import type { Policy } from '../hedge/policy.ts';
import {
  assessMargin,
  isActive,
  type LiquidationPrice,
  liquidationPrice,
  perpMarketOf,
  perpSize,
  spotHeld,
  unrealizedPnl,
  unsettledFunding,
} from '../margin/margin.ts';
import { apportion } from '../money/apportion.ts';
import {
  divFloor,
  FEMTO_PER_MICRO_USD,
  lamports,
  type MicroUsd,
  max,
  microUsd,
  type Price,
  solNumber,
  unitNumber,
  usdNumber,
} from '../money/units.ts';

const RATE_DECIMALS = 9;
const PRICE_ONE = 1_000_000n;

/** The costs of having a position at all, which the carry has to earn back. */
const COSTS = ['fees', 'gas', 'slippage'] as const satisfies readonly EquitySource[];

const usd = (value: MicroUsd | Price | null): number | null => (value === null ? null : usdNumber(value));
const base = (value: bigint | null): string | null => (value === null ? null : value.toString());

/** Null: there is no such market. Without an account nothing is held. */
function held(account: Account | null, markets: Markets, market: SpotMarket | null): bigint | null {
  if (market === null) return null;
  return account === null ? 0n : spotHeld(account, markets, market.asset);
}

function balances(snapshot: Snapshot, policy: Policy) {
  const { account, markets, wallet } = snapshot;
  const [sol, quote] = [baseMarket(markets), quoteMarket(markets)];
  const solHeld = held(account, markets, sol);
  const quoteHeld = held(account, markets, quote);
  return {
    quote_asset: quote?.asset ?? null,
    quote_price: usd(quote?.oracle.price ?? null),
    quote_price_base: base(quote?.oracle.price ?? null),
    wallet_sol: solNumber(wallet.sol),
    wallet_sol_base: wallet.sol.toString(),
    wallet_quote: usdNumber(wallet.quote),
    wallet_quote_base: wallet.quote.toString(),
    spot_sol: solHeld === null ? null : solNumber(lamports(solHeld)),
    spot_sol_base: base(solHeld),
    spot_quote: quoteHeld === null ? null : usdNumber(microUsd(quoteHeld)),
    spot_quote_base: base(quoteHeld),
    max_deposit_sol_base: mostToDeposit(snapshot, BASE_ASSET, policy).toString(),
    max_deposit_quote_base: quote === null ? null : mostToDeposit(snapshot, quote.asset, policy).toString(),
    max_withdraw_sol_base: base(mostToWithdraw(snapshot, BASE_ASSET, policy)),
    max_withdraw_quote_base: quote === null ? null : base(mostToWithdraw(snapshot, quote.asset, policy)),
    held_back: whatHoldsBack(snapshot).trim() || null,
  };
}

function delta(snapshot: Snapshot, policy: Policy, hedgeTarget: number | null) {
  const { spot, perp, netDelta, naked } = exposure(snapshot, policy);
  const isKnown = spot !== null && hedgeTarget !== null;
  return {
    perp_sol: solNumber(perp),
    perp_sol_base: perp.toString(),
    net_delta_base: base(netDelta),
    naked,
    drift_from_target_pct: isKnown
      ? driftFromTargetPct(spot, perp, reservedFor(policy), Math.round(hedgeTarget * FULL_HEDGE_PPM))
      : null,
  };
}

/** What the running period would pay at the last period's rate: an estimate. */
function nextFundingEstimate({ account, markets, funding }: Snapshot): number | null {
  const oracle = perpMarketOf(markets, SOL_PERP)?.oracle.price ?? null;
  if (account === null || oracle === null || funding.lastRate === null) return null;
  const perp = perpSize(account, markets, SOL_PERP);
  return perp === 0n ? 0 : -solNumber(perp) * usdNumber(oracle) * unitNumber(funding.lastRate, RATE_DECIMALS);
}

function liquidation(account: Account | null, markets: Markets) {
  const at: LiquidationPrice = account === null ? { kind: 'none' } : liquidationPrice(account, markets, SOL_PERP);
  if (at.kind !== 'price') return { liq_kind: at.kind, liq_price: null, liq_distance_pct: null };
  const oracle = perpMarketOf(markets, SOL_PERP)?.oracle.price ?? null;
  const gap = oracle === null || oracle === 0n ? null : Math.abs(Number(at.price - oracle)) / Number(oracle);
  return { liq_kind: at.kind, liq_price: usdNumber(at.price), liq_distance_pct: gap === null ? null : gap * 100 };
}

interface PnlParts {
  /** USD, at the quote asset's price. */
  readonly unrealized: MicroUsd | null;
  /** Of the quote asset, as what is below. */
  readonly funding: MicroUsd | null;
  readonly unsettled: MicroUsd | null;
}

const pnlFigures = ({ unrealized, funding, unsettled }: PnlParts) => ({
  unrealized_pnl: usd(unrealized),
  unrealized_pnl_base: base(unrealized),
  unsettled_funding: usd(funding),
  unsettled_funding_base: base(funding),
  unsettled_pnl: usd(unsettled),
  unsettled_pnl_base: base(unsettled),
});

/** What a settle would move to the balance, in the quote asset and at face value; null: a price is unknown. */
function unsettledPnl(account: Account, markets: Markets): MicroUsd | null {
  let sum = 0n;
  for (const position of account.perps.filter(isActive)) {
    const market = markets.perps.find(({ marketIndex }) => marketIndex === position.marketIndex);
    const pnl = market === undefined ? null : unrealizedPnl(position, market);
    if (market === undefined || pnl === null) return null;
    sum += pnl + unsettledFunding(position, market);
  }
  return microUsd(sum);
}

const zero = microUsd(0n);

function margin(account: Account | null, markets: Markets) {
  if (account === null) {
    return {
      missing: [],
      initial_margin: 0,
      health_exact: null,
      ...pnlFigures({ unrealized: zero, funding: zero, unsettled: zero }),
    };
  }
  const assessment = assessMargin(account, markets);
  if (assessment.kind === 'unknown') {
    const unknown = pnlFigures({ unrealized: null, funding: null, unsettled: null });
    return { missing: assessment.missing, initial_margin: null, health_exact: null, ...unknown };
  }
  const { figures } = assessment;
  return {
    missing: [],
    initial_margin: usdNumber(figures.initialMargin),
    health_exact: figures.healthExact,
    ...pnlFigures({
      unrealized: figures.unrealizedPnl,
      funding: figures.unsettledFunding,
      unsettled: unsettledPnl(account, markets),
    }),
  };
}

const mapSources = <T>(sources: Readonly<Record<EquitySource, bigint>>, to: (micro: MicroUsd) => T) =>
  Object.fromEntries(Object.entries(sources).map(([source, micro]) => [source, to(microUsd(micro))])) as Record<
    EquitySource,
    T
  >;

/** A snapshot that was recorded in USD has its equity converted. What led to it was counted at other prices, so it is unknown. */
function inQuoteAsset(snapshot: Snapshot): Pick<Snapshot, 'equity' | 'equityBaseline' | 'sources'> {
  const { equity, equityIn, markets } = snapshot;
  const price = quoteMarket(markets)?.oracle.price ?? null;
  if (equity === null || equityIn !== undefined || price === PRICE_ONE) return snapshot;
  const known = price !== null && price > 0n;
  return { equity: known ? divFloor(equity * PRICE_ONE, price) : null, equityBaseline: null, sources: null };
}

/** In 1e-6 of the quote asset. */
interface EquityParts {
  readonly equity: MicroUsd | null;
  readonly change: MicroUsd | null;
  readonly sources: Readonly<Record<EquitySource, bigint>> | null;
}

function equityParts(snapshot: Snapshot): EquityParts {
  const { equity, equityBaseline, sources } = inQuoteAsset(snapshot);
  if (equity === null) return { equity: null, change: null, sources: null };
  const micro = divFloor(equity, FEMTO_PER_MICRO_USD);
  if (equityBaseline === null) return { equity: microUsd(micro), change: null, sources: null };
  const change = micro - divFloor(equityBaseline, FEMTO_PER_MICRO_USD);
  const parts = sources === null ? null : balanced(sources, equity - equityBaseline, change);
  return { equity: microUsd(micro), change: microUsd(change), sources: parts };
}

/** The nearest micro-USD to an amount of the quote asset. */
const inUsd = (amount: MicroUsd | null, price: Price | null): MicroUsd | null =>
  amount === null || price === null ? null : microUsd(divFloor(amount * price + PRICE_ONE / 2n, PRICE_ONE));

/** The rest that no source explains is shown as unexplained, so the sources never silently fail to add up. */
function balanced(sources: Readonly<Record<EquitySource, bigint>>, exactChange: bigint, change: bigint) {
  const sum = Object.values(sources).reduce((total, amount) => total + amount, 0n);
  return apportion({ ...sources, unexplained: sources.unexplained + exactChange - sum }, change);
}

function equityFigures({ equity, change, sources }: EquityParts, { markets }: Snapshot) {
  const worth = inUsd(equity, quoteMarket(markets)?.oracle.price ?? null);
  return {
    equity_usd: usd(worth),
    equity_usd_base: base(worth),
    equity: usd(equity),
    equity_base: base(equity),
    equity_change: usd(change),
    equity_change_base: base(change),
    sources: sources === null ? null : mapSources(sources, usdNumber),
    sources_base: sources === null ? null : mapSources(sources, (micro) => micro.toString()),
  };
}

/** Of `accountFigures` what is of equity alone: the rest is not computed. */
export const equityFiguresOf = (snapshot: Snapshot) => equityFigures(equityParts(snapshot), snapshot);

function breakEven(owed: MicroUsd, perDay: MicroUsd | null): { days: number | null; note: string | null } {
  if (owed === 0n) return { days: 0, note: null };
  if (perDay === null) return { days: null, note: null };
  if (perDay <= 0n) return { days: null, note: 'At the mean rate of the last day the costs are not recovered.' };
  return { days: Number(owed) / Number(perDay), note: null };
}

function earnings(snapshot: Snapshot, sources: EquityParts['sources']) {
  const perDay = carryOf(snapshot)?.netPerDay ?? null;
  if (sources === null) {
    return {
      funding_received: null,
      costs_paid: null,
      earns_per_day: usd(perDay),
      break_even_days: null,
      break_even_note: null,
    };
  }
  const costs = microUsd(COSTS.reduce((sum, source) => sum - sources[source], 0n));
  const { days, note } = breakEven(max(zero, microUsd(costs - sources.funding)), perDay);
  return {
    funding_received: usdNumber(microUsd(sources.funding)),
    costs_paid: usdNumber(costs),
    earns_per_day: usd(perDay),
    break_even_days: days,
    break_even_note: note,
  };
}

/**
 * Null is unknown. SOL, USD and per cent; `*_base`: lamports, or micro-USD. The fields are described in
 * src/protocol/account.ts. `hedgeTarget` is a share from 0 to 1; null: the engine's record is unknown.
 */
export function accountFigures(snapshot: Snapshot, policy: Policy, hedgeTarget: number | null) {
  const { account, markets } = snapshot;
  const parts = equityParts(snapshot);
  const opening = openingCost(snapshot, 'deposit');
  const ofPositions = (account?.perps ?? []).reduce((sum, position) => sum + position.settledPnl, 0n);
  const settled = account?.settledPnl ?? microUsd(ofPositions);
  return {
    exists: account !== null,
    opening_cost: solNumber(lamports(opening)),
    opening_cost_base: opening.toString(),
    ...balances(snapshot, policy),
    ...delta(snapshot, policy, hedgeTarget),
    next_funding_estimate: nextFundingEstimate(snapshot),
    ...margin(account, markets),
    ...liquidation(account, markets),
    settled_pnl: usdNumber(settled),
    settled_pnl_base: settled.toString(),
    accrued_funding: usd(snapshot.accruedFunding),
    accrued_funding_base: base(snapshot.accruedFunding),
    ...equityFigures(parts, snapshot),
    ...earnings(snapshot, parts.sources),
  };
}
