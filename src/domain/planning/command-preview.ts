/**
 * What a command would come to now, before anybody sends it: the account before and after, its costs and its gates. The plan
 * and the gates are those by which the engine admits the command. Pure, and it never refuses to answer: what is not known is
 * null.
 */
import type { ErrorReport, Json } from '../../lib/errors.ts';
import { type Account, SOL_PERP } from '../account/account.ts';
import type { Snapshot } from '../account/snapshot.ts';
import { carryBeside } from '../carry/carry-figures.ts';
import { type AdmissionView, refusalOf } from '../engine/admission.ts';
import { planRebalance } from '../engine/decide.ts';
import { gateSubject, liquidationDistancePct, openingCost } from '../gates/gate-subject.ts';
import { evaluateGates, type GateInput, type GateReport, gatesJson, reduces, worstPriceOf } from '../gates/gates.ts';
import { accountAfter } from '../hedge/account-after.ts';
import { judgeProfitability } from '../hedge/carry.ts';
import { exposure, FULL_HEDGE_PPM, hedgeTargetPpm } from '../hedge/delta.ts';
import type { Policy } from '../hedge/policy.ts';
import { assessMargin, liquidationPrice, type perpMarketOf, perpSize } from '../margin/margin.ts';
import { abs, type Lamports, lamports, type Price, solNumber, usdNumber, valueAt } from '../money/units.ts';
import { FLATTEN_MULTIPLES } from '../operation/operation.ts';
import { actionOf, type CommandRequest, type ControlRequest, isOperation } from '../order/command.ts';
import type { AskedOperation, SizedOperation } from '../order/operation-request.ts';
import { admissionRow, isExit, type OperationKind } from '../order/operations.ts';
import { marketPrices, tradingCosts } from './confirmation-preview.ts';
import { planCommand } from './plan-command.ts';

export interface PreviewInput {
  readonly snapshot: Snapshot;
  readonly policy: Policy;
  /** Null: unknown. */
  readonly hedgeTargetPpm: number | null;
  /** Market time. */
  readonly cooldownUntilMs: number | null;
  /** Null: the engine's state is unknown, and then it refuses nothing here. */
  readonly admission: AdmissionView | null;
  /** An operation is under way that may still make a position. */
  readonly mayStillOpen: boolean;
  readonly nowMs: number;
}

/** The account at one moment. Null is unknown, but for a liquidation price whose kind is `none`. */
export interface ForecastStanding {
  readonly spot_sol: number | null;
  readonly perp_sol: number | null;
  readonly net_delta_sol: number | null;
  /** The part of spot that the short covers. */
  readonly hedged_pct: number | null;
  /** 0 to 1. */
  readonly hedge_target: number | null;
  readonly leverage: number | null;
  readonly health: number | null;
  readonly free_collateral_usd: number | null;
  readonly liquidation_kind: 'price' | 'none' | 'unknown';
  readonly liquidation_price_usd: number | null;
  readonly liquidation_distance_pct: number | null;
  readonly wallet_sol: number | null;
  readonly wallet_quote: number | null;
}

export interface ForecastCosts {
  readonly worst_price_usd: number | null;
  readonly mark_price_usd: number | null;
  readonly value_usd: number | null;
  readonly fees_usd: number | null;
  readonly slippage_at_most_usd: number | null;
  readonly network_sol: number | null;
  readonly opening_sol: number | null;
  /** Funding over the holding horizon, as the gate counts it: received counts half. */
  readonly expected_funding_usd: number | null;
  readonly horizon_hours: number | null;
  readonly break_even_days: number | null;
}

