/** What a command comes to on a fresh snapshot: refused, nothing to do, a question to a person, or an operation. Pure. */

import type { ErrorReport, Json } from '../../lib/errors.ts';
import type { Snapshot } from '../account/snapshot.ts';
import { planRebalance } from '../engine/decide.ts';
import { confirmationNeeded, evaluateGates, type GateInput, gateError, worstPriceOf } from '../gates/gates.ts';
import { FULL_HEDGE_PPM } from '../hedge/delta.ts';
import type { Policy } from '../hedge/policy.ts';
import { perpMarketOf, perpPosition, perpSize } from '../margin/margin.ts';
import { lamports } from '../money/units.ts';
import type {
  AskedOperation,
  ExitRequest,
  OperationRequest,
  RebalanceRequest,
  SettleRequest,
  SizedOperation,
  TradeRequest,
} from '../order/operation-request.ts';
import { confirmationPreview } from './confirmation-preview.ts';

interface PlanInput {
  readonly snapshot: Snapshot;
  readonly policy: Policy;
  readonly hedgeTargetPpm: number;
  /** Market time. */
  readonly cooldownUntilMs: number | null;
  /** A person confirmed this very command. */
  readonly confirmed: boolean;
  readonly nowMs: number;
}

export type OperationPlan =
  | { readonly kind: 'refuse'; readonly error: ErrorReport; readonly data?: Readonly<Record<string, Json>> }
  | { readonly kind: 'nothing'; readonly message: string; readonly data?: Readonly<Record<string, Json>> }
  | {
      readonly kind: 'confirm';
      readonly message: string;
      readonly preview: Json;
      /** The worst price shown, 1e-6 USD per SOL: better may happen, worse never. */
      readonly priceLimit: string | null;
    }
  | {
      readonly kind: 'start';
      readonly request: OperationRequest;
      readonly reducing: boolean;
    };

export function planCommand(request: AskedOperation, input: PlanInput): OperationPlan {
  const { snapshot } = input;
  if ('market' in request && perpMarketOf(snapshot.markets, request.market) === null) {
    return unknownMarket(request.market, snapshot);
  }
  switch (request.kind) {
    case 'deposit':
    case 'withdraw':
    case 'open':
      return gatesSay(request, input) ?? { kind: 'start', request, reducing: false };
    case 'close':
    case 'flatten':
      return planExit(request, input);
    case 'rebalance':
      return planRebalanceCommand(request, input);
    case 'settle':
      return planSettle(request, input);
  }
}

const refuse = (error: ErrorReport): OperationPlan => ({ kind: 'refuse', error });

const unknownMarket = (market: string, snapshot: Snapshot): OperationPlan =>
  refuse({
    code: 'UNKNOWN_MARKET',
    message: `There is no market ${market}.`,
    details: { field: 'market', got: market, expected: snapshot.markets.perps.map((perp) => perp.market).join(', ') },
  });

/** No gate is asked here that could keep a person in. FLATTEN without a position still halts. */
function planExit(request: ExitRequest, { snapshot }: PlanInput): OperationPlan {
  const { account } = snapshot;
  const { kind, market } = request;
  const flat = account === null || (perpSize(account, snapshot.markets, market) === 0n && account.orders.length === 0);
  if (!flat) return { kind: 'start', request, reducing: true };
  return kind === 'flatten'
    ? { kind: 'nothing', message: 'No open position. Trading is halted until RESUME.' }
    : refuse({ code: 'NO_POSITION', message: `There is no open position in ${market}.` });
}

function planSettle(request: SettleRequest, input: PlanInput): OperationPlan {
  const { account, markets } = input.snapshot;
  const position = account === null ? null : perpPosition(account, request.market, markets);
  if (position === null || (position.baseAmount === 0n && position.quoteAmount === 0n)) {
    return refuse({ code: 'NO_POSITION', message: `There is nothing to settle in ${request.market}.` });
  }
  return gatesSay(request, input) ?? { kind: 'start', request, reducing: false };
}

function planRebalanceCommand({ kind, market }: RebalanceRequest, input: PlanInput): OperationPlan {
  const plan = planRebalance(input.snapshot, input.policy, input.cooldownUntilMs);
  switch (plan.kind) {
    case 'nothing':
      return { kind: 'nothing', message: plan.text, data: plan.figures };
    case 'refuse':
      return refuse(plan.error);
    case 'trade': {
      const request: TradeRequest = { kind, market, size: plan.delta.toString() };
      return gatesSay(request, input) ?? { kind: 'start', request, reducing: !plan.enlarging };
    }
  }
}

/** A refusal or a question; null when nothing stands in the way. */
function gatesSay(operation: SizedOperation, input: PlanInput): OperationPlan | null {
  const { snapshot, policy, nowMs } = input;
  const gateInput: GateInput = {
    snapshot,
    operation,
    automatic: false,
    exposureConfirmed: input.confirmed,
    hedgeTargetPpm: operation.kind === 'rebalance' ? FULL_HEDGE_PPM : input.hedgeTargetPpm,
    policy,
    nowMs,
  };
  const report = evaluateGates(gateInput);
  const error = gateError(report);
  if (error !== null && !report.confirmable) return refuse(error);
  const need = confirmationNeeded(gateInput, report);
  if (!need.needed || input.confirmed) return error === null ? null : refuse(error);
  const market = 'market' in operation ? perpMarketOf(snapshot.markets, operation.market) : null;
  const limit =
    market === null || !('size' in operation) ? null : worstPriceOf(market, lamports(BigInt(operation.size)), policy);
  return {
    kind: 'confirm',
    message: need.reasons.includes('DELTA_EXPOSED')
      ? 'This leaves the account exposed to the price beyond the tolerance. Confirm to go ahead.'
      : 'Commands of this size need confirmation (CONFIRM_ABOVE_USD).',
    preview: confirmationPreview(gateInput, report, limit, need),
    priceLimit: limit === null ? null : limit.toString(),
  };
}
