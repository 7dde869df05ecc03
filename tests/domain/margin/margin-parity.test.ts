import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { RECORDING } from '../../../localnet/tests/support/recording.ts';
import { itUnless } from '../../../localnet/tests/support/unless.ts';
import { quoteMarket } from '../../../src/domain/account/spot-markets.ts';
import { decodeDriftAccount } from '../../../src/venues/drift/account-decoder.ts';
import { decodeAccount } from '../../../src/venues/drift/decode.ts';
import { type Chain, decodeBytes, marketsOf, recordedChain, sdkUser } from '../../support/drift-accounts.ts';
import { bytesOfUser, chainOf, driftCase } from '../../support/drift-arbitraries.ts';
import { fakeOnly } from '../../support/fake-timers.ts';
import { LONG } from '../../support/long.ts';
import { completedWithMade, madeChain } from '../../support/made-drift-chain.ts';
import { type Figures, ourFigures, sdkFigures } from '../../support/margin-figures.ts';

const RUNS = LONG ? 300 : 50;
/** Seconds alone; minutes on a busy machine under coverage. */
const TIMEOUT_MS = 300_000;

/** For a liquidation price the SDK takes the quote asset for 1 USD, and we take it at its price. */
const withoutLiquidation = (figures: Figures): Figures =>
  Object.fromEntries(Object.entries(figures).filter(([name]) => !name.startsWith('liquidation ')));

function holdsParity(from: Chain): Promise<void> {
  return fc.assert(
    fc.asyncProperty(driftCase, async (drawn) => {
      const chain = await chainOf(from, drawn);
      const bytes = await bytesOfUser(drawn);
      jest.setSystemTime(chain.nowSeconds * 1000);
      const theirs = sdkFigures(sdkUser(chain, decodeBytes('User', bytes)), chain);
      const markets = marketsOf(chain);
      const ours = ourFigures(decodeAccount(decodeDriftAccount('User', bytes)), markets);
      const compared = quoteMarket(markets)?.oracle.price === 1_000_000n ? (all: Figures) => all : withoutLiquidation;
      expect(compared(ours)).toEqual(compared(theirs));
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
