/** Fills what waits, and updates the market: on mainnet others do this. */
import { type DecodedAccount, decodeAccount } from '../../src/venues/solana-perps/account-layout.ts';
import type { ProgramInstruction } from '../../src/venues/solana-perps/instruction-layout.ts';
import { PERP_MARKET, USER, VELOCITY_PROGRAM_ID } from '../../src/venues/velocity/program/accounts.ts';
import {
  perpMarketAddress,
  spotMarketAddress,
  userStatsAddress,
  vaultAddress,
} from '../../src/venues/velocity/program/addresses.ts';
import { velocityInstruction } from '../../src/venues/velocity/program/instructions.ts';
import type { Chain } from '../chain/chain.ts';
import { ChangedAccounts } from '../perps/changed-accounts.ts';
import { secondsUntilFunding } from '../perps/funding-clock.ts';
import type { VelocityActor } from './actor.ts';
import { everyMarket, ORACLES, SOL_ORACLE, SPOT_INDEX, type VelocityAsset } from './markets.ts';

export interface VelocityKeeperRules {
  /** False: nobody touches any order. */
  readonly fills: boolean;
  /** Slots after the placement until the first try at the AMM. */
  readonly fillAfterSlots: number;
  /** Updates the funding rate and the interest each period, the AMM in between. */
  readonly cranks: boolean;
  /** Accounts below maintenance are liquidated by the keeper. */
  readonly liquidates: boolean;
}

const RULES: VelocityKeeperRules = { fills: true, fillAfterSlots: 1, cranks: true, liquidates: true };

/** Derived once: it is read in every slot. */
const MARKET = perpMarketAddress(0);
/** Between two tries at the same order. */
const RETRY_SLOTS = 5;
/** Block time between two updates of the AMM and its averages, seconds. */
const CRANK_SECONDS = 30;
const FUNDING_RETRY_SLOTS = 25;
const LIQUIDATION_CHECK_SLOTS = 10;
const MOST_BASE = 1_000_000_000_000_000n;

/** An order that a keeper may fill. */
export interface VelocityWaitingOrder {
  readonly user: string;
  readonly authority: string;
  readonly orderId: number;
  readonly placedAtSlot: number;
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
  readonly #changed: ChangedAccounts;
  readonly #users = new Map<string, UserOnChain>();
  readonly #notBefore = new Map<string, number>();
  #rules = RULES;
  #crankedAt = 0;
  #fundingNotBefore = 0;

  constructor(chain: Chain, actor: VelocityActor) {
    this.#chain = chain;
    this.#actor = actor;
    this.#changed = new ChangedAccounts(chain, VELOCITY_PROGRAM_ID);
  }

  get rules(): VelocityKeeperRules {
    return this.#rules;
  }

  /** What is not named stays as it is. */
  set(rules: Partial<VelocityKeeperRules>): void {
    this.#rules = { ...this.#rules, ...rules };
  }

  /** Orders that wait for it. */
  get orders(): readonly VelocityWaitingOrder[] {
    return [...this.#users.values()].flatMap(({ orders }) => orders);
  }

  /** After each slot. */
  turn(): void {
    this.#changed.each((address) => this.#note(address));
    if (this.#rules.fills) for (const order of this.orders) this.#workOn(order);
    if (this.#rules.cranks) this.#crank();
    if (this.#rules.liquidates) this.#liquidate();
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
    this.#users.set(address, {
      authority,
      holds: perpPositions.some(({ base }) => base !== 0n),
      orders: orders
        .filter(({ status, marketType }) => status === 'open' && marketType === 'perp')
        .map(({ orderId, slot }) => ({ user: address, authority, orderId, placedAtSlot: Number(slot) })),
    });
  }

  #workOn({ user, authority, orderId, placedAtSlot }: VelocityWaitingOrder): void {
    // What is sent now lands one slot later at the earliest.
    const landing = this.#chain.slot + 1;
    const name = `${user}:${orderId}`;
    if (landing < (this.#notBefore.get(name) ?? placedAtSlot + this.#rules.fillAfterSlots)) return;
    this.#notBefore.set(name, landing + RETRY_SLOTS);
    const filler = this.#actor;
    filler.send(
      velocityInstruction(
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
      ),
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
      if (!holds || address === this.#actor.user) continue;
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
