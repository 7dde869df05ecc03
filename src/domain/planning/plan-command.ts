/** What a command comes to on a fresh snapshot: refused, nothing to do, a question to a person, or an operation. Pure. */

import type { ErrorReport, Json } from '../../lib/errors.ts';
import type { Snapshot } from '../account/snapshot.ts';
import { planRebalance } from '../engine/decide.ts';
import { confirmationNeeded, evaluateGates, type GateOperation, gateError, worstPriceOf } from '../gates/gates.ts';
import { FULL_HEDGE_PPM } from '../hedge/delta.ts';
import type { Policy } from '../hedge/policy.ts';
import { perpMarketOf, perpPosition, perpSize } from '../margin/margin.ts';
import { type Lamports, lamports } from '../money/units.ts';
import type { CommandRequest } from '../order/command.ts';
import type { OperationRequest } from '../order/operation-request.ts';
import { confirmationPreview } from './confirmation-preview.ts';

export interface PlanInput {
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

export function planCommand(request: CommandRequest, input: PlanInput): OperationPlan {
  switch (request.action) {
    case 'DRIFT_DEPOSIT':
    case 'DRIFT_WITHDRAW':
      return planCapital(request, input);
    case 'DRIFT_OPEN_POSITION':
      return planOpen(request, input);
    case 'DRIFT_CLOSE_POSITION':
      return planClose(request.market, false, input);
    case 'FLATTEN':
      return planClose(mainMarket(input.snapshot), true, input);
    case 'REBALANCE':
      return planRebalanceCommand(input);
    case 'SETTLE_PNL':
      return planSettle(request.market, input);
    default:
      return refuse({ code: 'UNKNOWN_ACTION', message: `${request.action} starts no operation.` });
  }
}

const refuse = (error: ErrorReport): OperationPlan => ({ kind: 'refuse', error });
const mainMarket = (snapshot: Snapshot): string => snapshot.markets.perps[0]?.market ?? '';

const unknownMarket = (market: string, snapshot: Snapshot): OperationPlan =>
  refuse({
    code: 'UNKNOWN_MARKET',
    message: `There is no market ${market}.`,
    details: { field: 'market', got: market, expected: snapshot.markets.perps.map((perp) => perp.market).join(', ') },
  });

function planCapital(
  request: Extract<CommandRequest, { action: 'DRIFT_DEPOSIT' | 'DRIFT_WITHDRAW' }>,
  input: PlanInput,
): OperationPlan {
  const kind = request.action === 'DRIFT_DEPOSIT' ? 'deposit' : 'withdraw';
  const { asset, amount } = request;
  const operation: GateOperation = { kind, asset, amount: BigInt(amount), exposureConfirmed: input.confirmed };
  return (
    gatesSay(operation, input, null) ?? {
      kind: 'start',
      request: { kind, asset, amount },
      reducing: false,
    }
  );
}

function planOpen(
  request: Extract<CommandRequest, { action: 'DRIFT_OPEN_POSITION' }>,
  input: PlanInput,
): OperationPlan {
  const { market, direction, size } = request;
  if (perpMarketOf(input.snapshot.markets, market) === null) return unknownMarket(market, input.snapshot);
  const delta = lamports(direction === 'short' ? -BigInt(size) : BigInt(size));
  const operation: GateOperation = {
    kind: 'trade',
    purpose: 'open',
    market,
    delta,
    automatic: false,
    exposureConfirmed: input.confirmed,
    hedgeTargetPpm: input.hedgeTargetPpm,
  };
  return (
    gatesSay(operation, input, delta) ?? {
      kind: 'start',
      request: { kind: 'open', market, size: delta.toString() },
      reducing: false,
    }
  );
}

/** A way out: no gate is asked here that could keep a person in. FLATTEN without a position still halts. */
function planClose(market: string, flatten: boolean, { snapshot }: PlanInput): OperationPlan {
  if (perpMarketOf(snapshot.markets, market) === null) return unknownMarket(market, snapshot);
  const { account } = snapshot;
  const flat = account === null || (perpSize(account, snapshot.markets, market) === 0n && account.orders.length === 0);
  if (flat && !flatten) return refuse({ code: 'NO_POSITION', message: `There is no open position in ${market}.` });
  if (flat) return { kind: 'nothing', message: 'No open position. Trading is halted until RESUME.' };
  return {
    kind: 'start',
    request: { kind: flatten ? 'flatten' : 'close', market },
    reducing: true,
  };
}

function planSettle(market: string, input: PlanInput): OperationPlan {
  const { snapshot } = input;
  if (perpMarketOf(snapshot.markets, market) === null) return unknownMarket(market, snapshot);
  const position = snapshot.account === null ? null : perpPosition(snapshot.account, market, snapshot.markets);
  if (position === null || (position.baseAmount === 0n && position.quoteAmount === 0n)) {
    return refuse({ code: 'NO_POSITION', message: `There is nothing to settle in ${market}.` });
  }
  return (
    gatesSay({ kind: 'settle', market }, input, null) ?? {
      kind: 'start',
      request: { kind: 'settle', market },
      reducing: false,
    }
  );
}

function planRebalanceCommand(input: PlanInput): OperationPlan {
  const { snapshot, policy } = input;
  const market = mainMarket(snapshot);
  const plan = planRebalance(snapshot, policy, input.cooldownUntilMs);
  switch (plan.kind) {
    case 'nothing':
      return { kind: 'nothing', message: plan.text, data: plan.figures };
    case 'refuse':
      return refuse(plan.error);
    case 'trade': {
      const operation: GateOperation = {
        kind: 'trade',
        purpose: 'rebalance',
        market,
        delta: plan.delta,
        automatic: false,
        exposureConfirmed: input.confirmed,
        hedgeTargetPpm: FULL_HEDGE_PPM,
      };
      return (
        gatesSay(operation, input, plan.delta) ?? {
          kind: 'start',
          request: { kind: 'rebalance', market, size: plan.delta.toString() },
          reducing: !plan.enlarging,
        }
      );
    }
  }
}

/** A refusal or a question; null when nothing stands in the way. */
function gatesSay(operation: GateOperation, input: PlanInput, delta: Lamports | null): OperationPlan | null {
  const { snapshot, policy, nowMs } = input;
  const gateInput = { snapshot, operation, policy, nowMs };
  const report = evaluateGates(gateInput);
  const error = gateError(report);
  if (error !== null && !report.confirmable) return refuse(error);
  const need = confirmationNeeded(gateInput, report);
  if (!need.needed || input.confirmed) return error === null ? null : refuse(error);
  const market = 'market' in operation ? perpMarketOf(snapshot.markets, operation.market) : null;
  const limit = market === null || delta === null ? null : worstPriceOf(market, delta, policy);
  return {
    kind: 'confirm',
    message: need.reasons.includes('DELTA_EXPOSED')
      ? 'This leaves the account exposed to the price beyond the tolerance. Confirm to go ahead.'
      : 'Commands of this size need confirmation (CONFIRM_ABOVE_USD).',
    preview: confirmationPreview(gateInput, report, limit, need),
    priceLimit: limit === null ? null : limit.toString(),
  };
}