export interface CommandForecast {
  readonly action: string;
  /** What the engine would refuse it for now; null: nothing known. */
  readonly refusal: ErrorReport | null;
  /** Why a person would be asked first. */
  readonly confirmation: readonly string[];
  /** What is to be said besides: there is nothing to do, for example. */
  readonly message: string | null;
  /** Of a trade, signed SOL; null: no trade, or not known. */
  readonly size_sol: number | null;
  readonly size_base: string | null;
  readonly before: ForecastStanding;
  readonly after: ForecastStanding;
  readonly costs: ForecastCosts;
  readonly gates: Json;
  /** What the confidence rule says of hedging now. Null: not a trade that adds to it. */
  readonly carry: { readonly pays: boolean | null; readonly sentence: string } | null;
}

export const UNKNOWN_STANDING: ForecastStanding = {
  spot_sol: null,
  perp_sol: null,
  net_delta_sol: null,
  hedged_pct: null,
  hedge_target: null,
  leverage: null,
  health: null,
  free_collateral_usd: null,
  liquidation_kind: 'unknown',
  liquidation_price_usd: null,
  liquidation_distance_pct: null,
  wallet_sol: null,
  wallet_quote: null,
};

export const UNKNOWN_COSTS: ForecastCosts = {
  worst_price_usd: null,
  mark_price_usd: null,
  value_usd: null,
  fees_usd: null,
  slippage_at_most_usd: null,
  network_sol: null,
  opening_sol: null,
  expected_funding_usd: null,
  horizon_hours: null,
  break_even_days: null,
};

/** Of a command about which nothing can be said, because the account was never read or cannot be. */
export const unknownForecast = (request: CommandRequest): CommandForecast => ({
  action: actionOf(request),
  refusal: null,
  confirmation: [],
  message: null,
  size_sol: null,
  size_base: null,
  before: UNKNOWN_STANDING,
  after: UNKNOWN_STANDING,
  costs: UNKNOWN_COSTS,
  gates: [],
  carry: null,
});

export function previewCommand(request: CommandRequest, input: PreviewInput): CommandForecast {
  const before = standing(input.snapshot, input.policy, input.hedgeTargetPpm);
  if (!isOperation(request)) return previewControl(request, input, before);
  const operation = sizedOperation(request, input);
  const { refusal, message, confirmation } = wordOf(request, operation, input);
  const told = { action: actionOf(request), refusal, message, confirmation, before };
  if (operation === null) {
    return { ...unknownForecast(request), ...told, after: before };
  }
  return { ...told, ...effectOf(operation, input) };
}

/** A control command moves nothing; of them only ADOPT changes a figure. */
function previewControl(request: ControlRequest, input: PreviewInput, before: ForecastStanding): CommandForecast {
  const adopted = request.action === 'ADOPT_POSITION' ? targetOf(exposure(input.snapshot, input.policy)) : null;
  const after = adopted === null ? before : { ...before, hedge_target: adopted / FULL_HEDGE_PPM };
  return { ...unknownForecast(request), before, after, costs: { ...UNKNOWN_COSTS, network_sol: 0 } };
}

/** With its size, as the gates judge it. Null: there is nothing to trade, or the size is not known. */
function sizedOperation(request: AskedOperation, input: PreviewInput): SizedOperation | null {
  const { snapshot, policy, cooldownUntilMs } = input;
  switch (request.kind) {
    case 'close':
    case 'flatten': {
      const { account, markets } = snapshot;
      const perp = account === null ? 0n : perpSize(account, markets, request.market);
      return perp === 0n ? null : { kind: request.kind, market: request.market, size: (-perp).toString() };
    }
    case 'rebalance': {
      const plan = planRebalance(snapshot, policy, cooldownUntilMs);
      return plan.kind === 'trade' ? { kind: 'rebalance', market: request.market, size: plan.delta.toString() } : null;
    }
    default:
      return request;
  }
}

