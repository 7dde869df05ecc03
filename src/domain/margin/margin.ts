/**
 * Margin of an account, equal to the programs' own to the micro-USD, and to `User` of @drift-labs/sdk 2.145 but for what
 * docs/architecture/margin.md lists.
 * If a price is missing, all figures are unknown: a figure from half of the prices would look like a healthy account.
 */
import type { Account, Markets, PerpMarket, PerpPosition } from '../account/account.ts';
import { type Lamports, lamports, type MicroUsd, max, microUsd, min } from '../money/units.ts';
import { type Holdings, isActive, resolveHoldings, type SpotHolding, tokenAmount } from './holdings.ts';
import { assetWeight, BALANCE_DECIMALS, WEIGHT_ONE } from './margin-weights.ts';
import { perpMargin, totalPnl, unsettledFunding } from './perp-margin.ts';
import { spotValues, type Valuation } from './spot-margin.ts';

export { isActive, isHeld, tokenAmount } from './holdings.ts';
export { type LiquidationPrice, liquidationPrice } from './liquidation.ts';
export { entryPrice, unrealizedPnl, unsettledFunding } from './perp-margin.ts';

const LEVERAGE_ONE = 10_000n;
const PRICE_ONE = 1_000_000n;
const MICRO_USD_DECIMALS = 6;
const FULL_HEALTH = 100;
/** Deposits below this part of a market's guard threshold can always be withdrawn, whatever the market's limit. */
const GUARD_BYPASS_DIVISOR = 10n;

export interface MarginFigures {
  /** With initial weights and strict prices: what may be used to add risk. */
  readonly totalCollateralInitial: MicroUsd;
  readonly totalCollateralMaintenance: MicroUsd;
  readonly initialMargin: MicroUsd;
  readonly maintenanceMargin: MicroUsd;
  /** Initial collateral minus initial margin, never negative. */
  readonly freeCollateral: MicroUsd;
  /** 0 to 100, whole: `User.getHealth()`. 0 while being liquidated. */
  readonly health: number;
  /** The same before rounding, for limits: 19.6 is below 20. */
  readonly healthExact: number;
  /** Liabilities over net assets, open orders included; negative when net assets are. */
  readonly leverage: number;
  /** Unweighted value of everything in the account, including unsettled funding. */
  readonly netValue: MicroUsd;
  /** All perps, without unsettled funding. */
  readonly unrealizedPnl: MicroUsd;
  readonly unsettledFunding: MicroUsd;
}

export type Assessment =
  | { readonly kind: 'known'; readonly figures: MarginFigures }
  /** What is missing, in words. */
  | { readonly kind: 'unknown'; readonly missing: readonly string[] };

const INITIAL: Valuation = { category: 'initial', strict: true, includeOrders: true };
/** Initial weights at present prices alone. */
const INITIAL_AT_CURRENT: Valuation = { category: 'initial', strict: false, includeOrders: true };
const MAINTENANCE: Valuation = { category: 'maintenance', strict: false, includeOrders: true };
const UNWEIGHTED: Valuation = { category: 'unweighted', strict: false, includeOrders: true };
const PLAIN: Valuation = { category: 'unweighted', strict: false, includeOrders: false };

interface Requirement {
  readonly collateral: bigint;
  readonly margin: bigint;
}

function requirement(holdings: Holdings, how: Valuation): Requirement {
  const spot = spotValues(holdings, how);
  return {
    collateral: spot.assets + totalPnl(holdings, how.category, how.strict),
    margin: perpMargin(holdings, how) + spot.liabilities,
  };
}

/**
 * Health as a per cent, from 0 (liquidation) to 100: 1 - maintenance margin / collateral at maintenance weights.
 * An account that owes nothing is at 100.
 */
export function healthOf(collateral: bigint, maintenanceMargin: bigint): number {
  if (maintenanceMargin === 0n && collateral >= 0n) return FULL_HEALTH;
  if (collateral <= 0n) return 0;
  const health = (1 - Number(maintenanceMargin) / Number(collateral)) * FULL_HEALTH;
  return Math.min(FULL_HEALTH, Math.max(0, health));
}

function leverageOf(holdings: Holdings): number {
  const spot = spotValues(holdings, UNWEIGHTED);
  const net = spot.assets + totalPnl(holdings, 'unweighted', false) - spot.liabilities;
  if (net === 0n) return 0;
  const owed = perpMargin(holdings, UNWEIGHTED) + spot.liabilities;
  return Number((owed * LEVERAGE_ONE) / net) / Number(LEVERAGE_ONE);
}

function netValueOf(holdings: Holdings): bigint {
  const spot = spotValues(holdings, PLAIN);
  return spot.assets - spot.liabilities + totalPnl(holdings, 'unweighted', false);
}

const isBeingLiquidated = (account: Account): boolean => account.status !== 'active';

function figuresOf(holdings: Holdings): MarginFigures {
  const initial = requirement(holdings, INITIAL);
  const maintenance = requirement(holdings, MAINTENANCE);
  const health = isBeingLiquidated(holdings.account) ? 0 : healthOf(maintenance.collateral, maintenance.margin);
  return {
    totalCollateralInitial: microUsd(initial.collateral),
    totalCollateralMaintenance: microUsd(maintenance.collateral),
    initialMargin: microUsd(initial.margin),
    maintenanceMargin: microUsd(maintenance.margin),
    freeCollateral: microUsd(max(0n, initial.collateral - initial.margin)),
    health: Math.round(health),
    healthExact: health,
    leverage: leverageOf(holdings),
    netValue: microUsd(netValueOf(holdings)),
    unrealizedPnl: microUsd(totalPnl(holdings, 'unweighted', false, false)),
    unsettledFunding: microUsd(
      holdings.perps.reduce<bigint>((sum, { position, market }) => sum + unsettledFunding(position, market), 0n),
    ),
  };
}

