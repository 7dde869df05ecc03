/** The seed's `drift_state`, field for field: JSON numbers in SOL, USD and per cent; what is unknown is null. */
import type { Account, PerpPosition } from '../domain/account.ts';
import { exposure } from '../domain/delta.ts';
import {
  assessMargin,
  entryPrice,
  liquidationPrice,
  perpMarketOf,
  unrealizedPnl,
  unsettledFunding,
} from '../domain/margin.ts';
import type { Policy } from '../domain/policy.ts';
import type { Snapshot } from '../domain/snapshot.ts';
import { solNumber, usdNumber } from '../domain/units.ts';
import type { View } from './record-views.ts';

export const UNKNOWN_DRIFT_STATE: View = {
  health: null,
  leverage: null,
  total_collateral: null,
  free_collateral: null,
  maintenance_margin: null,
  positions: null,
  net_delta: null,
  drift_pct: null,
};

export function driftState(snapshot: Snapshot, policy: Policy): View {
  const { account, markets } = snapshot;
  if (account === null) return { ...UNKNOWN_DRIFT_STATE, positions: [] };
  const assessment = assessMargin(account, markets);
  const figures = assessment.kind === 'known' ? assessment.figures : null;
  const { netDelta, driftPct } = exposure(snapshot, policy);
  return {
    health: figures?.health ?? null,
    leverage: figures?.leverage ?? null,
    total_collateral: figures === null ? null : usdNumber(figures.totalCollateralMaintenance),
    free_collateral: figures === null ? null : usdNumber(figures.freeCollateral),
    maintenance_margin: figures === null ? null : usdNumber(figures.maintenanceMargin),
    positions: account.perps
      .filter((position) => position.baseAmount !== 0n)
      .map((position) => positionView(position, account, snapshot)),
    net_delta: netDelta === null ? null : solNumber(netDelta),
    drift_pct: driftPct,
  };
}

function positionView(position: PerpPosition, account: Account, { markets }: Snapshot): View {
  const found = markets.perps.find((each) => each.marketIndex === position.marketIndex);
  const market = found === undefined ? null : perpMarketOf(markets, found.market);
  const entry = entryPrice(position);
  const pnl = market === null ? null : unrealizedPnl(position, market);
  const liquidation = market === null ? null : liquidationPrice(account, markets, market.market);
  const mark = market?.markPrice ?? market?.oracle.price ?? null;
  return {
    market: market?.market ?? `market ${position.marketIndex}`,
    amount: solNumber(position.baseAmount),
    entry_price: entry === null ? null : usdNumber(entry),
    mark_price: mark === null ? null : usdNumber(mark),
    pnl: pnl === null || market === null ? null : (Number(pnl) + Number(unsettledFunding(position, market))) / 1e6,
    liq_price: liquidation?.kind === 'price' ? usdNumber(liquidation.price) : null,
  };
}