/** What the engine would say to the command: first its state, then the plan, as in the engine. */
function wordOf(
  request: AskedOperation,
  operation: SizedOperation | null,
  input: PreviewInput,
): Pick<CommandForecast, 'refusal' | 'message' | 'confirmation'> {
  const { snapshot, policy, cooldownUntilMs, mayStillOpen, nowMs } = input;
  const target = input.hedgeTargetPpm ?? FULL_HEDGE_PPM;
  const planInput = { snapshot, policy, hedgeTargetPpm: target, cooldownUntilMs, mayStillOpen, nowMs, shown: null };
  const plan = planCommand(request, planInput);
  const reducing = operation !== null && reduces(operation, snapshot);
  const held = heldBack(request.kind, reducing, input);
  const refused = plan.kind === 'refuse' ? plan.error : null;
  return {
    refusal: held ?? refused,
    message: plan.kind === 'nothing' || plan.kind === 'confirm' ? plan.message : null,
    confirmation: plan.kind === 'confirm' ? plan.shown.reasons : [],
  };
}

/** An exit waits for an unresolved transaction, and nothing else in the engine's state keeps it. */
function heldBack(kind: OperationKind, reducing: boolean, { admission, snapshot }: PreviewInput): ErrorReport | null {
  if (admission === null || isExit(kind)) return null;
  const { account, markets } = snapshot;
  const hasPosition = account !== null && perpSize(account, markets, SOL_PERP) !== 0n;
  return refusalOf(admissionRow(kind, reducing), { ...admission, hasPosition });
}

function effectOf(
  operation: SizedOperation,
  input: PreviewInput,
): Pick<CommandForecast, 'size_sol' | 'size_base' | 'after' | 'costs' | 'gates' | 'carry'> {
  const { snapshot, policy, nowMs } = input;
  const target = operation.kind === 'rebalance' ? FULL_HEDGE_PPM : (input.hedgeTargetPpm ?? FULL_HEDGE_PPM);
  const gateInput: GateInput = {
    ...{ snapshot, policy, operation, nowMs, hedgeTargetPpm: target },
    automatic: false,
    exposureConfirmed: false,
  };
  const report = evaluateGates(gateInput);
  const subject = gateSubject(gateInput, report.column, report.reducing);
  const limit = limitOf(operation, subject.market, policy);
  const after =
    limit === null || !('size' in operation)
      ? subject.after
      : accountAfter(snapshot, { kind: 'trade', market: operation.market, delta: subject.delta, price: limit });
  return {
    size_sol: 'size' in operation ? solNumber(subject.delta) : null,
    size_base: 'size' in operation ? operation.size : null,
    after: after === null ? UNKNOWN_STANDING : standingAfter(operation, input, { ...snapshot, ...after }),
    costs: costsOf(subject, report, limit),
    gates: gatesJson(report),
    carry: 'size' in operation && !report.reducing ? carryBeside(snapshot, policy) : null,
  };
}

/** FLATTEN ends at a wider limit than it begins with; the widest is what it may cost. */
function limitOf(operation: SizedOperation, market: ReturnType<typeof perpMarketOf>, policy: Policy): Price | null {
  if (market === null || !('size' in operation)) return null;
  const multiple = operation.kind === 'flatten' ? FLATTEN_MULTIPLES[FLATTEN_MULTIPLES.length - 1] : 1;
  return worstPriceOf(market, lamports(BigInt(operation.size)), policy, multiple);
}

/** The hedge target follows what a trade leaves; money moved in or out leaves it as it is. */
function standingAfter(operation: SizedOperation, input: PreviewInput, after: Snapshot): ForecastStanding {
  const { policy } = input;
  const target = 'size' in operation ? targetAfter(operation.kind, after, policy) : input.hedgeTargetPpm;
  return standing(after, policy, target);
}

function targetAfter(kind: OperationKind, after: Snapshot, policy: Policy): number | null {
  if (isExit(kind)) return 0;
  return kind === 'rebalance' ? FULL_HEDGE_PPM : targetOf(exposure(after, policy));
}

const targetOf = ({ spot, perp }: ReturnType<typeof exposure>): number | null =>
  spot === null ? null : hedgeTargetPpm(spot, perp);

