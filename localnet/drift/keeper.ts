import type { TransactionInstruction } from '@solana/web3.js';
import type { BlockOpening, Chain } from '../chain/chain.ts';
import { ChangedAccounts } from '../perps/changed-accounts.ts';
import { KEEPER_RULES, type KeeperRules } from '../perps/keeper-rules.ts';
import { OrderWork } from '../perps/order-work.ts';
import type { FundedWallet, Sender } from '../perps/sender.ts';
import { type DriftActor, marketAccounts } from './actor.ts';
import { perpMarketAddress, spotMarketAddress, userAddress, userStatsAddress, vaultAddress } from './addresses.ts';
import type { DriftAccounts } from './drift-accounts.ts';
import type { Funding } from './funding.ts';
import { driftInstruction } from './instructions.ts';
import { SOL_ORACLE, USDC_ORACLE } from './made-accounts.ts';
import { DRIFT_PROGRAM_ID } from './program.ts';
import { auctionPrice, isUser, type UserSeen, userSeen, type WaitingOrder } from './user-orders.ts';

/** The AMM takes part from the eleventh slot on. */
const DRIFT_RULES: KeeperRules = { ...KEEPER_RULES, fillAfterSlots: 11 };

/** Block time between two updates of the AMM and its averages, seconds. */
const CRANK_SECONDS = 30;
const FUNDING_RETRY_SLOTS = 25;
/** How often account holders are checked while the price moves; less often otherwise, because interest and funding count too. */
const LIQUIDATION_CHECK_SLOTS = 10;
const LIQUIDATION_RECHECK_SLOTS = 200;

interface KeeperParts {
  readonly chain: Chain;
  readonly sender: Sender;
  readonly wallet: FundedWallet;
  readonly maker: DriftActor;
  readonly accounts: DriftAccounts;
  readonly funding: Funding;
  /** USD of SOL. */
  readonly price: () => number;
}

/** Sees every block and acts only if there is work; a quiet slot only costs a check of the block's writes. */
export class Keeper {
  readonly #of: KeeperParts;
  readonly #changed: ChangedAccounts;
  readonly #work: OrderWork<WaitingOrder>;
  readonly #users = new Map<string, UserSeen>();
  readonly #checkedAt = new Map<string, number>();
  #crankedAt = 0;
  #fundingNotBefore = 0;

  constructor(of: KeeperParts) {
    this.#of = of;
    this.#changed = new ChangedAccounts(of.chain, DRIFT_PROGRAM_ID);
    this.#work = new OrderWork(of.chain, DRIFT_RULES, {
      wallet: of.wallet.address,
      fill: (order, fee) => void of.sender.send(of.wallet, [this.#fillOf(order)], fee),
      make: (order, share) => this.#make(order, share),
    });
  }

  get rules(): KeeperRules {
    return this.#work.rules;
  }

  /** Rules that are not given stay as they are. @throws ValidationError LOCALNET_KEEPER */
  set(rules: Partial<KeeperRules>): void {
    this.#work.set(rules);
  }

  /** Orders of this authority are treated by rules of their own, whatever the others' are. @throws as `set` */
  setFor(authority: string, rules: Partial<KeeperRules>): void {
    this.#work.setFor(authority, rules);
  }

  /** Orders that wait for it. */
  get orders(): readonly WaitingOrder[] {
    return [...this.#users.values()].flatMap(({ orders }) => orders);
  }

  /** After each slot. */
  turn(): void {
    this.#changed.each((address) => this.#note(address));
    this.#work.turn(this.orders);
    const { cranks, liquidates } = this.rules;
    if (cranks) this.#crank();
    if (liquidates) this.#liquidate();
  }

  /** Before the transactions of a block are taken. */
  opening(block: BlockOpening): void {
    this.#work.opening(block, this.orders);
  }

  /** At once, whatever the rules say. Without an AMM in time (its first 10 slots) nothing comes of it. */
  fillNow(order: WaitingOrder): string {
    return this.#of.sender.send(this.#of.wallet, [this.#fillOf(order)]);
  }

  #note(address: string): void {
    const { bank, head } = this.#of.chain;
    const account = bank.accountAt(head, address);
    if (!isUser(account)) {
      this.#users.delete(address);
      return;
    }
    const seen = userSeen(address, account);
    this.#users.set(address, seen);
    this.#checkedAt.delete(address);
    this.#work.keepOnly(address, seen.orders);
  }

