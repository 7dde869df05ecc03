/**
 * The paper account as the backtest's loop holds it: the same integers as `PaperState`, changed in place, because a year
 * is thousands of hours in which nothing but price, interest and funding happens. Whatever else happens goes through
 * paper's own transitions: `state` gives the account out, `load` takes it back. A test walks both side by side.
 */
import { fundingPayment } from '../domain/hedge/funding.ts';
import {
  FEMTO_PER_MICRO_USD,
  type FemtoUsd,
  type Lamports,
  lamports,
  type MicroUsd,
  microUsd,
  type Price,
  price,
} from '../domain/money/units.ts';
import type { LendRates } from '../market-data/feed.ts';
import { interestOn } from '../venues/paper/market.ts';
import type { PaperState } from '../venues/paper/state.ts';

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
  #countedAt: bigint;
  #perpBase: bigint;
  #perpQuote: bigint;
  #held: bigint;
  #fundingRemainder: bigint;
  #cumulativeFunding: bigint;
  #lastFundingTsMs: number | null;
  price: bigint;
  interest: bigint;
  funding: bigint;
  /** Interest that the account without a hedge would have earned, 1e-15 USD. */
  idleInterest = 0n;

  constructor(state: PaperState) {
    this.#base = state;
    const { sol, usdc, interestRemainder } = state;
    this.#own = { sol, usdc, solRemainder: interestRemainder.sol, usdcRemainder: interestRemainder.usdc };
    this.#idle = { ...this.#own };
    this.#interestToMs = state.interestToMs;
    this.#countedAt = state.countedAt;
    this.#perpBase = state.perp.baseAmount;
    this.#perpQuote = state.perp.quoteAmount;
    this.#held = state.sol + state.wallet.sol + state.perp.baseAmount;
    this.#fundingRemainder = state.fundingRemainder;
    this.#cumulativeFunding = state.cumulativeFundingRate;
    this.#lastFundingTsMs = state.lastFundingTsMs;
    this.price = state.sources.price;
    this.interest = state.sources.interest;
    this.funding = state.sources.funding;
  }

  get perp(): Lamports {
    return lamports(this.#perpBase);
  }
  get perpQuote(): MicroUsd {
    return microUsd(this.#perpQuote);
  }
  get sol(): Lamports {
    return lamports(this.#own.sol);
  }
  get usdc(): MicroUsd {
    return microUsd(this.#own.usdc);
  }
  get walletSol(): Lamports {
    return this.#base.wallet.sol;
  }
  /** The oracle's price up to which the account is counted. */
  get countedAt(): Price {
    return price(this.#countedAt);
  }
  /** Booked by events: basis, slippage, fees, gas, external. */
  get sources(): PaperState['sources'] {
    return this.#base.sources;
  }

  /** The oracle moved, on what was held. */
  countPrice(oracle: bigint): void {
    if (oracle === this.#countedAt) return;
    this.price += this.#held * (oracle - this.#countedAt);
    this.#countedAt = oracle;
  }

  /** Interest up to `toMs` at the rates in force until then; unknown rates pay nothing. */
  accrueInterest(toMs: number, rates: LendRates | null): void {
    if (toMs <= this.#interestToMs) return;
    const elapsed = BigInt(toMs - this.#interestToMs);
    this.#interestToMs = toMs;
    if (rates === null) return;
    const before = this.#own.sol;
    const earned = accrue(this.#own, rates, elapsed, this.#countedAt);
    this.interest += earned;
    this.#held += this.#own.sol - before;
    if (this.#apart) this.idleInterest += accrue(this.#idle, rates, elapsed, this.#countedAt);
    else this.idleInterest += earned;
  }

  /** Funding of the period that ends now, on the position held; micro-USD, positive = received. */
  settleFunding(tsMs: number, rate: bigint): bigint {
    this.#cumulativeFunding += rate;
    this.#lastFundingTsMs = tsMs;
    if (this.#perpBase === 0n) return 0n;
    const { amount, remainder } = fundingPayment(lamports(this.#perpBase), rate, this.#fundingRemainder);
    this.#fundingRemainder = remainder;
    this.#perpQuote += amount;
    this.funding += amount * FEMTO_PER_MICRO_USD;
    return amount;
  }

  /** At the price up to which it is counted. */
  get equity(): FemtoUsd {
    const quote = this.#own.usdc + this.#base.wallet.usdc + this.#perpQuote;
    return (this.#held * this.#countedAt + quote * FEMTO_PER_MICRO_USD) as FemtoUsd;
  }

  /** The account at `timeMs`, for paper's transitions and for a snapshot. */
  state(timeMs: number): PaperState {
    const base = this.#base;
    const funded = this.#perpQuote - base.perp.quoteAmount;
    return {
      ...base,
      sol: this.sol,
      usdc: this.usdc,
      interestRemainder: { sol: this.#own.solRemainder, usdc: this.#own.usdcRemainder },
      interestToMs: this.#interestToMs,
      perp: {
        ...base.perp,
        quoteAmount: this.perpQuote,
        quoteBreakEvenAmount: microUsd(base.perp.quoteBreakEvenAmount + funded),
        lastCumulativeFundingRate: this.#cumulativeFunding,
      },
      fundingRemainder: this.#fundingRemainder,
      cumulativeFundingRate: this.#cumulativeFunding,
      lastFundingTsMs: this.#lastFundingTsMs,
      market: { ...base.market, timeMs },
      countedAt: this.countedAt,
      sources: { ...base.sources, price: this.price, interest: this.interest, funding: this.funding },
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
    this.price = state.sources.price;
    this.interest = state.sources.interest;
    this.funding = state.sources.funding;
  }
}
