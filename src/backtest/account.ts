/**
 * The paper account as the backtest's loop holds it: the same integers as `PaperState`, changed in place, because a year
 * is thousands of hours in which nothing but price, interest and funding happens. Whatever else happens goes through
 * paper's own transitions: `state` gives the account out, `load` takes it back. A test walks both side by side.
 */
import { fundingPayment } from '../domain/hedge/funding.ts';
import { FEMTO_PER_MICRO_USD, type FemtoUsd, type Lamports, lamports, microUsd, price } from '../domain/money/units.ts';
import type { LendRates } from '../market-data/feed.ts';
import { interestOn } from '../venues/paper/market.ts';
import type { PaperState } from '../venues/paper/state.ts';

const LAMPORTS = 1e9;
const MICRO_USD = 1e6;

/** Deposits that earn interest, and what is earned and too small to pay yet. */
interface Deposits {
  sol: bigint;
  usdc: bigint;
  solRemainder: bigint;
  usdcRemainder: bigint;
}

/** Pays the interest of `elapsedMs`; what it was worth, 1e-15 USD. */
function accrue(deposits: Deposits, rates: LendRates, elapsedMs: bigint, at: bigint): bigint {
  const sol = interestOn(deposits.sol, rates.solDeposit, elapsedMs, deposits.solRemainder);
  const usdcRate = deposits.usdc < 0n ? rates.usdcBorrow : rates.usdcDeposit;
  const usdc = interestOn(deposits.usdc, usdcRate, elapsedMs, deposits.usdcRemainder);
  deposits.sol += sol.whole;
  deposits.usdc += usdc.whole;
  deposits.solRemainder = sol.remainder;
  deposits.usdcRemainder = usdc.remainder;
  return sol.whole * at + usdc.whole * FEMTO_PER_MICRO_USD;
}

export class BacktestAccount {
  /** As it stood at the last change that was no funding, price or interest. */
  #base: PaperState;
  readonly #own: Deposits;
  /** The same account without a hedge: what it would have earned in interest anyway. */
  readonly #idle: Deposits;
  /** The hedge has moved the deposits away from what they would be without it. */
  #apart = false;
  #interestToMs: number;
  #oracle: number;
  /** The price up to which `#priceSource` is counted; the oracle may have moved on, while nothing else did. */
  #countedAt: bigint;
  #priceSource: bigint;
  #perpBase: bigint;
  #perpQuote: bigint;
  #held: bigint;
  #fundingRemainder: bigint;
  #cumulativeFunding: number;
  #lastFundingTsMs: number | null;
  interest: bigint;
  funding: bigint;
  /** Interest that the account without a hedge would have earned, 1e-15 USD. */
  idleInterest = 0n;
  /** The same as the integers, for rough looks: SOL and USD. */
  readonly rough = { sol: 0, usdc: 0, base: 0, quote: 0 };

  constructor(state: PaperState) {
    this.#base = state;
    const { sol, usdc, interestRemainder } = state;
    this.#own = { sol, usdc, solRemainder: interestRemainder.sol, usdcRemainder: interestRemainder.usdc };
    this.#idle = { ...this.#own };
    this.#interestToMs = state.interestToMs;
    this.#oracle = Number(state.countedAt);
    this.#countedAt = state.countedAt;
    this.#priceSource = state.sources.price;
    this.#perpBase = state.perp.baseAmount;
    this.#perpQuote = state.perp.quoteAmount;
    this.#held = state.sol + state.wallet.sol + state.perp.baseAmount;
    this.#fundingRemainder = state.fundingRemainder;
    this.#cumulativeFunding = Number(state.cumulativeFundingRate);
    this.#lastFundingTsMs = state.lastFundingTsMs;
    this.interest = state.sources.interest;
    this.funding = state.sources.funding;
    this.#look();
  }

