/** Turns an intent into instructions, based on one read of the chain. Table: docs/architecture/drift-orders.md. */
import { BN } from '@drift-labs/sdk';
import type { AccountMeta, TransactionInstruction } from '@solana/web3.js';
import type { Draft } from '../../../chain/draft.ts';
import { abs, price } from '../../../domain/money/units.ts';
import {
  type Intent,
  intentAmount,
  type OrderIntent,
  orderPriceLimit,
  orderSize,
  sideOf,
} from '../../../domain/order/intent.ts';
import type { CapitalRequest } from '../../../domain/order/operation-request.ts';
import { ValidationError } from '../../../lib/errors.ts';
import { big } from '../../drift/integers.ts';
import { auctionOf } from '../../drift/write/auction.ts';
import { driftInstruction } from '../../drift/write/instructions.ts';
import { openingInstructions } from '../../drift/write/opening.ts';
import { type PerpsDeployment, spotVaultAddress, TOKEN_2022_PROGRAM } from '../deployment.ts';
import type { PerpsRead } from '../read/perps-read.ts';
import { marketAccounts } from './market-accounts.ts';
import { refusalOf } from './refusal.ts';
import { ensureTokenAccount, type WrappedSol, wrappedSol } from './token-accounts.ts';

/** We use no ids of our own: the program refuses one that an open order still has (6071), and it numbers orders anyway. */
const NO_USER_ORDER_ID = 0;

const bn = (value: bigint): BN => new BN(value.toString());
const variantOf = (name: string) => ({ [name]: {} });

/** @throws ValidationError: what `refusalOf` says */
export function draftOf(intent: Intent, read: PerpsRead, deployment: PerpsDeployment): Draft {
  const refusal = refusalOf(intent, read, deployment);
  if (refusal !== null) throw new ValidationError(refusal.code, refusal.message, refusal.details);
  // What takes risk away is never too dear: it pays what the wallet has.
  const frugal = intent.kind === 'cancel_orders' || (intent.kind === 'order' && intent.reduceOnly);
  return {
    payer: deployment.authority,
    instructions: instructionsOf(intent, read, deployment),
    ...(frugal ? { payerLamports: read.wallet.sol } : {}),
  };
}

/** What would close again what an order opens; whether it fits is asked before anything is opened. */
export const exitDraftOf = (intent: OrderIntent, read: PerpsRead, deployment: PerpsDeployment): Draft => ({
  payer: deployment.authority,
  instructions: instructionsOf(
    { ...intent, size: (-orderSize(intent)).toString(), reduceOnly: true, cancelOpenOrders: true },
    read,
    deployment,
  ),
});

function instructionsOf(
  intent: Intent,
  read: PerpsRead,
  deployment: PerpsDeployment,
): readonly TransactionInstruction[] {
  switch (intent.kind) {
    case 'deposit':
    case 'withdraw':
      return capitalInstructions(intent, read, deployment);
    case 'order': {
      const cancel = intent.cancelOpenOrders ? [cancelInstruction(read, deployment)] : [];
      return [...cancel, placeInstruction(intent, read, deployment)];
    }
    case 'cancel_orders':
      return [cancelInstruction(read, deployment)];
    case 'settle':
      return settleInstructions(read, deployment);
  }
}

function capitalInstructions(
  intent: CapitalRequest,
  read: PerpsRead,
  deployment: PerpsDeployment,
): readonly TransactionInstruction[] {
  const { programId, authority, signer, state, user, userStats } = deployment;
  const isDeposit = intent.kind === 'deposit';
  const amount = intentAmount(intent);
  const { market } = intent.asset === 'SOL' ? read.base : read.quote;
  const token = intent.asset === 'SOL' ? read.wallet.tokens.base : read.wallet.tokens.quote;
  const wrapped: WrappedSol | null = intent.asset === 'SOL' ? wrappedSol(authority, isDeposit ? amount : 0n) : null;
  // Newer token programs check a transfer against its mint.
  const mint: readonly AccountMeta[] = token.tokenProgram.equals(TOKEN_2022_PROGRAM)
    ? [{ pubkey: market.mint, isSigner: false, isWritable: false }]
    : [];
  const move = driftInstruction({
    programId,
    name: intent.kind,
    // For a withdrawal: if the account has changed since the read, the program pays out less instead of lending.
    args: { marketIndex: market.marketIndex, amount: bn(amount), reduceOnly: !isDeposit },
    accounts: {
      state,
      user,
      userStats,
      authority,
      driftSigner: signer,
      spotMarketVault: spotVaultAddress(deployment, market.marketIndex),
      userTokenAccount: wrapped?.address ?? token.address,
      tokenProgram: token.tokenProgram,
    },
    remaining: [...marketAccounts(read, { spot: [market.marketIndex] }), ...mint],
  });
  const opening = isDeposit ? openingInstructions(read, deployment) : [];
  if (wrapped !== null) return [...opening, ...wrapped.open, move, wrapped.close];
  // Always, not only if it was missing at the read: it may be closed in the meantime.
  const made = isDeposit ? [] : [ensureTokenAccount({ ...token, owner: authority, mint: market.mint })];
  return [...opening, ...made, move];
}

function placeInstruction(intent: OrderIntent, read: PerpsRead, deployment: PerpsDeployment): TransactionInstruction {
  const { programId, authority, state, user } = deployment;
  const { market, oracle } = read.market;
  const size = orderSize(intent);
  const side = sideOf(size);
  const limit = orderPriceLimit(intent);
  const at = oracle === null ? null : price(big(oracle.price));
  const auction = auctionOf(side, limit, at, read.state.minPerpAuctionDuration);
  return driftInstruction({
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
        maxTs: new BN(Math.floor(intent.maxTsMs / 1000)),
        triggerPrice: null,
        triggerCondition: variantOf('above'),
        oraclePriceOffset: null,
        auctionDuration: auction.durationSlots,
        auctionStartPrice: bn(auction.startPrice),
        auctionEndPrice: bn(auction.endPrice),
      },
    },
    accounts: { state, user, authority },
    remaining: marketAccounts(read),
  });
}

function cancelInstruction(read: PerpsRead, deployment: PerpsDeployment): TransactionInstruction {
  const { programId, authority, state, user } = deployment;
  const { marketIndex } = read.market.market;
  return driftInstruction({
    programId,
    name: 'cancelOrders',
    args: { marketType: variantOf('perp'), marketIndex, direction: null },
    accounts: { state, user, authority },
    remaining: marketAccounts(read),
  });
}

/**
 * Funding first, then PnL as far as the market's pool can pay. The mode is `try`: with an empty pool the funding is still
 * settled, and the answer reports what was settled instead of a failure.
 */
function settleInstructions(read: PerpsRead, deployment: PerpsDeployment): readonly TransactionInstruction[] {
  const { programId, authority, state, user } = deployment;
  const { marketIndex } = read.market.market;
  const quoteIndex = read.quote.market.marketIndex;
  return [
    driftInstruction({
      programId,
      name: 'settleFundingPayment',
      args: {},
      accounts: { state, user },
      remaining: marketAccounts(read, { perps: read.perps.map(({ market }) => market.marketIndex) }),
    }),
    driftInstruction({
      programId,
      name: 'settleMultiplePnls',
      args: { marketIndexes: [marketIndex], mode: variantOf('trySettle') },
      accounts: { state, user, authority, spotMarketVault: spotVaultAddress(deployment, quoteIndex) },
      remaining: marketAccounts(read, { perps: [marketIndex], spot: [quoteIndex] }),
    }),
  ];
}
