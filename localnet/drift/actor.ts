import type { TransactionInstruction } from '@solana/web3.js';
import type { FundedWallet, Sender } from '../perps/sender.ts';
import { SOL_MINT, tokenAccountAddress } from '../perps/token-addresses.ts';
import { unwrapSol, wrapSol } from '../perps/wrapped-sol.ts';
import type { SimulatedExecution } from '../svm/svm.ts';
import {
  perpMarketAddress,
  spotMarketAddress,
  USDC_MINT,
  userAddress,
  userStatsAddress,
  vaultAddress,
} from './addresses.ts';
import { bn, nameBytes, variant } from './coder.ts';
import { driftInstruction, type Remaining } from './instructions.ts';
import { SOL_ORACLE, USDC_ORACLE } from './made-accounts.ts';

export type ActorAsset = 'SOL' | 'USDC';
const MARKET_OF: Readonly<Record<ActorAsset, number>> = { USDC: 0, SOL: 1 };
const MINT_OF: Readonly<Record<ActorAsset, string>> = { USDC: USDC_MINT, SOL: SOL_MINT };
const IMMEDIATE_OR_CANCEL = 1;
const E6 = 1_000_000;

export interface ActorTrade {
  readonly direction: 'long' | 'short';
  /** Base at 1e9. */
  readonly size: bigint;
  readonly reduceOnly?: boolean;
  /** USD; by default 1 % beyond the oracle. */
  readonly limit?: number;
  readonly auctionSlots?: number;
  /** Unix seconds. */
  readonly maxTs?: number;
}

/** All that a trade of these markets may touch. */
export function marketAccounts(perpMarket: number): readonly Remaining[] {
  return [
    { address: USDC_ORACLE, writable: false },
    { address: SOL_ORACLE, writable: false },
    { address: spotMarketAddress(0), writable: true },
    { address: spotMarketAddress(1), writable: true },
    { address: perpMarketAddress(perpMarket), writable: true },
  ];
}

/**
 * Somebody at Drift: of a key of their own, or, with the same key as another program, the same account behind its back.
 * What they do goes into the chain past nodes and faults. Each method answers the signature at once; `done` waits for it.
 */
export class DriftActor {
  readonly wallet: FundedWallet;
  readonly #sender: Sender;
  readonly #price: () => number;

  constructor(wallet: FundedWallet, sender: Sender, price: () => number) {
    this.wallet = wallet;
    this.#sender = sender;
    this.#price = price;
  }

  get address(): string {
    return this.wallet.address;
  }

  get user(): string {
    return userAddress(this.address);
  }

  send(...instructions: readonly TransactionInstruction[]): string {
    return this.#sender.send(this.wallet, instructions);
  }

  /** What it would do on the newest block. */
  simulate(...instructions: readonly TransactionInstruction[]): SimulatedExecution {
    return this.#sender.simulate(this.wallet, instructions);
  }

  /** Whether it would go through on the newest block. */
  wouldLand(...instructions: readonly TransactionInstruction[]): boolean {
    return this.#sender.wouldLand(this.wallet, instructions);
  }

