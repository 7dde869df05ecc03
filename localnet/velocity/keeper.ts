/** Fills what waits, and updates the market: on mainnet others do this. */
import { type DecodedAccount, decodeAccount } from '../../src/venues/solana-perps/account-layout.ts';
import type { ProgramInstruction } from '../../src/venues/solana-perps/instruction-layout.ts';
import { PERP_MARKET, VELOCITY_PROGRAM_ID } from '../../src/venues/velocity/program/accounts.ts';
import {
  perpMarketAddress,
  spotMarketAddress,
  userStatsAddress,
  vaultAddress,
} from '../../src/venues/velocity/program/addresses.ts';
import { velocityInstruction } from '../../src/venues/velocity/program/instructions.ts';
import { USER } from '../../src/venues/velocity/program/user.ts';
import type { BlockOpening, Chain } from '../chain/chain.ts';
import { ChangedAccounts } from '../perps/changed-accounts.ts';
import { secondsUntilFunding } from '../perps/funding-clock.ts';
import { auctionPriceAt, KEEPER_RULES, type KeeperRules } from '../perps/keeper-rules.ts';
import { type KeptOrder, OrderWork } from '../perps/order-work.ts';
import type { VelocityActor } from './actor.ts';
import { everyMarket, ORACLES, SOL_ORACLE, SPOT_INDEX, type VelocityAsset } from './markets.ts';

/** Derived once: it is read in every slot. */
const MARKET = perpMarketAddress(0);
/** Block time between two updates of the AMM and its averages, seconds. */
const CRANK_SECONDS = 30;
const FUNDING_RETRY_SLOTS = 25;
const LIQUIDATION_CHECK_SLOTS = 10;
const MOST_BASE = 1_000_000_000_000_000n;

export interface VelocityWaitingOrder extends KeptOrder {
  readonly isLong: boolean;
  /** Base at 1e9, not filled yet. */
  readonly unfilled: bigint;
  readonly size: bigint;
  readonly auctionSlots: number;
  /** USD at 1e6. */
  readonly auctionStart: number;
  readonly auctionEnd: number;
}

interface UserOnChain {
  readonly authority: string;
  readonly holds: boolean;
  readonly orders: readonly VelocityWaitingOrder[];
}

/** Sees every block, and acts only where there is work. */
export class VelocityKeeper {
  readonly #chain: Chain;
  readonly #actor: VelocityActor;
  readonly #maker: VelocityActor;
  readonly #changed: ChangedAccounts;
  readonly #work: OrderWork<VelocityWaitingOrder>;
  readonly #users = new Map<string, UserOnChain>();
  #crankedAt = 0;
  #fundingNotBefore = 0;

  constructor(chain: Chain, actor: VelocityActor, maker: VelocityActor) {
    this.#chain = chain;
    this.#actor = actor;
    this.#maker = maker;
    this.#changed = new ChangedAccounts(chain, VELOCITY_PROGRAM_ID);
    this.#work = new OrderWork(chain, KEEPER_RULES, {
      wallet: actor.address,
      fill: (order, fee) => void actor.sendFor(fee, this.#fillOf(order)),
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
  get orders(): readonly VelocityWaitingOrder[] {
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

  /** Seconds of block time until the program takes the next funding update. */
  secondsLeft(): number {
    const { lastFundingTs, fundingPeriod } = this.#market();
    return Number(secondsUntilFunding(BigInt(this.#chain.head.time), lastFundingTs, fundingPeriod));
  }

  #market(): DecodedAccount<typeof PERP_MARKET> {
    const account = this.#chain.bank.accountAt(this.#chain.head, MARKET);
    return decodeAccount(PERP_MARKET, account?.data ?? new Uint8Array());
  }

  #note(address: string): void {
    const { bank, head } = this.#chain;
    const account = bank.accountAt(head, address);
    if (account?.owner !== VELOCITY_PROGRAM_ID || account.data.length !== USER.bytes) {
      this.#users.delete(address);
      return;
    }
    const { authority, orders, perpPositions } = decodeAccount(USER, account.data);
    const waiting = orders.filter(({ status, marketType }) => status === 'open' && marketType === 'perp');
    const seen = waiting.map((order) => ({
      user: address,
      authority,
      orderId: order.orderId,
      placedAtSlot: Number(order.slot),
      isLong: order.direction === 'long',
      unfilled: order.base - order.filledBase,
      size: order.base,
      maxTs: Number(order.maxTs),
      auctionSlots: order.auctionSlots,
      auctionStart: Number(order.auctionStartPrice),
      auctionEnd: Number(order.auctionEndPrice),
    }));
    this.#users.set(address, { authority, holds: perpPositions.some(({ base }) => base !== 0n), orders: seen });
    this.#work.keepOnly(address, seen);
  }

  /** A maker takes a share of it at the price that its auction is at. */
  #make(order: VelocityWaitingOrder, share: number): void {
    const { stepSize, tickSize } = this.#market();
    const wanted = (order.size * BigInt(Math.round(share * 1e6))) / 1_000_000n;
    const whole = wanted - (wanted % stepSize);
    const base = whole < order.unfilled ? whole : order.unfilled;
    const asked = BigInt(Math.round(auctionPriceAt(order, this.#chain.slot) * 1e6));
    // Onto the tick, on the taker's better side: the price of the next slot is not better for the taker.
    const price = order.isLong ? asked - (asked % tickSize) : asked - (asked % tickSize) + tickSize;
    if (base > 0n) this.#maker.make(order, base, price);
  }

  #fillOf({ user, authority, orderId }: VelocityWaitingOrder): ProgramInstruction {
    const filler = this.#actor;
    return velocityInstruction(
      'fillPerpOrder',
      {
        authority: filler.address,
        filler: filler.user,
        fillerStats: userStatsAddress(filler.address),
        user,
        userStats: userStatsAddress(authority),
      },
      { orderId, makerOrderId: null },
      everyMarket('perp'),
    );
  }

  #crank(): void {
    const { head, slot } = this.#chain;
    if (this.secondsLeft() === 0) {
      if (slot < this.#fundingNotBefore) return;
      this.#fundingNotBefore = slot + FUNDING_RETRY_SLOTS;
      this.#crankedAt = head.time;
      this.#actor.send(fundingUpdate());
      this.#actor.send(interestUpdate('USDT'), interestUpdate('SOL'));
    } else if (head.time - this.#crankedAt >= CRANK_SECONDS) {
      this.#fundingNotBefore = 0;
      this.#crankedAt = head.time;
      this.#actor.updateAmm();
    }
  }

  #liquidate(): void {
    if (this.#chain.slot % LIQUIDATION_CHECK_SLOTS !== 0) return;
    for (const [address, { holds, authority }] of this.#users) {
      if (!holds || address === this.#actor.user || address === this.#maker.user) continue;
      const liquidation = this.#actor.liquidation(authority, MOST_BASE);
      // Tried aside first: a liquidation that fails would stand in the account's history.
      if (this.#actor.wouldLand(liquidation)) this.#actor.send(liquidation);
    }
  }
}

export const fundingUpdate = (): ProgramInstruction =>
  velocityInstruction('updateFundingRate', { perpMarket: MARKET, oracle: SOL_ORACLE }, { marketIndex: 0 });

export const interestUpdate = (asset: VelocityAsset): ProgramInstruction =>
  velocityInstruction(
    'updateSpotInterest',
    {
      spotMarket: spotMarketAddress(SPOT_INDEX[asset]),
      oracle: ORACLES[asset],
      vault: vaultAddress(SPOT_INDEX[asset]),
    },
    {},
  );
