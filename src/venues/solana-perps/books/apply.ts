/**
 * What one landed transaction did to the account, by its events and balances: pure. Cases: docs/architecture/books.md,
 * "What an event is booked as".
 */

import type { EquitySource } from '../../../domain/account/snapshot.ts';
import { abs, FEMTO_PER_MICRO_USD, lamports, microUsd, type Price, price } from '../../../domain/money/units.ts';
import type { FundingRecord, TradeRecord } from '../../../journal/records.ts';
import type { FillEvent, FundingEvent, OrderActionEvent, OrderSide, PerpsEvent, SettleEvent } from '../perps-event.ts';
import type { PerpsProgram } from '../perps-program.ts';
import { type ChainTransaction, lamportsChange, tokensChange } from './chain-record.ts';
import { fundingRows } from './funding-rows.ts';
import { type BooksState, MAX_ORDERS, MAX_UNCLAIMED, type SpotTokens } from './state.ts';
import { atPrices, change } from './value.ts';

/** Whose books, and which addresses are theirs. All base58. */
export interface BooksOf {
  readonly engineId: string;
  readonly program: Pick<PerpsProgram, 'events'>;
  readonly programId: string;
  readonly user: string;
  readonly userStats: string;
  readonly authority: string;
  readonly quoteTokenAccount: string;
  readonly market: string;
  readonly perpIndex: number;
  readonly baseIndex: number;
  readonly quoteIndex: number;
  readonly fundingPeriodMs: number;
  /** Spot and perp share one oracle, so an event's price applies to both. */
  readonly oneOracle: boolean;
}

interface Folded {
  readonly state: BooksState;
  readonly trades: readonly TradeRecord[];
  readonly funding: readonly FundingRecord[];
}

/** The attempts of the journal: signature to operation id. */
export type Operations = ReadonlyMap<string, string>;

function applyTransaction(
  before: BooksState,
  transaction: ChainTransaction,
  of: BooksOf,
  operations: Operations,
): Folded {
  const { events, truncated } = transaction.failed
    ? { events: [], truncated: false }
    : of.program.events(transaction.logs, of.programId);
  const fold = new Fold({ ...before, slot: Math.max(before.slot, transaction.slot) }, transaction, of, operations);
  if (truncated) fold.unclear(`the log of ${transaction.signature} is cut off`);
  fold.liquidation = events.some((event) => event.kind === 'liquidation' && event.user === of.user);
  for (const event of events) fold.take(event);
  fold.takeWallet();
  return { state: fold.state, trades: fold.trades, funding: fold.funding };
}

/** In the order of the chain. */
export function applyTransactions(
  before: BooksState,
  transactions: readonly ChainTransaction[],
  of: BooksOf,
  operations: Operations,
): Folded {
  let state = before;
  const trades: TradeRecord[] = [];
  const funding: FundingRecord[] = [];
  for (const transaction of transactions) {
    const folded = applyTransaction(state, transaction, of, operations);
    state = folded.state;
    trades.push(...folded.trades);
    funding.push(...folded.funding);
  }
  return { state, trades, funding };
}

const FORCED_CANCEL = /^Program log: Instruction: ForceCancelOrders$/;

const moved = (spot: SpotTokens, amount: bigint): SpotTokens => ({
  ...spot,
  moved: spot.moved + amount,
  turnover: spot.turnover + abs(amount),
  moves: spot.moves + 1,
});

class Fold {
  state: BooksState;
  readonly trades: TradeRecord[] = [];
  readonly funding: FundingRecord[] = [];
  /** This transaction liquidates the account, so its fills are not trades that anyone ordered. */
  liquidation = false;
  readonly #transaction: ChainTransaction;
  readonly #of: BooksOf;
  readonly #operations: Operations;
  /** Tokens that went into the account, as the event reports them. */
  #deposited = { base: 0n, quote: 0n };

  constructor(state: BooksState, transaction: ChainTransaction, of: BooksOf, operations: Operations) {
    this.state = state;
    this.#transaction = transaction;
    this.#of = of;
    this.#operations = operations;
  }

  unclear(reason: string): void {
    const { since } = this.state;
    this.state = { ...this.state, since: { ...since, unclear: [...since.unclear, reason].slice(-MAX_UNCLAIMED) } };
  }

