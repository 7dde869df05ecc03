import {
  encodeInstruction,
  type InstructionLayout,
  type ProgramInstruction,
} from '../../src/venues/solana-perps/instruction-layout.ts';
import { toInstruction } from '../../src/venues/solana-perps/to-instruction.ts';
import { VELOCITY_PROGRAM_ID } from '../../src/venues/velocity/program/accounts.ts';
import {
  stateAddress,
  userAddress,
  userStatsAddress,
  vaultAddress,
} from '../../src/venues/velocity/program/addresses.ts';
import {
  plainOrder,
  VELOCITY_INSTRUCTIONS,
  type VelocityOrderParams,
  velocityInstruction,
} from '../../src/venues/velocity/program/instructions.ts';
import type { FundedWallet, Sender } from '../perps/sender.ts';
import { tokenAccountAddress } from '../perps/token-addresses.ts';
import { unwrapSol, wrapSol } from '../perps/wrapped-sol.ts';
import type { SimulatedExecution } from '../svm/svm.ts';
import { everyMarket, MINTS, perpOnly, SPOT_INDEX, type VelocityAsset } from './markets.ts';

const NAME_BYTES = 32;
const IMMEDIATE_OR_CANCEL = 1;

/** Of makers, which Driftless never is. */
const PLACE_AND_MAKE = {
  name: 'place_and_make_perp_order',
  accounts: {
    state: 'read',
    user: 'write',
    userStats: 'write',
    taker: 'write',
    takerStats: 'write',
    authority: 'sign',
  },
  args: { ...VELOCITY_INSTRUCTIONS.placePerpOrder.args, takerOrderId: 'u32' },
} as const satisfies InstructionLayout;

/** What an order of an actor says; the rest is the program's choice. */
export type ActorOrder = Pick<VelocityOrderParams, 'direction' | 'base'> & Partial<VelocityOrderParams>;

/**
 * Somebody at Velocity: of a key of their own, or, with the same key as another program, the same account behind its back.
 * What they do goes into the chain past nodes and faults. Each method answers the signature at once; `done` waits for it.
 */
export class VelocityActor {
  readonly wallet: FundedWallet;
  readonly #sender: Sender;

  constructor(wallet: FundedWallet, sender: Sender) {
    this.wallet = wallet;
    this.#sender = sender;
  }

  get address(): string {
    return this.wallet.address;
  }

  get user(): string {
    return userAddress(this.address);
  }

  send(...instructions: readonly ProgramInstruction[]): string {
    return this.#sender.send(this.wallet, instructions.map(toInstruction));
  }

  /** @param microLamports goes ahead of what pays less for its place in the block; undefined: the usual fee */
  sendFor(microLamports: number | undefined, ...instructions: readonly ProgramInstruction[]): string {
    return this.#sender.send(this.wallet, instructions.map(toInstruction), microLamports);
  }

  /** Resolves when it stands in a block. @throws ValidationError LOCALNET_ACTOR with the logs when it failed there */
  done(signature: string): Promise<void> {
    return this.#sender.done(signature);
  }

  /** What it would do on the newest block. */
  simulate(...instructions: readonly ProgramInstruction[]): SimulatedExecution {
    return this.#sender.simulate(this.wallet, instructions.map(toInstruction));
  }

  /** Whether it would go through on the newest block. */
  wouldLand(...instructions: readonly ProgramInstruction[]): boolean {
    return this.#sender.wouldLand(this.wallet, instructions.map(toInstruction));
  }

