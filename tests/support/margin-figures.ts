/** Every figure of an account by the SDK's `User` and by ours, as text, so that a difference of one unit shows which. */
import {
  calculateEntryPrice,
  calculatePositionPNL,
  calculateUnsettledFundingPnl,
  type PerpMarketAccount,
  type SpotMarketAccount,
  type User,
} from '@drift-labs/sdk';
import type { Account, Markets } from '../../src/domain/account/account.ts';
import {
  assessMargin,
  entryPrice,
  liquidationPrice,
  spotHeld,
  unrealizedPnl,
  unsettledFunding,
} from '../../src/domain/margin/margin.ts';

export type Figures = Record<string, string>;

interface StandingIn {
  readonly spot: readonly SpotMarketAccount[];
  readonly perps: readonly PerpMarketAccount[];
}

/** The SDK reads the wall clock for its TWAPs and withdrawal limits: set it to the chain's before. */
export function sdkFigures(user: User, chain: StandingIn): Figures {
  const figures: Figures = {
    totalCollateralInitial: `${user.getTotalCollateral('Initial', true)}`,
    totalCollateralMaintenance: `${user.getTotalCollateral('Maintenance')}`,
    initialMargin: `${user.getInitialMarginRequirement()}`,
    maintenanceMargin: `${user.getMaintenanceMarginRequirement()}`,
    freeCollateral: `${user.getFreeCollateral()}`,
    health: `${user.getHealth()}`,
    leverage: `${Number(`${user.getLeverage()}`) / 1e4}`,
    netValue: `${user.getNetUsdValue()}`,
    unrealizedPnl: `${user.getUnrealizedPNL()}`,
    unsettledFunding: `${user.getUnrealizedFundingPNL()}`,
  };
  for (const market of chain.spot) {
    figures[`held ${market.marketIndex}`] = `${user.getTokenAmount(market.marketIndex)}`;
  }
  for (const market of chain.perps) {
    const { marketIndex } = market;
    figures[`liquidation ${marketIndex}`] = `${user.liquidationPrice(marketIndex)}`;
    const position = user.getPerpPosition(marketIndex);
    if (position === undefined) continue;
    const valuedAt = user.driftClient.getMMOracleDataForPerpMarket(marketIndex);
    figures[`pnl ${marketIndex}`] = `${calculatePositionPNL(market, position, false, valuedAt)}`;
    figures[`funding ${marketIndex}`] = `${calculateUnsettledFundingPnl(market, position)}`;
    figures[`entry ${marketIndex}`] = `${calculateEntryPrice(position)}`;
  }
  return figures;
}

function ourLiquidationPrice(account: Account, markets: Markets, market: string): string {
  const at = liquidationPrice(account, markets, market);
  if (at.kind === 'price') return `${at.price}`;
  return at.kind === 'none' ? '-1' : `unknown: ${at.missing}`;
}

export function ourFigures(account: Account, markets: Markets): Figures {
  const assessment = assessMargin(account, markets);
  if (assessment.kind === 'unknown') return { missing: assessment.missing.join(', ') };
  const { healthExact: _, ...known } = assessment.figures;
  const figures: Figures = {};
  for (const [name, value] of Object.entries(known)) figures[name] = `${value}`;
  for (const { asset, marketIndex } of markets.spot) {
    figures[`held ${marketIndex}`] = `${spotHeld(account, markets, asset)}`;
  }
  for (const perp of markets.perps) {
    figures[`liquidation ${perp.marketIndex}`] = ourLiquidationPrice(account, markets, perp.market);
    const position = account.perps.find((each) => each.marketIndex === perp.marketIndex);
    if (position === undefined) continue;
    figures[`pnl ${perp.marketIndex}`] = `${unrealizedPnl(position, perp)}`;
    figures[`funding ${perp.marketIndex}`] = `${unsettledFunding(position, perp)}`;
    figures[`entry ${perp.marketIndex}`] = `${entryPrice(position) ?? 0}`;
  }
  return figures;
}
