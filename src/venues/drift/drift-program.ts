/** Drift v2 as a program of the family. Its instructions load the SDK, reading does not. */
import { type DeploymentSettings, TOKEN_2022_PROGRAM, TOKEN_PROGRAM } from '../solana-perps/addresses.ts';
import { deploymentOf, type PerpsDeployment } from '../solana-perps/deployment.ts';
import type { PerpsProgram } from '../solana-perps/perps-program.ts';
import type { AccountsView, DecodedAccounts } from '../solana-perps/program-accounts.ts';
import { decodeDriftAccount, decodeOracleAccount } from './account-decoder.ts';
import { decodeAccount, decodeMarkets } from './decode.ts';
import type { DriftAccountTypes } from './drift-accounts.ts';
import { driftEvents } from './events/drift-events.ts';
import { feeTierOf } from './fee-tier.ts';
import { marketFunding } from './market-funding.ts';
import { listsAllOrders } from './open-orders.ts';
import { pausesOf } from './pauses.ts';
import { DRIFT_V2_PROGRAM } from './program-id.ts';
import { DRIFT_INSTRUCTIONS } from './write/drift-instructions.ts';
import { programError } from './write/instructions.ts';
import { openingCost } from './write/opening.ts';
import { signedContent } from './write/signed-content.ts';

const TOKEN_2022_FLAG = 1;

/** As the SDK names them. */
const LOOKUP_TABLES = {
  mainnet: ['Fpys8GRa5RBWfyeN7AaDUwFGD1zkDCA4z3t4CJLV8dfL', 'EiWSskK5HXnBTptiS5DH6gpAJRVNQ3cAhTKBGaiaysAb'],
  devnet: ['FaMS3U4uBojvGn5FSDEPimddcXsCfwkKsFgMVVnDdxGb'],
} as const;

function view(accounts: DecodedAccounts<DriftAccountTypes>): AccountsView {
  const { state, user, userStats, market, base, quote, perps, spot, slot, blockTimeMs } = accounts;
  const feeTier = feeTierOf(state, userStats, blockTimeMs);
  return {
    account: user === null ? null : decodeAccount(user),
    markets: decodeMarkets({ state, spot, perps, slot, nowMs: blockTimeMs, feeTier }),
    pauses: pausesOf({ state, market: market.market, base: base.market, quote: quote.market, user }),
    funding: marketFunding(market.market),
    openingCost: openingCost({ user, userStats, state }),
    nextSubAccount: userStats?.subAccountsCreated ?? 0,
    listsAllOrders: user !== null && listsAllOrders(user),
  };
}

export const DRIFT: PerpsProgram<DriftAccountTypes> = {
  kind: 'drift',
  name: 'Drift',
  errorPrefix: 'DRIFT',
  programId: DRIFT_V2_PROGRAM,
  // Its builds shared their layouts, and nobody trades there since it was paused.
  testedBuilds: [],
  signerSeed: 'drift_signer',

  decode: decodeDriftAccount,
  perpOracle: ({ oracleSource }, bytes) => decodeOracleAccount(oracleSource, bytes),
  spotOracle: ({ oracleSource }, bytes) => decodeOracleAccount(oracleSource, bytes),
  marketCounts: (state) => ({ perps: state.perpMarkets, spot: state.spotMarkets }),
  perpLinks: (market) => ({
    name: market.name,
    marketIndex: market.marketIndex,
    oracle: market.oracle,
    quoteIndex: market.quoteMarketIndex,
  }),
  spotLinks: (market) => ({
    name: market.name,
    marketIndex: market.marketIndex,
    oracle: market.oracle,
    mint: market.mint,
    decimals: market.decimals,
    tokenProgram: (market.tokenProgramFlag & TOKEN_2022_FLAG) === 0 ? TOKEN_PROGRAM : TOKEN_2022_PROGRAM,
  }),
  marketsOf: (user) => ({
    perps: user.perpPositions
      .filter((one) => one.base !== 0n || one.quote !== 0n || one.openOrders !== 0)
      .map(({ marketIndex }) => marketIndex),
    spot: user.spotPositions
      .filter((one) => one.scaledBalance !== 0n || one.openOrders !== 0)
      .map(({ marketIndex }) => marketIndex),
  }),
  view,
  controls: ({ authority, delegate, subAccount, maxMarginRatio, marginMode, tradesOnMargin, poolId }) =>
    [authority, delegate, subAccount, maxMarginRatio, marginMode, tradesOnMargin, poolId].join(' '),

  instructions: DRIFT_INSTRUCTIONS,
  // A local chain has mainnet's.
  lookupTables: (cluster) => LOOKUP_TABLES[cluster === 'devnet' ? 'devnet' : 'mainnet'],

  events: driftEvents,
  signedContent,
  error: programError,
};

/** @throws CriticalError ADDRESS_MALFORMED, BAD_SUB_ACCOUNT */
export const driftDeployment = (settings: DeploymentSettings): PerpsDeployment<DriftAccountTypes> =>
  deploymentOf(DRIFT, settings);
