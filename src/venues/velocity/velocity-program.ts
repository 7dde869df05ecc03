/** Velocity as a program of the family. */
import { isActive, isHeld } from '../../domain/margin/holdings.ts';
import { assessMargin } from '../../domain/margin/margin.ts';
import { decodeAccount } from '../solana-perps/account-layout.ts';
import { TOKEN_PROGRAM } from '../solana-perps/addresses.ts';
import type { PerpsProgram } from '../solana-perps/perps-program.ts';
import type { AccountsView, DecodedAccounts, ProgramAccountName } from '../solana-perps/program-accounts.ts';
import { velocityPerpsEvents } from './perps-events.ts';
import {
  PERP_MARKET,
  type PerpMarketState,
  SPOT_MARKET,
  STATE,
  USER_STATS,
  VELOCITY_CODE_SHA256,
  VELOCITY_PROGRAM_ID,
} from './program/accounts.ts';
import { decodeUser, type UserState } from './program/user.ts';
import { velocityError } from './program-errors.ts';
import { accountOf, listsAllOrders, marketsOf } from './read/decode.ts';
import { accountFeeTier } from './read/fee-tier.ts';
import { pausesUnderLayout } from './read/later-build.ts';
import { fundingOutlook } from './read/market-funding.ts';
import { readOracle } from './read/oracle.ts';
import { velocityPauses } from './read/pauses.ts';
import { signedContent } from './signed-content.ts';
import type { VelocityAccountTypes } from './velocity-accounts.ts';
import {
  cancelInstructions,
  moveInstructions,
  openInstructions,
  placeInstructions,
  settleInstructions,
} from './write/instructions.ts';
import { openingCost } from './write/opening.ts';

/** Each account by its own table. */
const DECODERS: { readonly [N in ProgramAccountName]: (bytes: Uint8Array) => VelocityAccountTypes[N] } = {
  State: (bytes) => decodeAccount(STATE, bytes),
  User: (bytes) => decodeUser(bytes),
  UserStats: (bytes) => decodeAccount(USER_STATS, bytes),
  PerpMarket: (bytes) => decodeAccount(PERP_MARKET, bytes),
  SpotMarket: (bytes) => decodeAccount(SPOT_MARKET, bytes),
};

function view(accounts: DecodedAccounts<VelocityAccountTypes>): AccountsView {
  const { state, user, userStats, market, base, quote, perps, spot, slot, blockTimeMs: nowMs } = accounts;
  const account = user === null ? null : accountOf(user);
  const markets = marketsOf({ state, spot, perps, slot, nowMs, feeTier: accountFeeTier(userStats, nowMs) });
  const margin = account === null ? null : assessMargin(account, markets);
  return {
    account,
    markets,
    pauses: pausesUnderLayout(
      accounts,
      velocityPauses({
        ...{ state, market: market.market, base: base.market, quote: quote.market, user, userStats, nowMs },
        collateral: margin?.kind === 'known' ? margin.figures.totalCollateralInitial : null,
      }),
    ),
    funding: fundingOutlook(market.market, market.oracle, positionIn(user, market.market), { slot, nowMs, state }),
    openingCost: openingCost({ user, userStats, state }),
    nextSubAccount: userStats?.subAccountsCreated ?? 0,
    listsAllOrders: user !== null && listsAllOrders(user),
  };
}

const positionIn = (user: UserState | null, { marketIndex }: PerpMarketState): bigint =>
  user?.perpPositions.find((position) => position.marketIndex === marketIndex && position.base !== 0n)?.base ?? 0n;

export const VELOCITY: PerpsProgram<VelocityAccountTypes> = {
  kind: 'velocity',
  name: 'Velocity',
  errorPrefix: 'VELOCITY',
  programId: VELOCITY_PROGRAM_ID,
  testedBuilds: [VELOCITY_CODE_SHA256],
  signerSeed: 'velocity_signer',

  decode: (name, bytes) => DECODERS[name](bytes),
  perpOracle: ({ oracleSource }, bytes) => readOracle(oracleSource, bytes),
  spotOracle: ({ oracleSource }, bytes) => readOracle(oracleSource, bytes),
  marketCounts: ({ perpMarkets, spotMarkets }) => ({ perps: perpMarkets, spot: spotMarkets }),
  perpLinks: ({ name, marketIndex, oracle, quoteMarketIndex }) => ({
    name,
    marketIndex,
    oracle,
    quoteIndex: quoteMarketIndex,
  }),
  spotLinks: ({ name, marketIndex, oracle, mint, decimals }) => ({
    name,
    marketIndex,
    oracle,
    mint,
    decimals,
    tokenProgram: TOKEN_PROGRAM,
  }),
  marketsOf: (user) => {
    const { perps, spot } = accountOf(user);
    return {
      perps: perps.filter(isActive).map(({ marketIndex }) => marketIndex),
      spot: spot.filter(isHeld).map(({ marketIndex }) => marketIndex),
    };
  },
  view,
  controls: ({ authority, delegate, subAccount, maxMarginRatio, equityFloor }) =>
    [authority, delegate, subAccount, maxMarginRatio, equityFloor].join(' '),

  instructions: {
    open: openInstructions,
    move: moveInstructions,
    place: placeInstructions,
    cancel: cancelInstructions,
    settle: settleInstructions,
  },
  // It publishes none that is known.
  lookupTables: () => [],

  events: velocityPerpsEvents,
  signedContent,
  error: velocityError,
};