  initialize(name = 'actor'): string {
    const accounts = { ...this.#own(), payer: this.address };
    return this.send(
      driftInstruction('initializeUserStats', {}, accounts),
      driftInstruction('initializeUser', { subAccountId: 0, name: nameBytes(name) }, accounts),
    );
  }

  /** Base units. USDC comes from the associated token account, SOL from the wallet itself. */
  deposit(asset: ActorAsset, amount: bigint): string {
    const move = this.#moveFunds('deposit', asset, amount, false);
    return asset === 'USDC'
      ? this.send(move)
      : this.send(...wrapSol(this.address, amount), move, unwrapSol(this.address));
  }

  /** Without reduce-only it borrows the missing part. */
  withdraw(asset: ActorAsset, amount: bigint, reduceOnly = true): string {
    const move = this.withdrawal(asset, amount, reduceOnly);
    return asset === 'USDC' ? this.send(move) : this.send(...wrapSol(this.address, 0n), move, unwrapSol(this.address));
  }

  withdrawal(asset: ActorAsset, amount: bigint, reduceOnly = true): TransactionInstruction {
    return this.#moveFunds('withdraw', asset, amount, reduceOnly);
  }

  /** An order that waits at its price. @param price at 1e6 */
  limitOrder(direction: 'long' | 'short', size: bigint, price: bigint): TransactionInstruction {
    const params = orderParams({
      orderType: variant('limit'),
      direction: variant(direction),
      baseAssetAmount: bn(size),
      price: bn(price),
    });
    return driftInstruction('placePerpOrder', { params }, this.#own(), marketAccounts(0));
  }

  /** A market order at auction. */
  trade({ direction, size, reduceOnly = false, limit, auctionSlots = 10, maxTs }: ActorTrade): string {
    const oracle = this.#price();
    const worst = limit ?? oracle * (direction === 'long' ? 1.01 : 0.99);
    const params = orderParams({
      orderType: variant('market'),
      direction: variant(direction),
      baseAssetAmount: bn(size),
      price: bn(Math.round(worst * E6)),
      reduceOnly,
      auctionDuration: auctionSlots,
      auctionStartPrice: bn(Math.round(oracle * E6)),
      auctionEndPrice: bn(Math.round(worst * E6)),
      ...(maxTs === undefined ? {} : { maxTs: bn(maxTs) }),
    });
    return this.send(driftInstruction('placePerpOrder', { params }, this.#own(), marketAccounts(0)));
  }

  /** Takes the other side of a waiting order, as makers do within an auction. @param price USD */
  make(
    taker: { user: string; authority: string; orderId: number; isLong: boolean },
    size: bigint,
    price: number,
  ): string {
    const params = orderParams({
      orderType: variant('limit'),
      direction: variant(taker.isLong ? 'short' : 'long'),
      baseAssetAmount: bn(size),
      price: bn(Math.round(price * E6)),
      postOnly: variant('mustPostOnly'),
      bitFlags: IMMEDIATE_OR_CANCEL,
    });
    const accounts = { ...this.#own(), taker: taker.user, takerStats: userStatsAddress(taker.authority) };
    return this.send(
      driftInstruction('placeAndMakePerpOrder', { params, takerOrderId: taker.orderId }, accounts, marketAccounts(0)),
    );
  }

  cancelOrders(): string {
    const all = { marketType: null, marketIndex: null, direction: null };
    return this.send(driftInstruction('cancelOrders', all, this.#own(), marketAccounts(0)));
  }

  /** Anybody may settle anybody's. */
  settlePnl(authority = this.address): string {
    const accounts = { authority: this.address, user: userAddress(authority), spotMarketVault: vaultAddress(0) };
    return this.send(driftInstruction('settlePnl', { marketIndex: 0 }, accounts, marketAccounts(0)));
  }

  settleFunding(authority = this.address): string {
    const accounts = { user: userAddress(authority) };
    return this.send(driftInstruction('settleFundingPayment', {}, accounts, marketAccounts(0)));
  }

  /** Takes over the perp position of an account that is below maintenance, as far as the program lets it at once. */
  liquidate(authority: string, most = 1_000_000_000_000_000n): string {
    return this.send(this.liquidation(authority, most));
  }

  liquidation(authority: string, most: bigint): TransactionInstruction {
    const accounts = {
      authority: this.address,
      liquidator: this.user,
      liquidatorStats: userStatsAddress(this.address),
      user: userAddress(authority),
      userStats: userStatsAddress(authority),
    };
    const args = { marketIndex: 0, liquidatorMaxBaseAssetAmount: bn(most), limitPrice: null };
    return driftInstruction('liquidatePerp', args, accounts, marketAccounts(0));
  }

  /** Resolves when it stands in a block. @throws ValidationError LOCALNET_ACTOR with the logs when it failed there */
  done(signature: string): Promise<void> {
    return this.#sender.done(signature);
  }

  #own(): Readonly<Record<string, string>> {
    return { authority: this.address, user: this.user, userStats: userStatsAddress(this.address) };
  }

  #moveFunds(
    name: 'deposit' | 'withdraw',
    asset: ActorAsset,
    amount: bigint,
    reduceOnly: boolean,
  ): TransactionInstruction {
    const marketIndex = MARKET_OF[asset];
    return driftInstruction(
      name,
      { marketIndex, amount: bn(amount), reduceOnly },
      {
        ...this.#own(),
        spotMarketVault: vaultAddress(marketIndex),
        userTokenAccount: tokenAccountAddress(this.address, MINT_OF[asset]),
      },
      marketAccounts(0),
    );
  }
}

function orderParams(of: object): object {
  return {
    marketType: variant('perp'),
    userOrderId: 0,
    marketIndex: 0,
    reduceOnly: false,
    postOnly: variant('none'),
    bitFlags: 0,
    maxTs: null,
    triggerPrice: null,
    triggerCondition: variant('above'),
    oraclePriceOffset: null,
    auctionDuration: null,
    auctionStartPrice: null,
    auctionEndPrice: null,
    ...of,
  };
}
