/** The holdings of a paper account and its wallet, and their value at a price. */
import type { PerpPosition } from '../../domain/account/account.ts';
import {
  FEMTO_PER_MICRO_USD,
  type FemtoUsd,
  femtoUsd,
  type Lamports,
  type MicroUsd,
  type Price,
} from '../../domain/money/units.ts';

interface PaperHoldings {
  readonly wallet: { readonly sol: Lamports; readonly usdc: MicroUsd };
  readonly sol: Lamports;
  readonly usdc: MicroUsd;
  readonly perp: Pick<PerpPosition, 'baseAmount' | 'quoteAmount'>;
}

/** SOL in the sub-account and the wallet, and the perp: the effect of an oracle move of 1e-6 USD, in 1e-15 USD. */
export const exposure = (state: PaperHoldings): bigint => state.sol + state.wallet.sol + state.perp.baseAmount;

/** The sub-account at the oracle, and the wallet's SOL and USDC. */
export const equityAt = (state: PaperHoldings, oracle: Price): FemtoUsd =>
  femtoUsd(exposure(state) * oracle + (state.usdc + state.wallet.usdc + state.perp.quoteAmount) * FEMTO_PER_MICRO_USD);
