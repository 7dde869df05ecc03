/**
 * The account, and what is done with it: the engine's own `decide`, gates, plans and guard on paper's own transitions,
 * without a workflow between them. A trade lands at once, at the row's mark.
 */
import { SOL_PERP, SOL_PERP_INDEX } from '../domain/account/account.ts';
import { isReducing } from '../domain/account/position.ts';
import type { FundingOutlook, Snapshot, VenuePauses } from '../domain/account/snapshot.ts';
import { couldPay } from '../domain/carry/policies.ts';
import type { RateHistory } from '../domain/carry/rate-history.ts';
import { type DecisionContext, decide } from '../domain/engine/decide.ts';
import type { Hold } from '../domain/engine/hold.ts';
import { blockingGates, evaluateGates } from '../domain/gates/gates.ts';
import { roundTripCost } from '../domain/hedge/carry.ts';
import { correctionTo, countedSpot, hedgeTargetPpm } from '../domain/hedge/delta.ts';
import { perpMarketOf } from '../domain/margin/margin.ts';
import {
  abs,
  divCeil,
  divFloor,
  FEMTO_PER_MICRO_USD,
  type Lamports,
  lamports,
  price,
  valueAt,
} from '../domain/money/units.ts';
import type { Fill, Intent } from '../domain/order/intent.ts';
import { type Goal, PLAIN_TERMS, planIntent } from '../domain/order/intent-plan.ts';
import type { SizedOperation } from '../domain/order/operation-request.ts';
import type { Quote } from '../market-data/feed.ts';
import { marketsOf } from '../venues/paper/account-view.ts';
import { liquidate } from '../venues/paper/market.ts';
import { type PaperMarket, snapshotOf, viewOf } from '../venues/paper/snapshot.ts';
import { newAccount, type PaperState } from '../venues/paper/state.ts';
import { type ExecutionContext, runTransaction, WHOLE_PPM } from '../venues/paper/transitions.ts';
import { BacktestAccount } from './account.ts';
import type { BacktestMarket } from './market.ts';
import type { BacktestOptions } from './options.ts';

export type TradeReason = 'enter' | 'leave' | 'correct' | 'guard' | 'liquidation' | 'file' | 'end';

export interface BacktestTrade {
  readonly tsMs: number;
  readonly side: 'buy' | 'sell';
  readonly size: bigint;
  readonly price: bigint;
  /** Micro-USD that the fill is worth, rounded against the account. */
  readonly quote: bigint;
  readonly fee: bigint;
  readonly mark: bigint;
  readonly oracle: bigint;
  readonly before: bigint;
  readonly after: bigint;
  readonly why: TradeReason;
}

const OPEN_VENUE: VenuePauses = {
  deposit: false,
  withdraw: false,
  increase: false,
  reduce: false,
  settle: false,
  detail: null,
};
const SLOT = 0;
const ORDER_LIFE_MS = 60_000;
const ENGINE_ID = 'backtest';

/** Farther than this from every limit of `decide`, it need not be asked. */
const SAFE_HEALTH = 0.3;
const SAFE_LIQUIDATION_DISTANCE = 0.15;
const SAFE_DRIFT = 0.9;

export class Trader {
  readonly account: BacktestAccount;
  readonly trades: BacktestTrade[] = [];
  /** How often a gate kept an opening away, by its code. */
  readonly blocked = new Map<string, number>();
  /** Where the short that is open was opened. */
  openedAtMs: number | null = null;
  /** The guard or a liquidation took the hedge away; from then on nothing enlarges, as in the engine until a person says so. */
  ended: { readonly tsMs: number; readonly why: 'guard' | 'liquidation' } | null = null;
  readonly #options: BacktestOptions;
  readonly #market: PaperMarket;
  #targetPpm = 0;
  #cooldownUntilMs: number | null = null;