  get perp(): Lamports {
    return lamports(this.#perpBase);
  }
  get sol(): Lamports {
    return lamports(this.#own.sol);
  }
  get walletSol(): Lamports {
    return this.#base.wallet.sol;
  }
  /** The oracle's price, 1e-6 USD. */
  get oracle(): number {
    return this.#oracle;
  }
  /** What the oracle's moves have brought so far. */
  get price(): bigint {
    this.#count();
    return this.#priceSource;
  }
  /** Booked by events: basis, slippage, fees, gas, external. */
  get sources(): PaperState['sources'] {
    return this.#base.sources;
  }

  /** The oracle moves, on what is held. */
  moveOracle(oracle: number): void {
    this.#oracle = oracle;
  }

  /** As long as the same is held, one count of a long way is the same as many of its steps. */
  #count(): void {
    const oracle = BigInt(this.#oracle);
    if (oracle === this.#countedAt) return;
    this.#priceSource += this.#held * (oracle - this.#countedAt);
    this.#countedAt = oracle;
  }

  /** Interest up to `toMs` at the rates in force until then; unknown rates pay nothing. */
  accrueInterest(toMs: number, rates: LendRates | null): void {
    const elapsedMs = toMs - this.#interestToMs;
    if (elapsedMs <= 0) return;
    this.#interestToMs = toMs;
    if (rates === null) return;
    this.#count();
    const own = this.#own;
    const before = own.sol;
    const elapsed = BigInt(elapsedMs);
    const earned = accrue(own, rates, elapsed, this.#countedAt);
    this.interest += earned;
    this.#held += own.sol - before;
    if (this.#apart) this.idleInterest += accrue(this.#idle, rates, elapsed, this.#countedAt);
    else this.idleInterest += earned;
    this.rough.sol = Number(own.sol) / LAMPORTS;
    this.rough.usdc = Number(own.usdc) / MICRO_USD;
  }

  /** Funding of the period that ends now, on the position held; micro-USD, positive = received. */
  settleFunding(tsMs: number, rate: number): bigint {
    this.#cumulativeFunding += rate;
    this.#lastFundingTsMs = tsMs;
    if (this.#perpBase === 0n) return 0n;
    const { amount, remainder } = fundingPayment(lamports(this.#perpBase), BigInt(rate), this.#fundingRemainder);
    this.#fundingRemainder = remainder;
    this.#perpQuote += amount;
    this.funding += amount * FEMTO_PER_MICRO_USD;
    this.rough.quote += Number(amount) / MICRO_USD;
    return amount;
  }

  get equity(): FemtoUsd {
    this.#count();
    const quote = this.#own.usdc + this.#base.wallet.usdc + this.#perpQuote;
    return (this.#held * this.#countedAt + quote * FEMTO_PER_MICRO_USD) as FemtoUsd;
  }

  /** The account at `timeMs`, for paper's transitions and for a snapshot. */
  state(timeMs: number): PaperState {
    this.#count();
    const base = this.#base;
    const cumulative = BigInt(this.#cumulativeFunding);
    const funded = this.#perpQuote - base.perp.quoteAmount;
    return {
      ...base,
      sol: lamports(this.#own.sol),
      usdc: microUsd(this.#own.usdc),
      interestRemainder: { sol: this.#own.solRemainder, usdc: this.#own.usdcRemainder },
      interestToMs: this.#interestToMs,
      perp: {
        ...base.perp,
        quoteAmount: microUsd(this.#perpQuote),
        quoteBreakEvenAmount: microUsd(base.perp.quoteBreakEvenAmount + funded),
        lastCumulativeFundingRate: cumulative,
      },
      fundingRemainder: this.#fundingRemainder,
      cumulativeFundingRate: cumulative,
      lastFundingTsMs: this.#lastFundingTsMs,
      market: { ...base.market, timeMs },
      countedAt: price(this.#countedAt),
      sources: { ...base.sources, price: this.#priceSource, interest: this.interest, funding: this.funding },
    };
  }

  /** Takes over what a transition made of `state`. */
  load(state: PaperState): void {
    this.#base = state;
    const own = this.#own;
    if (own.sol !== state.sol || own.usdc !== state.usdc) this.#apart = true;
    own.sol = state.sol;
    own.usdc = state.usdc;
    own.solRemainder = state.interestRemainder.sol;
    own.usdcRemainder = state.interestRemainder.usdc;
    this.#perpBase = state.perp.baseAmount;
    this.#perpQuote = state.perp.quoteAmount;
    this.#held = state.sol + state.wallet.sol + state.perp.baseAmount;
    this.#fundingRemainder = state.fundingRemainder;
    this.#priceSource = state.sources.price;
    this.interest = state.sources.interest;
    this.funding = state.sources.funding;
    this.#look();
  }

  #look(): void {
    const { rough } = this;
    rough.sol = Number(this.#own.sol) / LAMPORTS;
    rough.usdc = Number(this.#own.usdc) / MICRO_USD;
    rough.base = Number(this.#perpBase) / LAMPORTS;
    rough.quote = Number(this.#perpQuote) / MICRO_USD;
  }
}
