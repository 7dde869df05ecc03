/** What a command comes to on a fresh snapshot: refused, nothing to do, a question to a person, or an operation. Pure. */

import type { ErrorReport, Json } from '../../lib/errors.ts';
import type { Snapshot } from '../account/snapshot.ts';
import { assetChoices, isAssetOf, quoteAsset } from '../account/spot-markets.ts';
import { planRebalance } from '../engine/decide.ts';
import { deltaAfter } from '../gates/gate-risk-checks.ts';
import { gateSubject } from '../gates/gate-subject.ts';
import { confirmationNeeded, evaluateGates, type GateInput, gateError, worstPriceOf } from '../gates/gates.ts';
import { confirmedNetDelta, readNetDelta, type ShownTerms } from '../gates/shown.ts';
import { FULL_HEDGE_PPM } from '../hedge/delta.ts';
import type { Policy } from '../hedge/policy.ts';
import { perpMarketOf, perpPosition, perpSize } from '../margin/margin.ts';
import { invalidField } from '../money/amounts.ts';
import { abs, type Lamports, lamports } from '../money/units.ts';
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
  /** What the person who confirmed this very command was shown; null: nobody has. */
  readonly shown: ShownTerms | null;
  readonly nowMs: number;
  /** An operation is under way that may still make a position: an exit starts even if the snapshot is flat. */
  readonly mayStillOpen?: boolean;
}

export interface ConfirmationQuestion {
  readonly kind: 'confirm';
  readonly message: string;
  readonly preview: Json;
  readonly shown: ShownTerms;
}

export type OperationPlan =
  | { readonly kind: 'refuse'; readonly error: ErrorReport; readonly data?: Readonly<Record<string, Json>> }
  | { readonly kind: 'nothing'; readonly message: string; readonly data?: Readonly<Record<string, Json>> }
  | ConfirmationQuestion
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
  if ('asset' in request) {
    const quote = quoteAsset(snapshot.markets);
    const { asset } = request;
    if (!isAssetOf(quote, asset)) return refuse(invalidField('asset', asset, assetChoices(quote)));
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

/**
 * Of the gates only the permission is asked here: without it there is nothing to try, and FLATTEN halts nothing. The others
 * may pass when the operation asks them. FLATTEN without a position still halts.
 */
function planExit(request: ExitRequest, input: PlanInput): OperationPlan {
  const { snapshot } = input;
  const { account } = snapshot;
  const { kind, market } = request;
  const denied = permissionRefusal(request, input);
  if (denied !== null) return refuse(denied);
  const flat = account === null || (perpSize(account, snapshot.markets, market) === 0n && account.orders.length === 0);
  // An exit is a goal: it goes by what the operation leaves, and looks itself once that one is over.
  if (!flat || input.mayStillOpen === true) return { kind: 'start', request, reducing: true };
  return kind === 'flatten'
    ? { kind: 'nothing', message: 'No open position. Trading is halted until RESUME.' }
    : refuse({ code: 'NO_POSITION', message: `There is no open position in ${market}.` });
}

function permissionRefusal({ kind, market }: ExitRequest, input: PlanInput): ErrorReport | null {
  const operation = { kind, market, size: '0' };
  const report = evaluateGates({ ...input, operation, automatic: false, exposureConfirmed: false });
  return gateError({ ...report, gates: report.gates.filter(({ code }) => code === 'PERMISSION') });
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
      const { size, shown } = shownSize(plan.delta, market, input);
      const request: TradeRequest = { kind, market, size: size.toString() };
      return gatesSay(request, { ...input, shown }) ?? { kind: 'start', request, reducing: !plan.enlarging };
    }
  }
}

/** A confirmation names its size: less is traded as it is, a step more as it was shown, and anything else is asked again. */
function shownSize(
  size: Lamports,
  market: string,
  { snapshot, shown }: PlanInput,
): { size: bigint; shown: ShownTerms | null } {
  if (shown === null) return { size, shown };
  const named = BigInt(shown.size ?? '0');
  const step = perpMarketOf(snapshot.markets, market)?.stepSize ?? 0n;
  if (named === 0n || named < 0n !== size < 0n || abs(size) > abs(lamports(named)) + step) return { size, shown: null };
  return { size: abs(size) > abs(lamports(named)) ? named : size, shown };
}

/** An operation of known size, tried again: it asks what its command would ask now. */
export const planRetry = (operation: SizedOperation, input: PlanInput): OperationPlan =>
  gatesSay(operation, input) ?? { kind: 'start', request: operation as OperationRequest, reducing: false };

/** A refusal or a question; null when nothing stands in the way. */
function gatesSay(operation: SizedOperation, input: PlanInput): OperationPlan | null {
  const { snapshot, policy, nowMs, shown } = input;
  const gateInput: GateInput = {
    snapshot,
    operation,
    automatic: false,
    ...consentOf(shown),
    hedgeTargetPpm: operation.kind === 'rebalance' ? FULL_HEDGE_PPM : input.hedgeTargetPpm,
    policy,
    nowMs,
  };
  const report = evaluateGates(gateInput);
  const error = gateError(report);
  if (error !== null && !report.confirmable) return refuse(error);
  const need = confirmationNeeded(gateInput, report);
  // The gate itself holds the exposure against what was shown: it blocks only what is worse, or was never shown.
  const unshown = need.reasons.filter((reason) => reason === 'DELTA_EXPOSED' || !shown?.reasons.includes(reason));
  if (unshown.length === 0) return error === null ? null : refuse(error);
  const asked: GateInput = { ...gateInput, ...consentOf(null) };
  return question(asked, shown !== null);
}

/** What a confirmation lets pass, as gates and operations take it. */
export function consentOf(shown: ShownTerms | null): Required<Pick<GateInput, 'exposureConfirmed' | 'shownNetDelta'>> {
  const netDelta = confirmedNetDelta(shown);
  return { exposureConfirmed: netDelta !== undefined, shownNetDelta: readNetDelta(netDelta ?? null) };
}

function question(input: GateInput, again: boolean): ConfirmationQuestion {
  const report = evaluateGates(input);
  const need = confirmationNeeded(input, report);
  const { snapshot, operation, policy } = input;
  const market = 'market' in operation ? perpMarketOf(snapshot.markets, operation.market) : null;
  const limit =
    market === null || !('size' in operation) ? null : worstPriceOf(market, lamports(BigInt(operation.size)), policy);
  const why = need.reasons.includes('DELTA_EXPOSED')
    ? 'This leaves the account exposed to the price beyond the tolerance. Confirm to go ahead.'
    : 'Commands of this size need confirmation (CONFIRM_ABOVE_USD).';
  return {
    kind: 'confirm',
    message: again ? `The account has changed since this was shown. ${why}` : why,
    preview: confirmationPreview(input, report, limit, need),
    shown: {
      reasons: need.reasons,
      size: 'size' in operation ? operation.size : null,
      netDelta: deltaAfter(gateSubject(input, report.column, report.reducing))?.net.toString() ?? null,
      priceLimit: limit === null ? null : limit.toString(),
    },
  };
}
