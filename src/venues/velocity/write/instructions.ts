/** The instructions of an intent. Table: docs/architecture/velocity-venue.md. */
import type { PublicKey, TransactionInstruction } from '@solana/web3.js';
import type { OrderIntent } from '../../../domain/order/intent.ts';
import type { ProgramInstruction } from '../../solana-perps/instruction-layout.ts';
import { toInstruction } from '../../solana-perps/to-instruction.ts';
import { perpMarketAddress, spotMarketAddress, vaultAddress } from '../program/addresses.ts';
import { velocityInstruction } from '../program/instructions.ts';
import { marketAccounts } from './market-accounts.ts';
import { openingInstructions } from './opening.ts';
import { orderParams } from './order.ts';
import type { VelocityOwner, VelocityRead } from './read.ts';

type Built = readonly TransactionInstruction[];

/** Tokens between the wallet and the account. */
interface Move {
  readonly kind: 'deposit' | 'withdraw';
  readonly marketIndex: number;
  readonly amount: bigint;
  readonly tokenAccount: PublicKey;
}

export const openInstructions = (read: VelocityRead, owner: VelocityOwner): Built =>
  openingInstructions(read, owner).map(toInstruction);

/**
 * A withdrawal is reduce-only: if the account has changed since the read, the program pays out less instead of lending. A
 * deposit is not, because reduce-only would only repay a debt.
 */
export function moveInstructions(move: Move, read: VelocityRead, owner: VelocityOwner): Built {
  const { kind, marketIndex, amount, tokenAccount } = move;
  const moved = velocityInstruction(
    kind,
    {
      ...ownAccounts(owner),
      userStats: owner.userStats.toBase58(),
      vault: vaultAddress(marketIndex),
      tokenAccount: tokenAccount.toBase58(),
    },
    { marketIndex, amount, reduceOnly: kind === 'withdraw' },
    marketAccounts(read, { spot: [marketIndex] }),
  );
  return [...(kind === 'withdraw' ? interestOfDebts(read) : []), moved].map(toInstruction);
}

/**
 * An order whose time has passed, because its worker was away, is placed only: the program skips it without an error, and an
 * exit goes on to its next round. Taken at once it would be refused (6061), and the exit would end there.
 */
export function placeInstructions(intent: OrderIntent, read: VelocityRead, owner: VelocityOwner): Built {
  const params = orderParams(intent, read);
  const own = ownAccounts(owner);
  const order =
    intent.maxTsMs < read.blockTimeMs
      ? velocityInstruction('placePerpOrder', own, params, marketAccounts(read))
      : velocityInstruction(
          'placeAndTakePerpOrder',
          { ...own, userStats: owner.userStats.toBase58() },
          { ...params, successCondition: null },
          marketAccounts(read, { perps: [read.market.market.marketIndex] }),
        );
  return [...(intent.reduceOnly ? [] : interestOfDebts(read)), order].map(toInstruction);
}

/** Every open order of the configured market. */
export function cancelInstructions(read: VelocityRead, owner: VelocityOwner): Built {
  const which = { marketType: 'perp', marketIndex: read.market.market.marketIndex, direction: null } as const;
  return [toInstruction(velocityInstruction('cancelOrders', ownAccounts(owner), which, marketAccounts(read)))];
}

/**
 * The AMM is brought up to date first: else the program refuses to settle while the oracle is away from its average (6096).
 * Then funding, then PnL as far as the market's pool can pay. The mode is `try`: with an empty pool the funding is still
 * settled, and the answer reports what was settled instead of a failure.
 *
 * In a market that is being settled the same instruction closes the position at the expiry price, with its funding. Asked for
 * separately, funding is refused there (6146).
 */
export function settleInstructions(read: VelocityRead, owner: VelocityOwner): Built {
  const { marketIndex, oracle } = read.market.market;
  const quoteIndex = read.quote.market.marketIndex;
  const own = ownAccounts(owner);
  const settled = velocityInstruction(
    'settleMultiplePnls',
    { ...own, vault: vaultAddress(quoteIndex) },
    { marketIndexes: [marketIndex], mode: 'trySettle' },
    marketAccounts(read, { perps: [marketIndex], spot: [quoteIndex] }),
  );
  if (read.market.market.status === 'settlement') return [settled].map(toInstruction);
  return [
    velocityInstruction('updateAmms', { authority: own.authority }, { marketIndexes: [marketIndex] }, [
      { address: oracle, writable: false },
      { address: perpMarketAddress(marketIndex), writable: true },
    ]),
    velocityInstruction(
      'settleFundingPayment',
      { user: own.user },
      {},
      marketAccounts(read, { perps: read.perps.map(({ market }) => market.marketIndex) }),
    ),
    settled,
  ].map(toInstruction);
}

const ownAccounts = ({ authority, user }: VelocityOwner) => ({
  authority: authority.toBase58(),
  user: user.toBase58(),
});

/**
 * Later builds refuse what needs margin while the interest of a debt is old (6371): it is booked first, in the same
 * transaction.
 */
function interestOfDebts({ user, spot }: VelocityRead): readonly ProgramInstruction[] {
  const owes = (marketIndex: number): boolean =>
    user?.spotPositions.some(
      (one) => one.marketIndex === marketIndex && one.balanceType === 'borrow' && one.scaledBalance > 0n,
    ) === true;
  return spot
    .filter(({ market }) => owes(market.marketIndex))
    .map(({ market: { marketIndex, oracle } }) =>
      velocityInstruction(
        'updateSpotInterest',
        { spotMarket: spotMarketAddress(marketIndex), oracle, vault: vaultAddress(marketIndex) },
        {},
      ),
    );
}
