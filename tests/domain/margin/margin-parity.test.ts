import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RECORDING } from '../../../localnet/tests/support/recording.ts';
import { decodeAccount } from '../../../src/venues/drift/decode.ts';
import { type Chain, decodeBytes, marketsOf, recordedChain, sdkUser } from '../../support/drift-accounts.ts';
import { bytesOfUser, chainOf, driftCase } from '../../support/drift-arbitraries.ts';
import { completedWithMade, madeChain } from '../../support/made-drift-chain.ts';
import { ourFigures, sdkFigures } from '../../support/margin-figures.ts';

const RUNS = 300;
/** Seconds alone; minutes on a busy machine under coverage. */
const TIMEOUT_MS = 300_000;

function holdsParity(from: Chain): Promise<void> {
  return fc.assert(
    fc.asyncProperty(driftCase, async (drawn) => {
      const chain = await chainOf(from, drawn);
      const bytes = await bytesOfUser(drawn);
      vi.setSystemTime(chain.nowSeconds * 1000);
      const theirs = sdkFigures(sdkUser(chain, decodeBytes('User', bytes)), chain);
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