  #make(order: WaitingOrder, share: number): void {
    const { accounts, chain, maker, price } = this.#of;
    const step = accounts.read({ kind: 'PerpMarket', index: order.marketIndex }, 'amm.orderStepSize') ?? 1n;
    const wanted = (order.size * BigInt(Math.round(share * 1e6))) / 1_000_000n;
    const size = wanted - (wanted % step);
    if (size > 0n)
      maker.make(order, size < order.unfilled ? size : order.unfilled, auctionPrice(order, chain.slot, price()));
  }

  #fillOf(order: WaitingOrder): TransactionInstruction {
    const { wallet } = this.#of;
    return driftInstruction(
      'fillPerpOrder',
      { orderId: order.orderId, makerOrderId: null },
      {
        authority: wallet.address,
        filler: userAddress(wallet.address),
        fillerStats: userStatsAddress(wallet.address),
        user: order.user,
        userStats: userStatsAddress(order.authority),
      },
      marketAccounts(order.marketIndex),
    );
  }

  #crank(): void {
    const { chain, sender, wallet, funding } = this.#of;
    const { time } = chain.head;
    if (funding.secondsLeft() === 0) {
      if (chain.slot < this.#fundingNotBefore) return;
      this.#fundingNotBefore = chain.slot + FUNDING_RETRY_SLOTS;
      this.#crankedAt = time;
      sender.send(wallet, [fundingUpdate()]);
      sender.send(wallet, [interestUpdate(0), interestUpdate(1)]);
    } else if (time - this.#crankedAt >= CRANK_SECONDS) {
      this.#fundingNotBefore = 0;
      this.#crankedAt = time;
      sender.send(wallet, [ammUpdate(wallet.address)]);
    }
  }

  #liquidate(): void {
    const { chain, sender, maker, price } = this.#of;
    if (chain.slot % LIQUIDATION_CHECK_SLOTS !== 0) return;
    const now = price();
    if (chain.slot % LIQUIDATION_RECHECK_SLOTS === 0) this.#checkedAt.clear();
    for (const [address, { holds, authority }] of this.#users) {
      if (!holds || address === maker.user || this.#checkedAt.get(address) === now) continue;
      this.#checkedAt.set(address, now);
      const instruction = maker.liquidation(authority, MOST_BASE);
      // Tried aside first: a liquidation that fails would stand in the account's history.
      if (sender.wouldLand(maker.wallet, [instruction])) sender.send(maker.wallet, [instruction]);
    }
  }
}

const MOST_BASE = 1_000_000_000_000_000n;
/** What names an instruction in its data. */
const KIND_BYTES = 8;

const fundingUpdate = (): TransactionInstruction =>
  driftInstruction('updateFundingRate', { marketIndex: 0 }, { perpMarket: perpMarketAddress(0), oracle: SOL_ORACLE });

export const interestUpdate = (index: number): TransactionInstruction =>
  driftInstruction(
    'updateSpotMarketCumulativeInterest',
    {},
    {
      spotMarket: spotMarketAddress(index),
      oracle: index === 0 ? USDC_ORACLE : SOL_ORACLE,
      spotMarketVault: vaultAddress(index),
    },
  );

/** v2.84 takes five market numbers, 100 for none; later descriptions have a list here. */
function ammUpdate(authority: string): TransactionInstruction {
  const instruction = driftInstruction('updateAmms', { marketIndexes: [] }, { authority }, [
    { address: SOL_ORACLE, writable: false },
    { address: perpMarketAddress(0), writable: true },
  ]);
  const markets = Buffer.from(Uint16Array.of(0, 100, 100, 100, 100).buffer);
  instruction.data = Buffer.concat([instruction.data.subarray(0, KIND_BYTES), markets]);
  return instruction;
}
