/** Drift's instructions for an intent. Table: docs/architecture/drift-orders.md. */
import type { BN } from '@drift-labs/sdk';
import type { AccountMeta, TransactionInstruction } from '@solana/web3.js';
import { abs, price } from '../../../domain/money/units.ts';
import { type OrderIntent, orderPriceLimit, orderSize, sideOf } from '../../../domain/order/intent.ts';
import { type PerpsAddresses, spotVaultAddress, TOKEN_2022_PROGRAM } from '../../solana-perps/addresses.ts';
import type { CapitalMove, ProgramInstructions } from '../../solana-perps/perps-program.ts';
import { marketAccounts } from '../../solana-perps/write/market-accounts.ts';
import type { DriftAccountTypes, DriftRead } from '../drift-accounts.ts';
import { auctionOf } from './auction.ts';
import { driftInstruction } from './instructions.ts';
import { openingInstructions } from './opening.ts';
import { driftSdk } from './sdk.ts';

/** We use no ids of our own: the program refuses one that an open order still has (6071), and it numbers orders anyway. */
const NO_USER_ORDER_ID = 0;

const bn = (value: bigint | number): BN => new (driftSdk().BN)(value.toString());
const variantOf = (name: string) => ({ [name]: {} });

function move(
  { kind, marketIndex, amount, tokenAccount, token }: CapitalMove,
  read: DriftRead,
  deployment: PerpsAddresses,
): readonly TransactionInstruction[] {
  const { programId, authority, signer, state, user, userStats } = deployment;
  // Newer token programs check a transfer against its mint.
  const mint: readonly AccountMeta[] = token.tokenProgram.equals(TOKEN_2022_PROGRAM)
    ? [{ pubkey: token.mint, isSigner: false, isWritable: false }]
    : [];
  return [
    driftInstruction({
      programId,
      name: kind,
      // For a withdrawal: if the account has changed since the read, the program pays out less instead of lending.
      args: { marketIndex, amount: bn(amount), reduceOnly: kind === 'withdraw' },
      accounts: {
        state,
        user,
        userStats,
        authority,
        driftSigner: signer,
        spotMarketVault: spotVaultAddress(deployment, marketIndex),
        userTokenAccount: tokenAccount,
        tokenProgram: token.tokenProgram,
      },
      remaining: [...marketAccounts(read, deployment, { spot: [marketIndex] }), ...mint],
    }),
  ];
}

function place(intent: OrderIntent, read: DriftRead, deployment: PerpsAddresses): readonly TransactionInstruction[] {
  const { programId, authority, state, user } = deployment;
  const { market, oracle } = read.market;
  const size = orderSize(intent);
  const side = sideOf(size);
  const limit = orderPriceLimit(intent);
  const at = oracle === null ? null : price(oracle.price);
  const auction = auctionOf(side, limit, at, read.state.minAuctionSlots);
  return [
    driftInstruction({
      programId,
      name: 'placePerpOrder',
      args: {
        params: {
          orderType: variantOf('market'),
          marketType: variantOf('perp'),
          direction: variantOf(side === 'buy' ? 'long' : 'short'),
          userOrderId: NO_USER_ORDER_ID,
          baseAssetAmount: bn(abs(size)),
          price: bn(limit),
          marketIndex: market.marketIndex,
          reduceOnly: intent.reduceOnly,
          postOnly: variantOf('none'),
          // Immediate-or-cancel is refused here (6050): the AMM fills only after the shortest auction.
          bitFlags: 0,
          maxTs: bn(Math.floor(intent.maxTsMs / 1000)),
          triggerPrice: null,
          triggerCondition: variantOf('above'),
          oraclePriceOffset: null,
          auctionDuration: auction.durationSlots,
          auctionStartPrice: bn(auction.startPrice),
          auctionEndPrice: bn(auction.endPrice),
        },
      },
      accounts: { state, user, authority },
      remaining: marketAccounts(read, deployment),
    }),
  ];
}

function cancel(read: DriftRead, deployment: PerpsAddresses): readonly TransactionInstruction[] {
  const { programId, authority, state, user } = deployment;
  const { marketIndex } = read.market.market;
  return [
    driftInstruction({
      programId,
      name: 'cancelOrders',
      args: { marketType: variantOf('perp'), marketIndex, direction: null },
      accounts: { state, user, authority },
      remaining: marketAccounts(read, deployment),
    }),
  ];
}

/**
 * The mode is `try`: with an empty pool the funding is still settled, and the answer reports what was settled instead of a
 * failure.
 *
 * In a market that is being settled the same instruction closes the position at the expiry price, with its funding. Asked for
 * separately, funding is refused there.
 */
function settle(read: DriftRead, deployment: PerpsAddresses): readonly TransactionInstruction[] {
  const { programId, authority, state, user } = deployment;
  const { marketIndex } = read.market.market;
  const quoteIndex = read.quote.market.marketIndex;
  const settled = driftInstruction({
    programId,
    name: 'settleMultiplePnls',
    args: { marketIndexes: [marketIndex], mode: variantOf('trySettle') },
    accounts: { state, user, authority, spotMarketVault: spotVaultAddress(deployment, quoteIndex) },
    remaining: marketAccounts(read, deployment, { perps: [marketIndex], spot: [quoteIndex] }),
  });
  if (read.market.market.status === 'settlement') return [settled];
  return [
    driftInstruction({
      programId,
      name: 'settleFundingPayment',
      args: {},
      accounts: { state, user },
      remaining: marketAccounts(read, deployment, { perps: read.perps.map(({ market }) => market.marketIndex) }),
    }),
    settled,
  ];
}

export const DRIFT_INSTRUCTIONS: ProgramInstructions<DriftAccountTypes> = {
  open: openingInstructions,
  move,
  place,
  cancel,
  settle,
};
