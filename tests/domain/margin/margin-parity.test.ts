import { calculateNetUserPnlImbalance, type MMOraclePriceData } from '@drift-labs/sdk';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { RECORDING } from '../../../localnet/tests/support/recording.ts';
import { itUnless } from '../../../localnet/tests/support/unless.ts';
import type { Markets, OracleQuote } from '../../../src/domain/account/account.ts';
import { quoteMarket } from '../../../src/domain/account/spot-markets.ts';
import { microUsd } from '../../../src/domain/money/units.ts';
import { decodeDriftAccount } from '../../../src/venues/drift/account-decoder.ts';
import { decodeAccount } from '../../../src/venues/drift/decode.ts';
import {
  type Chain,
  decodeBytes,
  marketsOf,
  perpOracleKey,
  recordedChain,
  sdkUser,
} from '../../support/drift-accounts.ts';
import { bytesOfUser, chainOf, driftCase } from '../../support/drift-arbitraries.ts';
import { fakeOnly } from '../../support/fake-timers.ts';
import { LONG } from '../../support/long.ts';
import { completedWithMade, madeChain } from '../../support/made-drift-chain.ts';
import { type Figures, ourFigures, sdkFigures } from '../../support/margin-figures.ts';

const PAR = 1_000_000n;
const DISPUTED_OFF_PAR = /^(liquidation |totalCollateral|freeCollateral|health)/;
const RUNS = LONG ? 300 : 50;
/** Seconds alone; minutes on a busy machine under coverage. */
const TIMEOUT_MS = 300_000;

/**
 * What the SDK sees in another way while the quote asset is not at 1 USD: it takes it for 1 USD in a liquidation price, and
 * weighs a profit after it has priced that asset, the program and we before.
 */
function withoutDisputed(figures: Figures, quote: OracleQuote | undefined): Figures {
  const atPar = quote?.price === PAR;
  const meanAtPar = atPar && (quote?.twap5Min ?? 0n) >= PAR;
  const disputed = meanAtPar ? /^$/ : atPar ? /^(totalCollateralInitial|freeCollateral)$/ : DISPUTED_OFF_PAR;
  return Object.fromEntries(Object.entries(figures).filter(([name]) => !disputed.test(name)));
}

/** What a market owes its traders as the SDK counts it, and profits without the limit that it does not know. */
function asTheSdkCounts(markets: Markets, chain: Chain): Markets {
  const perps = markets.perps.map(({ initialProfitLimit: _, ...perp }) => {
    const market = present(chain.perps.find(({ marketIndex }) => marketIndex === perp.marketIndex));
    const quote = present(chain.spot.find(({ marketIndex }) => marketIndex === market.quoteSpotMarketIndex));
    const oracle = present(chain.oracles.get(perpOracleKey(market)));
    const owed = calculateNetUserPnlImbalance(market, quote, oracle as MMOraclePriceData);
    return { ...perp, netUserPnlImbalance: microUsd(BigInt(`${owed}`)) };
  });
  return { ...markets, perps };
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the chain is incomplete');
  return value;
}

function holdsParity(from: Chain): Promise<void> {
  return fc.assert(
    fc.asyncProperty(driftCase, async (drawn) => {
      const chain = await chainOf(from, drawn);
      const bytes = await bytesOfUser(drawn);
      jest.setSystemTime(chain.nowSeconds * 1000);
      const theirs = sdkFigures(sdkUser(chain, decodeBytes('User', bytes)), chain);
      const markets = asTheSdkCounts(marketsOf(chain), chain);
      const ours = ourFigures(decodeAccount(decodeDriftAccount('User', bytes)), markets);
      const quote = quoteMarket(markets)?.oracle;
      expect(withoutDisputed(ours, quote)).toEqual(withoutDisputed(theirs, quote));
    }),
    { numRuns: RUNS },
  );
}

describe('margin of any account equals that of the SDK', () => {
  // The SDK reads the wall clock for its TWAPs and withdrawal limits.
  beforeEach(() => {
    fakeOnly(['Date']);
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('on made markets of every kind', () => holdsParity(madeChain()), TIMEOUT_MS);

  const recorded = recordedChain();
  itUnless(recorded === null && `no recording at ${RECORDING}`)(
    'on the real markets and oracles of September 2024',
    async () => {
      if (recorded !== null) await holdsParity(completedWithMade(recorded));
    },
    TIMEOUT_MS,
  );
});