function standing(snapshot: Snapshot, policy: Policy, targetPpm: number | null): ForecastStanding {
  const { account, markets, wallet } = snapshot;
  const { spot, perp, netDelta } = exposure(snapshot, policy);
  return {
    spot_sol: solOrNull(spot),
    perp_sol: solNumber(perp),
    net_delta_sol: solOrNull(netDelta),
    hedged_pct: spot === null || spot <= 0n ? null : (Number(-perp) / Number(spot)) * 100,
    hedge_target: targetPpm === null ? null : targetPpm / FULL_HEDGE_PPM,
    ...marginOf(account, markets),
    wallet_sol: solNumber(wallet.sol),
    wallet_quote: usdNumber(wallet.quote),
  };
}

const solOrNull = (value: Lamports | null): number | null => (value === null ? null : solNumber(value));

type MarginStanding = Pick<
  ForecastStanding,
  | 'leverage'
  | 'health'
  | 'free_collateral_usd'
  | 'liquidation_kind'
  | 'liquidation_price_usd'
  | 'liquidation_distance_pct'
>;

/** An account that does not exist owes nothing: it has no health, and nothing liquidates it. */
function marginOf(account: Account | null, markets: Snapshot['markets']): MarginStanding {
  const none = { liquidation_price_usd: null, liquidation_distance_pct: null };
  if (account === null) {
    return { leverage: null, health: null, free_collateral_usd: 0, liquidation_kind: 'none', ...none };
  }
  const margin = assessMargin(account, markets);
  const figures = margin.kind === 'known' ? margin.figures : null;
  const found = liquidationPrice(account, markets, SOL_PERP);
  const distance = liquidationDistancePct(account, markets, SOL_PERP);
  return {
    leverage: figures?.leverage ?? null,
    health: figures?.health ?? null,
    free_collateral_usd: figures === null ? null : usdNumber(figures.freeCollateral),
    liquidation_kind: found.kind,
    liquidation_price_usd: found.kind === 'price' ? usdNumber(found.price) : null,
    liquidation_distance_pct: typeof distance === 'number' ? distance : null,
  };
}

function costsOf(subject: ReturnType<typeof gateSubject>, report: GateReport, limit: Price | null): ForecastCosts {
  const { snapshot, operation } = subject;
  const network = { network_sol: solNumber(lamports(snapshot.transactionCostLamports)) };
  const opening = openingCost(snapshot, operation.kind);
  const capital = { ...UNKNOWN_COSTS, ...network, opening_sol: solNumber(lamports(opening)) };
  if (!('size' in operation)) return capital;
  const { mark_price: mark = null } = marketPrices(subject);
  const { fees_usd: fees = null, slippage_at_most_usd: slippage = null } = tradingCosts(subject, limit);
  return {
    ...capital,
    worst_price_usd: limit === null ? null : usdNumber(limit),
    mark_price_usd: mark,
    value_usd: limit === null ? null : usdNumber(valueAt(abs(subject.delta), limit)),
    fees_usd: fees,
    slippage_at_most_usd: slippage,
    ...(report.reducing || isExit(operation.kind) ? {} : earnings(subject)),
  };
}

/** What the added size is expected to earn, as the gate UNPROFITABLE counts. */
function earnings({ snapshot, delta, policy, operation }: ReturnType<typeof gateSubject>): Partial<ForecastCosts> {
  const side = delta < 0n ? 'short' : 'long';
  const market = 'market' in operation ? operation.market : SOL_PERP;
  const judged = judgeProfitability(snapshot, abs(delta), side, policy, market);
  if (judged.kind === 'unknown') return {};
  const { expected, horizonHours, breakEvenDays } = judged.profitability;
  return { expected_funding_usd: usdNumber(expected), horizon_hours: horizonHours, break_even_days: breakEvenDays };
}
