/** The broadcast's `drift_state`, field for field: docs/protocol.md. JSON numbers in SOL, USD and per cent. */
import type { Account, Markets, PerpMarket, PerpPosition } from '../account/account.ts';
import type { Snapshot } from '../account/snapshot.ts';
import { exposure } from '../hedge/delta.ts';
import type { Policy } from '../hedge/policy.ts';
import { assessMargin, entryPrice, liquidationPrice } from '../margin/margin.ts';
import { type Lamports, type MicroUsd, microUsd, type Price, solNumber, usdNumber, valueAt } from '../money/units.ts';

export { accountFigures } from './account-figures.ts';
export { marketFigures } from './market-figures.ts';

const usd = (value: MicroUsd | Price | null): number | null => (value === null ? null : usdNumber(value));
const sol = (value: Lamports | null): number | null => (value === null ? null : solNumber(value));

/** The mark, or the oracle's price if there is no mark; null if neither is usable. */
export const markPrice = (market: PerpMarket): Price | null =>
  market.markPrice ?? (market.oracle.valid ? market.oracle.price : null);

const pricePnl = (position: PerpPosition, mark: Price | null): MicroUsd | null =>
  mark === null ? null : microUsd(valueAt(position.baseAmount, mark) + position.quoteEntryAmount);

function positionFigures(account: Account, markets: Markets, position: PerpPosition) {
  const market = markets.perps.find((each) => each.marketIndex === position.marketIndex);
  const entry = entryPrice(position);
  if (entry === null) return null;
  const amount = solNumber(position.baseAmount);
  if (market === undefined) {
    const name = `perp market ${position.marketIndex}`;
    return { market: name, amount, entry_price: usdNumber(entry), mark_price: null, pnl: null, liq_price: null };
  }
  const liquidation = liquidationPrice(account, markets, market.market);
  const mark = markPrice(market);
  return {
    market: market.market,
    amount,
    entry_price: usdNumber(entry),
    mark_price: usd(mark),
    pnl: usd(pricePnl(position, mark)),
    liq_price: liquidation.kind === 'price' ? usdNumber(liquidation.price) : null,
  };
}

interface MarginPart {
  readonly health: number | null;
  readonly leverage: number | null;
  readonly total_collateral: number | null;
  readonly free_collateral: number | null;
  readonly maintenance_margin: number | null;
}

const UNKNOWN_MARGIN: MarginPart = {
  health: null,
  leverage: null,
  total_collateral: null,
  free_collateral: null,
  maintenance_margin: null,
};

/** The figures without an account: it holds nothing, and its health has no value. */
const NO_ACCOUNT: MarginPart = { ...UNKNOWN_MARGIN, total_collateral: 0, free_collateral: 0, maintenance_margin: 0 };

function marginPart(account: Account | null, markets: Markets): MarginPart {
  if (account === null) return NO_ACCOUNT;
  const assessment = assessMargin(account, markets);
  if (assessment.kind === 'unknown') return UNKNOWN_MARGIN;
  const { figures } = assessment;
  return {
    health: figures.health,
    leverage: figures.leverage,
    total_collateral: usdNumber(figures.totalCollateralMaintenance),
    free_collateral: usdNumber(figures.freeCollateral),
    maintenance_margin: usdNumber(figures.maintenanceMargin),
  };
}

/** Null is unknown. The fields are described in src/protocol/account.ts. */
export function driftState(snapshot: Snapshot, policy: Policy) {
  const { account, markets } = snapshot;
  const { netDelta, driftPct } = exposure(snapshot, policy);
  return {
    ...marginPart(account, markets),
    positions:
      account === null ? [] : account.perps.flatMap((position) => positionFigures(account, markets, position) ?? []),
    net_delta: sol(netDelta),
    drift_pct: driftPct,
  };
}