/** All margin figures, or what is missing for them: a price that is absent, invalid or not positive. */
export function assessMargin(account: Account, markets: Markets): Assessment {
  const resolved = resolveHoldings(account, markets);
  return resolved.kind === 'unknown' ? resolved : { kind: 'known', figures: figuresOf(resolved.holdings) };
}

const spotMarketOf = (markets: Markets, asset: string) => markets.spot.find((market) => market.asset === asset);

/** Signed tokens of the asset held in the sub-account, in its base units; 0 when none. */
export function spotHeld(account: Account, markets: Markets, asset: string): bigint {
  const market = spotMarketOf(markets, asset);
  const balance = account.spot.find((each) => each.marketIndex === market?.marketIndex);
  return market === undefined || balance === undefined ? 0n : tokenAmount(balance, market);
}

export const perpMarketOf = (markets: Markets, market: string): PerpMarket | null =>
  markets.perps.find((each) => each.market === market) ?? null;

/** The position of a market by name; null if it has no base, no unsettled quote and no order. */
export function perpPosition(account: Account, market: string, markets: Markets): PerpPosition | null {
  const perp = perpMarketOf(markets, market);
  if (perp === null) return null;
  return account.perps.find((each) => each.marketIndex === perp.marketIndex && isActive(each)) ?? null;
}

/** Signed size, a short negative; 0 when none. */
export const perpSize = (account: Account, markets: Markets, market: string): Lamports =>
  perpPosition(account, market, markets)?.baseAmount ?? lamports(0n);

/** A settled position's gain is owed by the market, not by the account. */
const isOwing = (position: PerpPosition): boolean =>
  position.baseAmount !== 0n || position.quoteAmount < 0n || position.openOrders !== 0;

const owesNothing = (account: Account): boolean =>
  !account.perps.some(isOwing) &&
  account.spot.every(
    (balance) => balance.openOrders === 0 && (balance.kind === 'deposit' || balance.scaledBalance === 0n),
  );

/** What the programs let a withdrawal that must not borrow take at most, by its own rule, before they look at margin. */
function reduceOnlyCap(holdings: Holdings, { amount, oracle, market }: SpotHolding): bigint {
  const weight = assetWeight(amount, oracle, market, 'initial');
  if (weight === 0n) return amount;
  const { collateral, margin } = requirement(holdings, INITIAL_AT_CURRENT);
  const value = (max(0n, collateral - margin - 1n) * WEIGHT_ONE) / weight;
  const tokens = (value * PRICE_ONE) / oracle;
  const places = market.decimals - MICRO_USD_DECIMALS;
  return places > 0 ? tokens * 10n ** BigInt(places) : tokens / 10n ** BigInt(-places);
}

/** Whether initial margin is still met once so much has left. What leaves takes a unit of scaled balance more. */
function leavesEnough(holdings: Holdings, from: SpotHolding, amount: bigint): boolean {
  const { balance, market } = from;
  const unit = 10n ** BigInt(BALANCE_DECIMALS - market.decimals);
  const exact = (amount * unit) / market.cumulativeDepositInterest + 1n;
  const taken = amount >= from.amount ? balance.scaledBalance : exact;
  const left = { ...balance, scaledBalance: balance.scaledBalance - taken };
  const after = { ...market, depositBalance: market.depositBalance - taken };
  const tokens = tokenAmount(left, after);
  // The programs refuse margin for a balance that is worth less than one unit.
  if (tokens === 0n && left.scaledBalance > 0n) return false;
  const holding = { ...from, balance: left, market: after, amount: tokens };
  const spot = holdings.spot.map((each) => (each === from ? holding : each));
  const { collateral, margin } = requirement({ ...holdings, spot }, INITIAL);
  return collateral >= margin;
}

/** The largest whole number up to `most` that passes, where what is less passes too. */
function largestPassing(most: bigint, passes: (amount: bigint) => boolean): bigint {
  if (passes(most)) return most;
  let [good, bad] = [0n, most];
  while (bad - good > 1n) {
    const middle = (good + bad) / 2n;
    if (passes(middle)) good = middle;
    else bad = middle;
  }
  return good;
}

/**
 * Tokens of the asset that can be withdrawn without borrowing: the last unit that the programs give. Null if a price that
 * it depends on is unknown; for an account that owes nothing it depends on none.
 */
export function withdrawable(account: Account, markets: Markets, asset: string): bigint | null {
  const market = spotMarketOf(markets, asset);
  const held = max(0n, spotHeld(account, markets, asset));
  if (market === undefined || held === 0n) return 0n;

  const guard = market.withdrawGuardThreshold;
  const bypasses = guard !== undefined && (account.netDeposits ?? 0n) >= 0n && held < guard / GUARD_BYPASS_DIVISOR;
  const permitted = market.withdrawLimit === undefined || bypasses ? held : min(held, market.withdrawLimit);
  if (permitted <= 0n || owesNothing(account)) return permitted;

  const resolved = resolveHoldings(account, markets);
  if (resolved.kind === 'unknown') return null;
  const { holdings } = resolved;
  const holding = holdings.spot.find((each) => each.market === market);
  if (holding === undefined) return 0n;
  const most = min(permitted, reduceOnlyCap(holdings, holding));
  return largestPassing(most, (amount) => leavesEnough(holdings, holding, amount));
}
