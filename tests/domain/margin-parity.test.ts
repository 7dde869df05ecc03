import {
  calculateEntryPrice,
  calculatePositionPNL,
  calculateUnsettledFundingPnl,
  type UserAccount,
} from '@drift-labs/sdk';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Account, Markets } from '../../src/domain/account.ts';
import {
  assessMargin,
  entryPrice,
  liquidationPrice,
  spotHeld,
  unrealizedPnl,
  unsettledFunding,
  withdrawable,
} from '../../src/domain/margin.ts';
import { decodeAccount } from '../../src/venues/drift/decode.ts';
import { type Chain, decodeBytes, marketsOf, RECORDING, recordedChain, sdkUser } from '../support/drift-accounts.ts';
import { bytesOfUser, chainOf, driftCase } from '../support/drift-arbitraries.ts';
import { completedWithMade, madeChain } from '../support/made-drift-chain.ts';

const RUNS = 300;
/** Seconds alone; minutes on a busy machine under coverage. */
const TIMEOUT_MS = 300_000;

/** Every figure as text, so that a difference of one unit shows which. */
type Figures = Record<string, string>;

function sdkFigures(chain: Chain, account: UserAccount): Figures {
  const user = sdkUser(chain, account);
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
    figures[`withdrawable ${market.marketIndex}`] = `${user.getWithdrawalLimit(market.marketIndex, true)}`;
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

function ourFigures(account: Account, markets: Markets): Figures {
  const assessment = assessMargin(account, markets);
  if (assessment.kind === 'unknown') return { missing: assessment.missing.join(', ') };
  const { healthExact: _, ...known } = assessment.figures;
  const figures: Figures = {};
  for (const [name, value] of Object.entries(known)) figures[name] = `${value}`;
  for (const { asset, marketIndex } of markets.spot) {
    figures[`held ${marketIndex}`] = `${spotHeld(account, markets, asset)}`;
    figures[`withdrawable ${marketIndex}`] = `${withdrawable(account, markets, asset)}`;
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

function holdsParity(from: Chain): Promise<void> {
  return fc.assert(
    fc.asyncProperty(driftCase, async (drawn) => {
      const chain = await chainOf(from, drawn);
      const bytes = await bytesOfUser(drawn);
      vi.setSystemTime(chain.nowSeconds * 1000);
      const theirs = sdkFigures(chain, decodeBytes('User', bytes));
      expect(ourFigures(decodeAccount(decodeBytes('User', bytes)), marketsOf(chain))).toEqual(theirs);
    }),
    { numRuns: RUNS },
  );
}

describe('margin of any account equals that of the SDK', () => {
  // The SDK reads the wall clock for its TWAPs and withdrawal limits.
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('on made markets of every kind', () => holdsParity(madeChain()), TIMEOUT_MS);

  it(
    'on the real markets and oracles of September 2024',
    (context) => {
      const recorded = recordedChain();
      if (recorded === null) return context.skip(`no recording at ${RECORDING}`);
      return holdsParity(completedWithMade(recorded));
    },
    TIMEOUT_MS,
  );
});