  constructor(market: BacktestMarket, options: BacktestOptions, startMs: number) {
    this.#options = options;
    this.#market = {
      engineId: ENGINE_ID,
      feed: market.feed,
      periodMs: market.periodMs,
      parameters: options.parameters,
    };
    const quote = this.#quote(startMs);
    this.account = new BacktestAccount(
      newAccount({
        defaults: options.holdings,
        marketMs: startMs,
        wallMs: startMs,
        speed: 'max',
        oracle: quote.oracle,
        slot: SLOT,
        periodMs: market.periodMs,
      }),
    );
  }

  /** At maintenance the venue closes the perp: asked only where a rough count says that it could be near. */
  liquidateIfDue(tsMs: number): void {
    if (this.#isSafe()) return;
    const quote = this.#quote(tsMs);
    const before = this.account.perp;
    const liquidated = liquidate(this.account.state(tsMs), quote, {
      parameters: this.#options.parameters,
      marketsAt: (state) => this.#markets(state, quote),
    });
    if (liquidated === null) return;
    this.account.load(liquidated.state);
    this.#end(tsMs, 'liquidation');
    const { liquidation } = liquidated;
    if (liquidation === null) return;
    this.#tell({ ...liquidation, fee: 0n, quote, before, why: 'liquidation' });
  }

  /**
   * What the engine does by itself: the guard, and, given the rates so far, the correction of a hedge that has drifted.
   * True when it traded.
   */
  decideIfDue(tsMs: number, corrects: RateHistory | null): boolean {
    const { perp } = this.account;
    if (perp === 0n || (this.#isSafe() && (corrects === null || !this.#couldCorrect(corrects)))) return false;
    const snapshot = this.#snapshot(tsMs);
    const { action } = decide(snapshot, this.#context(), this.#options.limits, tsMs);
    // Without a consent in its context it only corrects and guards.
    if (action.kind !== 'correct' && action.kind !== 'guard') return false;
    if (action.kind === 'correct' && corrects === null) return false;
    const traded = this.#trade({ kind: action.kind, size: action.delta, why: action.kind, snapshot, tsMs });
    if (action.kind === 'guard') this.#end(tsMs, 'guard');
    else if (traded) this.#cooldownUntilMs = tsMs + this.#options.limits.cooldownMs;
    return traded;
  }

  /** Opens the hedge that the fraction asks for, if the gates let it. `profitGate`: the seed's gate has a say too. */
  open(tsMs: number, profitGate: boolean): boolean {
    if (this.ended !== null) return false;
    const snapshot = this.#snapshot(tsMs);
    const size = this.#openingSize(snapshot);
    if (size === 0n) return false;
    if (!this.#passes({ kind: 'open', market: SOL_PERP, size: size.toString() }, snapshot, tsMs, profitGate))
      return false;
    return this.#trade({ kind: 'open', size, why: 'enter', snapshot, tsMs });
  }

  /**
   * Closes the perp. What it made is not settled: settling would put the price's part of it into the deposits, and so,
   * by their interest, into the result.
   */
  close(tsMs: number, why: TradeReason): boolean {
    const snapshot = this.#snapshot(tsMs, this.#unknownFunding);
    const closed = this.#run({ kind: 'close', market: SOL_PERP }, snapshot, tsMs, why);
    if (closed && this.account.perp === 0n) this.#targetPpm = 0;
    return closed;
  }

  /** A trade that a person asked for, of a signed size. What ends the position is a CLOSE. */
  order(tsMs: number, size: Lamports): boolean {
    const { perp } = this.account;
    if (perp !== 0n && size === -perp) return this.close(tsMs, 'file');
    if (this.ended !== null && !isReducing(perp, size)) return false;
    const snapshot = this.#snapshot(tsMs);
    if (!this.#passes({ kind: 'open', market: SOL_PERP, size: size.toString() }, snapshot, tsMs, false)) return false;
    return this.#trade({ kind: 'open', size, why: 'file', snapshot, tsMs });
  }

  /** Opening and closing what would be opened now, as a part of its notional; null when nothing would be. */
  roundTrip(): number | null {
    const { fractionPpm, parameters, limits } = this.#options;
    const flat = { spot: this.account.sol, perp: lamports(0n) };
    return this.#roundTripOf(abs(correctionTo(fractionPpm, flat, parameters.stepSize, limits)));
  }

  #roundTripOf(size: Lamports): number | null {
    const { parameters } = this.#options;
    const at = price(BigInt(this.account.oracle));
    const notional = valueAt(size, at);
    if (notional === 0n) return null;
    const cost = roundTripCost(size, at, parameters, parameters.transactionCost);
    return Number(cost.total) / Number(notional);
  }

  #openingSize(snapshot: Snapshot): Lamports {
    const spot = countedSpot(snapshot, this.#options.limits);
    const step = perpMarketOf(snapshot.markets, SOL_PERP)?.stepSize;
    if (spot === null || step === undefined) return lamports(0n);
    return correctionTo(this.#options.fractionPpm, { spot, perp: this.account.perp }, step, this.#options.limits);
  }

  #passes(operation: SizedOperation, snapshot: Snapshot, tsMs: number, profitGate: boolean): boolean {
    const report = evaluateGates({
      snapshot,
      operation,
      automatic: false,
      exposureConfirmed: true,
      hedgeTargetPpm: this.#targetPpm,
      policy: this.#options.limits,
      nowMs: tsMs,
    });
    const blocking = blockingGates(report).filter(({ code }) => profitGate || code !== 'UNPROFITABLE');
    for (const { code } of blocking) this.blocked.set(code, (this.blocked.get(code) ?? 0) + 1);
    return blocking.length === 0;
  }

  #trade(trade: {
    readonly kind: 'open' | 'correct' | 'guard';
    readonly size: Lamports;
    readonly why: TradeReason;
    readonly snapshot: Snapshot;
    readonly tsMs: number;
  }): boolean {
    const { kind, size, why, snapshot, tsMs } = trade;
    const before = this.account.perp;
    const spot = countedSpot(snapshot, this.#options.limits) ?? lamports(0n);
    const goal: Goal = { kind, market: SOL_PERP, size: size.toString() };
    if (!this.#run(goal, snapshot, tsMs, why)) return false;
    const { perp } = this.account;
    if (kind === 'open' && perp !== before) this.#targetPpm = hedgeTargetPpm(spot, perp);
    return perp !== before;
  }

  /** Plans on the snapshot and lands at once; true when a transaction landed. */
  #run(goal: Goal, snapshot: Snapshot, tsMs: number, why: TradeReason): boolean {
    const { maxSlippageBps } = this.#options.limits;
    const planned = planIntent(goal, PLAIN_TERMS, snapshot, {
      maxSlippageBps,
      orderLifeMs: ORDER_LIFE_MS,
      nowMs: tsMs,
    });
    return planned.kind === 'intent' && this.#land(planned.intent, tsMs, why);
  }

  #land(intent: Intent, tsMs: number, why: TradeReason): boolean {
    const quote = this.#quote(tsMs);
    const before = this.account.perp;
    const landing: ExecutionContext = {
      parameters: this.#options.parameters,
      quote,
      markets: (state) => this.#markets(state, quote),
      pauses: OPEN_VENUE,
      signature: ENGINE_ID,
      blockTimeMs: tsMs,
      slot: SLOT,
      filling: { ppm: WHOLE_PPM, afterSlots: 0 },
    };
    const run = runTransaction(this.account.state(tsMs), intent, landing);
    if (run === null) return false;
    this.account.load(run.state);
    if (!run.applied.ok) return false;
    for (const fill of run.applied.effect.fills ?? []) this.#tellFill(fill, quote, before, tsMs, why);
    return true;
  }

  #tellFill(fill: Fill, quote: Quote, before: bigint, tsMs: number, why: TradeReason): void {
    const { side } = fill;
    this.#tell({
      tsMs,
      side,
      size: BigInt(fill.size),
      price: BigInt(fill.price),
      fee: BigInt(fill.fee),
      quote,
      before,
      why,
    });
  }

  #tell(trade: {
    readonly tsMs: number;
    readonly side: 'buy' | 'sell';
    readonly size: bigint;
    readonly price: bigint;
    readonly fee: bigint;
    readonly quote: Quote;
    readonly before: bigint;
    readonly why: TradeReason;
  }): void {
    const { tsMs, side, size, price, fee, quote, before, why } = trade;
    const exact = size * price;
    const worth = side === 'buy' ? divCeil(exact, FEMTO_PER_MICRO_USD) : divFloor(exact, FEMTO_PER_MICRO_USD);
    const after = this.account.perp;
    this.trades.push({
      tsMs,
      side,
      size,
      price,
      quote: worth,
      fee,
      mark: quote.mark,
      oracle: quote.oracle,
      before,
      after,
      why,
    });
    if (after === 0n) this.openedAtMs = null;
    else if (before === 0n || before > 0n !== after > 0n) this.openedAtMs = tsMs;
  }

  #end(tsMs: number, why: 'guard' | 'liquidation'): void {
    this.ended ??= { tsMs, why };
  }

  #context(): DecisionContext {
    return {
      hedgeTargetPpm: this.#targetPpm,
      cooldownUntilMs: this.#cooldownUntilMs,
      holds: this.ended === null ? [] : [heldSince(this.ended)],
      engineRunning: true,
      busy: false,
      carryWarnedAtMs: null,
    };
  }

  #quote(tsMs: number): Quote {
    const quote = this.#market.feed.quoteAt(tsMs);
    if (quote === null) throw new RangeError(`the history has no row at ${tsMs}, inside its own time`);
    return quote;
  }

  #markets = (state: PaperState, quote: Quote) => marketsOf(state, viewOf(this.#market, quote, SLOT));

  /** What a way out does not depend on. */
  get #unknownFunding(): FundingOutlook {
    const unknown = { lastRate: null, lastPeriodTsMs: null, trailingMeanRate: null, nextPeriodTsMs: null };
    return { periodMs: this.#market.periodMs, ...unknown, knownHours: 0, recentRates: [] };
  }

  #snapshot(tsMs: number, funding?: FundingOutlook): Snapshot {
    return snapshotOf(this.#market, {
      ...(funding === undefined ? {} : { funding }),
      state: this.account.state(tsMs),
      slot: SLOT,
      commitment: 'confirmed',
      takenAtMs: tsMs,
      pauses: OPEN_VENUE,
    });
  }

  /**
   * Roughly, and well on the safe side: neither liquidation nor the guard can be due. In floating point, since it only
   * decides whether the exact question is asked.
   */
  #isSafe(): boolean {
    const { sol, usdc, base, quote } = this.account.rough;
    if (base === 0 && quote >= 0 && usdc >= 0) return true;
    const { solMaintenanceAssetWeight, maintenanceMarginRatio } = this.#options.parameters;
    const oracle = this.account.oracle / 1e6;
    const weighted = sol * (solMaintenanceAssetWeight / 1e4);
    const margin = Math.abs(base) * (maintenanceMarginRatio / 1e4);
    const collateral = weighted * oracle + usdc + base * oracle + quote;
    const free = collateral - margin * oracle;
    if (free < SAFE_HEALTH * collateral || collateral <= 0) return false;
    const slope = weighted + base - margin;
    return base === 0 || free >= Math.abs(slope) * oracle * SAFE_LIQUIDATION_DISTANCE;
  }

  /** Roughly: the hedge is near the end of its tolerance, and the profit gate may let what is missing be sold. */
  #couldCorrect(rates: RateHistory): boolean {
    const { limits } = this.#options;
    const { sol, base } = this.account.rough;
    const wallet = limits.hedgeWalletSol ? Number(this.account.walletSol) / 1e9 : 0;
    const reserved = limits.hedgeWalletSol ? Number(limits.reservedSol) / 1e9 : 0;
    const spot = sol + wallet;
    const missing = (spot * this.#targetPpm) / 1e6 + base;
    const driftPct = (missing / Math.max(spot - reserved, 1e-9)) * 100;
    if (Math.abs(driftPct) < limits.driftTolerancePct * SAFE_DRIFT) return false;
    if (missing < 0 || driftPct > limits.maxUnhedgedPct * SAFE_DRIFT) return true;
    return couldPay(rates, limits.holdingHorizonHours, this.#roundTripOf(lamports(BigInt(Math.round(missing * 1e9)))));
  }
}

const heldSince = ({ tsMs, why }: NonNullable<Trader['ended']>): Hold => ({
  code: why === 'guard' ? 'guarded' : 'liquidation',
  key: String(SOL_PERP_INDEX),
  sinceMs: tsMs,
  permits: 'reducing',
  clearedBy: 'person',
  reason: why === 'guard' ? 'The guard has reduced the position.' : 'The account was liquidated.',
});
