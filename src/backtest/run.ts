/**
 * One policy on one market. At each row, in this order: the price counts on what is held, interest at the rate that was in
 * force, funding of the position held, the equity row, and only then the decision, which fills at this row's mark. So a
 * position opened at a row earns from the next one on.
 */
import type { CarryPolicy, CarrySituation } from '../domain/carry/policies.ts';
import { RateHistory } from '../domain/carry/rate-history.ts';
import { type Lamports, lamports, MS_PER_HOUR } from '../domain/money/units.ts';
import { missingPeriods } from '../market-data/replay.ts';
import type { BacktestAccount } from './account.ts';
import { type BacktestMarket, rowFrom } from './market.ts';
import type { BacktestOptions } from './options.ts';
import { type BacktestTrade, Trader } from './trader.ts';

export interface FileOrder {
  readonly tsMs: number;
  /** Signed lamports. */
  readonly size: Lamports;
}

/** Who decides: a policy, or a list of orders in order of time. */
export type Decider = CarryPolicy | { readonly text: string; readonly orders: readonly FileOrder[] };

/** Is told of each row as it happens. */
export interface RowRecorder {
  funding(tsMs: number, rate: bigint, position: bigint, amount: bigint): void;
  equity(tsMs: number, account: BacktestAccount): void;
}

/** Where a result comes from, as fractions of the starting SOL's worth at each hour; costs are negative. */
export const RESULT_SOURCES = ['funding', 'slippage', 'fees', 'gas', 'basis', 'interest', 'external'] as const;
const COST_SOURCES = ['slippage', 'fees', 'gas', 'basis', 'external'] as const;
export type ResultSource = (typeof RESULT_SOURCES)[number];

export interface BacktestRun {
  readonly policy: string;
  readonly market: BacktestMarket;
  readonly options: BacktestOptions;
  /** Rows read, history before the start included. */
  readonly rows: number;
  readonly fromMs: number;
  readonly toMs: number;
  /** From the first row to the last, in whole periods. */
  readonly hours: number;
  /** One for each row after the first: what the hedge added to doing nothing, as a fraction; and the row's own time. */
  readonly returns: Float64Array;
  readonly tsMs: Float64Array;
  /** The same without basis and interest: funding less costs, which is what choosing goes by. */
  readonly core: Float64Array;
  /** SOL held after each row's decision, negative = short. */
  readonly position: Float64Array;
  readonly bySource: Readonly<Record<ResultSource, number>>;
  /** What the price did to the perp: beside the result, never inside. */
  readonly price: number;
  readonly trades: readonly BacktestTrade[];
  readonly roundTrips: number;
  /** Round trips whose funding was more than what they cost. */
  readonly hits: number;
  /** Periods with a position. */
  readonly heldPeriods: number;
  readonly blocked: ReadonlyMap<string, number>;
  readonly ended: Trader['ended'];
}

export function runBacktest(
  market: BacktestMarket,
  decider: Decider,
  options: BacktestOptions,
  recorder: RowRecorder | null = null,
): BacktestRun {
  return new BacktestLoop(market, decider, options, recorder).run();
}

/** The first row that the account lives through. */
export const startRow = (
  { funding }: BacktestMarket,
  { evaluateFromMs }: Pick<BacktestOptions, 'evaluateFromMs'>,
): number => (evaluateFromMs === null ? 0 : Math.min(rowFrom(funding, evaluateFromMs), funding.rows - 1));