  initialize(name = 'actor'): string {
    const accounts = { ...this.#own, payer: this.address };
    return this.send(
      velocityInstruction('initializeUserStats', accounts, {}),
      velocityInstruction('initializeUser', accounts, {
        subAccount: 0,
        name: Buffer.from(name.slice(0, NAME_BYTES).padEnd(NAME_BYTES)),
      }),
    );
  }

  /** Base units. USDT comes from the associated token account, SOL from the wallet itself. */
  deposit(asset: VelocityAsset, amount: bigint): string {
    const deposit = velocityInstruction(
      'deposit',
      this.#moving(asset),
      { marketIndex: SPOT_INDEX[asset], amount, reduceOnly: false },
      everyMarket('spot'),
    );
    return this.#withTokens(asset, amount, deposit);
  }

  /** Not reduce-only it borrows what the account does not have. */
  withdraw(asset: VelocityAsset, amount: bigint, reduceOnly = true): string {
    const withdrawal = velocityInstruction(
      'withdraw',
      this.#moving(asset),
      { marketIndex: SPOT_INDEX[asset], amount, reduceOnly },
      everyMarket('spot'),
    );
    return this.#withTokens(asset, 0n, withdrawal);
  }

  /** Placed only: a keeper fills it. */
  place(order: ActorOrder): string {
    return this.send(velocityInstruction('placePerpOrder', this.#own, plainOrder(order), everyMarket('none')));
  }

  /** Placed and filled against the AMM in one transaction; what is not filled stays open. */
  placeAndTake(order: ActorOrder): string {
    const args = { ...plainOrder(order), successCondition: null };
    return this.send(velocityInstruction('placeAndTakePerpOrder', this.#own, args, everyMarket('perp')));
  }

  /** Takes the other side of a waiting order, as makers do within an auction. @param price at 1e6 */
  make(
    taker: { readonly user: string; readonly authority: string; readonly orderId: number; readonly isLong: boolean },
    base: bigint,
    price: bigint,
  ): string {
    const order = plainOrder({
      orderType: 'limit',
      direction: taker.isLong ? 'short' : 'long',
      base,
      price,
      postOnly: 'mustPostOnly',
      bitFlags: IMMEDIATE_OR_CANCEL,
    });
    const accounts = {
      ...this.#own,
      state: stateAddress(),
      taker: taker.user,
      takerStats: userStatsAddress(taker.authority),
    };
    const args = { ...order, takerOrderId: taker.orderId };
    return this.send(encodeInstruction(VELOCITY_PROGRAM_ID, PLACE_AND_MAKE, accounts, args, everyMarket('perp')));
  }

  cancelOrders(): string {
    const all = { marketType: null, marketIndex: null, direction: null };
    return this.send(velocityInstruction('cancelOrders', this.#own, all, everyMarket('none')));
  }

  /** Anybody may settle anybody's. The AMM is brought up to date first: the program may refuse otherwise. */
  settlePnl(authority = this.address): string {
    return this.send(
      this.#ammUpdate,
      velocityInstruction(
        'settlePnl',
        { user: userAddress(authority), authority: this.address, vault: vaultAddress(SPOT_INDEX.USDT) },
        { marketIndex: 0 },
        everyMarket('both'),
      ),
    );
  }

  /** Brings the AMM up to date with the oracle. */
  updateAmm(): string {
    return this.send(this.#ammUpdate);
  }

  settleFunding(authority = this.address): string {
    return this.send(velocityInstruction('settleFundingPayment', { user: userAddress(authority) }, {}, perpOnly));
  }

  /** Takes over the perp position of an account that is below maintenance, as far as the program lets it at once. */
  liquidation(authority: string, maxBase: bigint): ProgramInstruction {
    return velocityInstruction(
      'liquidatePerp',
      {
        authority: this.address,
        filler: this.user,
        fillerStats: userStatsAddress(this.address),
        user: userAddress(authority),
        userStats: userStatsAddress(authority),
      },
      { marketIndex: 0, maxBase, limitPrice: null },
      everyMarket('perp'),
    );
  }

  get #ammUpdate(): ProgramInstruction {
    return velocityInstruction('updateAmms', { authority: this.address }, { marketIndexes: [0] }, perpOnly);
  }

  get #own() {
    return { authority: this.address, user: this.user, userStats: userStatsAddress(this.address) };
  }

  #moving(asset: VelocityAsset) {
    return {
      ...this.#own,
      vault: vaultAddress(SPOT_INDEX[asset]),
      tokenAccount: tokenAccountAddress(this.address, MINTS[asset]),
    };
  }

  /** SOL moves through a wrapped account that lives for one transaction. */
  #withTokens(asset: VelocityAsset, wrapped: bigint, move: ProgramInstruction): string {
    if (asset === 'USDT') return this.send(move);
    const instructions = [...wrapSol(this.address, wrapped), toInstruction(move), unwrapSol(this.address)];
    return this.#sender.send(this.wallet, instructions);
  }
}