  take(event: PerpsEvent): void {
    const { user } = this.#of;
    switch (event.kind) {
      case 'fill':
        this.#takeFill(event);
        return;
      case 'order_placed':
        if (event.user === user) this.#remember(event.orderId);
        return;
      case 'funding':
        if (event.user === user) this.#takeFunding(event);
        return;
      case 'settle':
        if (event.user !== user) return;
        if (event.marketIndex === this.#of.perpIndex && event.explanation === 'expired_position') {
          this.#takeExpiry(event);
        } else if (event.marketIndex === this.#of.perpIndex) {
          this.#price(price(event.settlePrice));
          const { perp } = this.state;
          const quote = microUsd(perp.quote - event.pnl);
          const tokens = moved(this.state.quote, event.pnl);
          this.state = change(this.state, { perp: { ...perp, quote }, quote: tokens }, 'price');
        } else {
          // From a position outside the configured market: it leaves `other` at the next proof.
          this.state = change(this.state, { quote: moved(this.state.quote, event.pnl) }, 'external');
        }
        return;
      case 'deposit':
      case 'withdraw':
        if (event.user === user)
          this.#takeDeposit(
            event.marketIndex,
            event.kind === 'deposit' ? event.amount : -event.amount,
            price(event.oraclePrice),
          );
        return;
      case 'swap':
        if (event.user !== user) return;
        this.#exchange(event.outMarketIndex, event.amountOut);
        this.#exchange(event.inMarketIndex, -event.amountIn);
        return;
      case 'liquidation':
        if (event.user !== user) return;
        this.state = {
          ...this.state,
          lastLiquidationMs: Math.max(this.state.lastLiquidationMs ?? 0, event.tsMs),
          since: { ...this.state.since, liquidated: true },
        };
        return;
      case 'unreadable':
        this.unclear(`${event.name} of ${this.#transaction.signature}: ${event.reason}`);
        return;
      case 'order_action':
        this.#takeKeeperReward(event);
        return;
      case 'funding_rate':
      case 'interest':
      case 'new_user':
        return;
    }
  }

  #takeFill(event: FillEvent): void {
    const { user, perpIndex, market, engineId } = this.#of;
    const side = event.taker?.user === user ? event.taker : event.maker?.user === user ? event.maker : null;
    const reward = event.filler === user ? (event.fillerReward ?? 0n) : 0n;
    if (side === null && reward === 0n) return;
    if (event.marketKind !== 'perp' || event.marketIndex !== perpIndex) {
      this.unclear(`a fill in ${event.marketKind} market ${event.marketIndex}`);
      return;
    }
    this.#price(price(event.oraclePrice));
    if (reward !== 0n) this.#moveQuote(reward, 'fees');
    if (side === null) return;

    const asTaker = side === event.taker;
    const fee = (asTaker ? event.takerFee : event.makerFee) ?? 0n;
    const sign = side.direction === 'long' ? 1n : -1n;
    const base = sign * event.base;
    const quote = -sign * event.quote;
    const placedBy = this.#placedBy(side);
    const operationId = (placedBy === null ? undefined : this.#operations.get(placedBy)) ?? null;
    const own = operationId !== null && !this.liquidation && event.explanation !== 'liquidation';
    const { perp, ledger } = this.state;
    const after = { base: lamports(perp.base + base), quote: microUsd(perp.quote + quote - fee) };
    if (own) {
      const { premium } = this.state;
      this.state = change(this.state, { perp: after }, 'price', {
        basis: -base * premium,
        slippage: quote * FEMTO_PER_MICRO_USD + base * (event.oraclePrice + premium),
        fees: -fee * FEMTO_PER_MICRO_USD,
      });
    } else this.state = change(this.state, { perp: after }, 'external');
    const part = own ? 'own' : this.liquidation || event.explanation === 'liquidation' ? 'liquidated' : 'foreign';
    this.state = { ...this.state, ledger: { ...ledger, [part]: lamports(ledger[part] + base) } };

    const index = this.trades.length;
    const { signature } = this.#transaction;
    this.trades.push({
      engineId,
      operationId: own ? operationId : null,
      market,
      side: base > 0n ? 'buy' : 'sell',
      size: event.base.toString(),
      price: averagePrice(event.quote, event.base).toString(),
      fee: fee.toString(),
      signature,
      index,
      tsMs: event.tsMs,
    });
    if (!own && part === 'foreign' && placedBy !== null) {
      const unclaimed = [...this.state.unclaimed, { signature, index, placedBy }].slice(-MAX_UNCLAIMED);
      this.state = { ...this.state, unclaimed };
    }
  }

  /** The placing transaction; known if our wallet signed it after the books began. */
  #placedBy({ orderId }: OrderSide): string | null {
    return this.state.orders.findLast((order) => order.orderId === orderId)?.signature ?? null;
  }

  #remember(orderId: number): void {
    const { signature } = this.#transaction;
    this.state = { ...this.state, orders: [...this.state.orders, { orderId, signature }].slice(-MAX_ORDERS) };
  }

  /**
   * A keeper that removes an expired order or triggers one gets a flat fee from its owner: from the perp
   * position (the program's `pay_keeper_flat_reward_for_perps`), or from the quote deposit for a spot order and when all
   * orders of an account are force-cancelled (`..._for_spot`).
   */
  #takeKeeperReward(event: OrderActionEvent): void {
    const { user, perpIndex } = this.#of;
    const reward = event.fillerReward ?? 0n;
    if (reward === 0n || event.filler === null) return;
    const side = event.taker?.user === user ? event.taker : event.maker?.user === user ? event.maker : null;
    const amount = (event.filler === user ? reward : 0n) - (side === null ? 0n : reward);
    if (amount === 0n) return;
    const placedBy = side === null ? null : this.#placedBy(side);
    // The cost of a foreign order is `external`; a reward that we earned is our `fees`.
    const own = side === null || (placedBy !== null && this.#operations.has(placedBy));
    const source = own ? 'fees' : 'external';
    const forced = this.#transaction.logs.some((line) => FORCED_CANCEL.test(line));
    if (event.marketKind === 'spot' || forced) {
      const quote = moved(this.state.quote, amount);
      this.state = change(this.state, { quote }, 'price', { [source]: amount * FEMTO_PER_MICRO_USD });
    } else if (event.marketIndex === perpIndex) this.#moveQuote(amount, source);
    else this.unclear(`an order taken off in perp market ${event.marketIndex}`);
  }

  #takeFunding(event: FundingEvent): void {
    if (event.marketIndex !== this.#of.perpIndex) {
      this.unclear(`funding in market ${event.marketIndex}`);
      return;
    }
    this.#moveQuote(event.payment, 'funding');
    const { rows, paidPeriods } = fundingRows(event, this.state, this.#of);
    this.funding.push(...rows);
    this.state = { ...this.state, paidPeriods: [...paidPeriods] };
  }

  /** The market has ended: its settlement closes the position. Where the program logs that as a fill too, the fill came first. */
  #takeExpiry({ pnl, quoteAmountAfter }: SettleEvent): void {
    const { perp, ledger, quote } = this.state;
    const after = { base: lamports(0n), quote: microUsd(quoteAmountAfter) };
    this.state = change(this.state, { perp: after, quote: moved(quote, pnl) }, 'external');
    this.state = { ...this.state, ledger: { ...ledger, foreign: lamports(ledger.foreign - perp.base) } };
  }

  #moveQuote(amount: bigint, source: EquitySource): void {
    const { perp } = this.state;
    const after = { ...perp, quote: microUsd(perp.quote + amount) };
    this.state = change(this.state, { perp: after }, 'price', { [source]: amount * FEMTO_PER_MICRO_USD });
  }

  #takeDeposit(marketIndex: number, amount: bigint, oracle: Price): void {
    const { baseIndex, quoteIndex } = this.#of;
    if (marketIndex === baseIndex) {
      this.#price(oracle, 'base');
      this.#deposited.base += amount;
      this.state = change(this.state, { base: moved(this.state.base, amount) }, 'transfers');
    } else if (marketIndex === quoteIndex) {
      this.#deposited.quote += amount;
      this.state = change(this.state, { quote: moved(this.state.quote, amount) }, 'transfers');
    }
  }

  /** A spot trade. */
  #exchange(marketIndex: number, amount: bigint): void {
    const { baseIndex, quoteIndex } = this.#of;
    if (marketIndex === baseIndex) {
      this.state = change(this.state, { base: moved(this.state.base, amount) }, 'external');
    } else if (marketIndex === quoteIndex) {
      this.state = change(this.state, { quote: moved(this.state.quote, amount) }, 'external');
    }
  }

  #price(at: Price, of: 'perp' | 'base' = 'perp'): void {
    if (at <= 0n) return;
    this.state = atPrices(this.state, this.#of.oneOracle ? { perp: at, base: at } : { [of]: at });
  }

  /** What the wallet paid and received. Deposits went to the account, where they were counted as `transfers` already. */
  takeWallet(): void {
    const { authority, quoteTokenAccount } = this.#of;
    const sol = lamportsChange(this.#transaction, authority);
    const quote = tokensChange(this.#transaction, quoteTokenAccount);
    if (sol === 0n && quote === 0n) return;
    const { wallet } = this.state;
    const gas = this.#gas(sol);
    const between = { sol: lamports(wallet.sol + sol - gas), quote: microUsd(wallet.quote + quote) };
    // One after the other: what is divided by the quote asset's price then leaves no remainder in a source of its own.
    this.state = change(this.state, { wallet: between }, 'transfers');
    this.state = change(this.state, { wallet: { ...between, sol: lamports(between.sol + gas) } }, 'gas');
  }

  /** Lamports, negative when paid: fee, tip, rent. */
  #gas(sol: bigint): bigint {
    const { signature, signers, fee } = this.#transaction;
    const { authority, user, userStats, quoteTokenAccount } = this.#of;
    const attempt = this.#operations.has(signature);
    if (attempt) return sol + this.#deposited.base;
    const rent = [user, userStats, quoteTokenAccount].reduce(
      (sum, address) => sum + lamportsChange(this.#transaction, address),
      0n,
    );
    return -(signers[0] === authority ? fee : 0n) - (signers.includes(authority) ? rent : 0n);
  }
}

/** 1e-6 USD per SOL, rounded to the nearest. */
export const averagePrice = (quote: bigint, base: bigint): bigint =>
  base === 0n ? 0n : (quote * FEMTO_PER_MICRO_USD + base / 2n) / base;