class BacktestLoop {
  readonly #market: BacktestMarket;
  readonly #decider: Decider;
  readonly #options: BacktestOptions;
  readonly #recorder: RowRecorder | null;
  readonly #start: number;
  readonly #last: number;
  readonly #trader: Trader;
  readonly #rates: RateHistory;
  readonly #returns: Float64Array;
  readonly #core: Float64Array;
  readonly #startingSol: number;
  readonly #position: Float64Array;
  readonly #situation: { -readonly [Key in keyof CarrySituation]: CarrySituation[Key] };
  readonly #bySource: Record<ResultSource, number> = {
    funding: 0,
    slippage: 0,
    fees: 0,
    gas: 0,
    basis: 0,
    interest: 0,
    external: 0,
  };
  /** Booked by the trades since the last row's result, 1e-15 USD. */
  readonly #pendingCosts = { slippage: 0, fees: 0, gas: 0, basis: 0, external: 0 };
  #traded = false;
  #lendRow = 0;
  #orderAt = 0;
  #decided: { readonly wants: 'open' | 'close' | Lamports; readonly row: number } | null = null;
  #price = 0;
  #heldPeriods = 0;
  #interestExcess = 0n;
  #tripFunding = 0;
  #tripCosts = 0;
  #roundTrips = 0;
  #hits = 0;

  constructor(market: BacktestMarket, decider: Decider, options: BacktestOptions, recorder: RowRecorder | null) {
    this.#market = market;
    this.#decider = decider;
    this.#options = options;
    this.#recorder = recorder;
    this.#start = startRow(market, options);
    this.#last = market.funding.rows - 1;
    this.#trader = new Trader(market, options, market.funding.tsMs[this.#start] as number);
    this.#rates = new RateHistory(market.rates, 0);
    this.#returns = new Float64Array(this.#last - this.#start);
    this.#startingSol = Number(options.holdings.sol);
    this.#core = new Float64Array(this.#last - this.#start);
    this.#position = new Float64Array(this.#last - this.#start + 1);
    this.#situation = {
      rates: this.#rates,
      nowMs: 0,
      holding: false,
      openedAtMs: null,
      horizonHours: options.limits.holdingHorizonHours,
      roundTrip: () => this.#trader.roundTrip(),
    };
  }

  run(): BacktestRun {
    const { tsMs, rows } = this.#market.funding;
    this.#rates.known = this.#start + 1;
    const fromMs = tsMs[this.#start] as number;
    this.#skipLendRows(fromMs);
    this.#recorder?.equity(fromMs, this.#trader.account);
    this.#decide(this.#start, fromMs);
    this.#position[0] = this.#trader.account.rough.base;
    for (let row = this.#start + 1; row <= this.#last; row += 1) this.#row(row);
    const toMs = tsMs[this.#last] as number;
    const { trades, blocked, ended } = this.#trader;
    return {
      policy: this.#decider.text,
      market: this.#market,
      options: this.#options,
      rows,
      fromMs,
      toMs,
      hours: (Math.round((toMs - fromMs) / this.#market.periodMs) * this.#market.periodMs) / MS_PER_HOUR,
      returns: this.#returns,
      tsMs: tsMs.subarray(this.#start + 1, this.#last + 1),
      core: this.#core,
      position: this.#position,
      bySource: this.#bySource,
      price: this.#price,
      trades,
      roundTrips: this.#roundTrips,
      hits: this.#hits,
      heldPeriods: this.#heldPeriods,
      blocked,
      ended,
    };
  }

  #row(row: number): void {
    const { tsMs, values } = this.#market.funding;
    const trader = this.#trader;
    const account = trader.account;
    const atMs = tsMs[row] as number;
    const oracle = values.oraclePriceTwap[row] as number;
    const before = account.perp;
    const holding = before !== 0n;
    const rate = (values.fundingRate[row] as number) - (before < 0n ? (this.#options.ownSizeRate ?? 0) : 0);
    const worth = this.#startingSol * oracle;

    if (this.#market.lend !== null) this.#passTime(tsMs[row - 1] as number, atMs);
    if (holding) {
      this.#price += (account.rough.base * 1e9 * (oracle - account.oracle)) / worth;
      this.#heldPeriods += 1;
    }
    account.moveOracle(oracle);
    if (this.#market.lend !== null) this.#accrue(atMs);
    const amount = account.settleFunding(atMs, rate);
    this.#recorder?.funding(atMs, BigInt(rate), before, amount);
    if (holding || account.rough.quote < 0) trader.liquidateIfDue(atMs);
    this.#recorder?.equity(atMs, account);
    this.#rates.known = row + 1;
    const funding = holding ? Number(amount) * 1e9 : 0;
    this.#tripFunding += funding;
    if (account.perp !== before) this.#afterTrades(before);
    this.#decide(row, atMs);
    this.#position[row - this.#start] = account.rough.base;
    this.#result(row - this.#start - 1, funding, worth);
  }

  /** Interest up to each change of its rates, and to the end of each period that is missing, as the replay walks them. */
  #passTime(fromMs: number, toMs: number): void {
    const { periodMs } = this.#market;
    const missing = missingPeriods(toMs - fromMs, periodMs);
    for (let period = 1; period <= missing; period += 1) {
      const atMs = fromMs + period * periodMs;
      if (atMs >= toMs) break;
      this.#passRates(atMs);
      this.#accrue(atMs);
    }
    this.#passRates(toMs);
  }

  #passRates(beforeMs: number): void {
    const { lend } = this.#market;
    if (lend === null) return;
    while (this.#lendRow < lend.rows && (lend.tsMs[this.#lendRow] as number) < beforeMs) {
      this.#accrue(lend.tsMs[this.#lendRow] as number);
    }
  }

  /** Up to `atMs`, at the rates in force before it. */
  #accrue(atMs: number): void {
    this.#trader.account.accrueInterest(atMs, this.#lendRates());
    this.#skipLendRows(atMs);
  }

  #skipLendRows(atMs: number): void {
    const { lend } = this.#market;
    while (lend !== null && this.#lendRow < lend.rows && (lend.tsMs[this.#lendRow] as number) <= atMs) {
      this.#lendRow += 1;
      this.#ratesInForce = undefined;
    }
  }

  #ratesInForce: ReturnType<BacktestMarket['feed']['ratesAt']> | undefined;

  #lendRates(): ReturnType<BacktestMarket['feed']['ratesAt']> {
    const { lend, feed } = this.#market;
    if (lend === null || this.#lendRow === 0) return null;
    this.#ratesInForce ??= feed.ratesAt(lend.tsMs[this.#lendRow - 1] as number);
    return this.#ratesInForce;
  }

  #decide(row: number, atMs: number): void {
    const before = this.#trader.account.perp;
    this.#act(row, atMs);
    // A transaction that fills nothing still costs gas.
    if (this.#trader.account.sources !== this.#booked) this.#afterTrades(before);
  }

  #act(row: number, atMs: number): void {
    const trader = this.#trader;
    const { account } = trader;
    if (account.perp !== 0n && trader.decideIfDue(atMs, null)) return;
    const last = row === this.#last;
    if (last && this.#options.closeAtEnd) {
      if (account.perp !== 0n) trader.close(atMs, 'end');
      return;
    }
    if (this.#decided !== null) {
      if (row < this.#decided.row) return;
      const { wants } = this.#decided;
      this.#decided = null;
      this.#carryOut(wants, atMs, last);
    }
    const wants =
      'orders' in this.#decider ? this.#orderDue(this.#decider.orders, atMs) : this.#wish(this.#decider, atMs);
    if (wants === null) {
      if (!last && account.perp !== 0n) trader.decideIfDue(atMs, this.#rates);
    } else if (this.#options.fillLagRows === 0) {
      this.#carryOut(wants, atMs, last);
    } else {
      this.#decided = { wants, row: row + this.#options.fillLagRows };
    }
  }

  #carryOut(wants: 'open' | 'close' | Lamports, atMs: number, last: boolean): void {
    const trader = this.#trader;
    if (wants === 'close') trader.close(atMs, 'leave');
    else if (wants !== 'open') trader.order(atMs, wants);
    // After the last row nothing is earned.
    else if (!last) trader.open(atMs, (this.#decider as CarryPolicy).profitGate);
  }

  #wish(policy: CarryPolicy, atMs: number): 'open' | 'close' | null {
    const { perp } = this.#trader.account;
    const situation = this.#situation;
    situation.nowMs = atMs;
    situation.holding = perp !== 0n;
    situation.openedAtMs = this.#trader.openedAtMs;
    const wantsShort = policy.wantsShort(situation);
    if (wantsShort === situation.holding) return null;
    return wantsShort ? 'open' : 'close';
  }

  /** The orders that are due by now, as one. */
  #orderDue(orders: readonly FileOrder[], atMs: number): Lamports | null {
    const next = orders[this.#orderAt];
    if (next === undefined || next.tsMs > atMs) return null;
    let size = 0n;
    for (; (orders[this.#orderAt]?.tsMs ?? Number.POSITIVE_INFINITY) <= atMs; this.#orderAt += 1) {
      size += (orders[this.#orderAt] as FileOrder).size;
    }
    return size === 0n ? null : lamports(size);
  }

  #booked: BacktestAccount['sources'] | null = null;

  /** What trades booked, for the hour's result; and whether a round trip has ended. */
  #afterTrades(before: bigint): void {
    const account = this.#trader.account;
    const now = account.sources;
    const then = this.#booked;
    const costs = this.#pendingCosts;
    this.#traded = true;
    let booked = 0;
    for (const source of COST_SOURCES) {
      const change = Number(now[source] - (then?.[source] ?? 0n));
      costs[source] += change;
      if (source !== 'basis') booked += change;
    }
    this.#booked = now;
    this.#tripCosts -= booked;
    if (before === 0n || account.perp !== 0n) return;
    this.#roundTrips += 1;
    if (this.#tripFunding > this.#tripCosts) this.#hits += 1;
    this.#tripFunding = 0;
    this.#tripCosts = 0;
  }

  /** The hour's result: funding, interest beyond what doing nothing earns, and what the trades booked. */
  #result(hour: number, funding: number, worth: number): void {
    const account = this.#trader.account;
    const bySource = this.#bySource;
    const costs = this.#pendingCosts;
    let core = funding;
    let beside = 0;
    bySource.funding += funding / worth;
    if (this.#market.lend !== null) {
      const excess = account.interest - account.idleInterest;
      beside = Number(excess - this.#interestExcess);
      this.#interestExcess = excess;
      bySource.interest += beside / worth;
    }
    for (const source of this.#traded ? COST_SOURCES : []) {
      const cost = costs[source];
      if (cost === 0) continue;
      bySource[source] += cost / worth;
      if (source === 'basis' || source === 'external') beside += cost;
      else core += cost;
      costs[source] = 0;
    }
    this.#traded = false;
    this.#core[hour] = core / worth;
    this.#returns[hour] = (core + beside) / worth;
  }
}
