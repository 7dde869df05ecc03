/**
 * ENABLE_AUTO_CARRY on a fresh snapshot: refused, a question with the policy, its limits and its backtest, or consent. Pure. The
 * cases stand in docs/architecture/carry.md.
 */
import type { ErrorReport, Json } from '../../lib/errors.ts';
import { SOL_PERP } from '../account/account.ts';
import type { Snapshot } from '../account/snapshot.ts';
import { backtestJson, backtestSentence, beatsNever, type CarryBacktest } from '../carry/carry-backtest.ts';
import { carryFigures } from '../carry/carry-figures.ts';
import { carryVerdict } from '../carry/verdict.ts';
import { gatesJson } from '../gates/gates.ts';
import { type CarryTerms, carryTerms, type Policy } from '../hedge/policy.ts';
import { invalidField } from '../money/amounts.ts';
import { solText, usdText } from '../money/display.ts';
import { solNumber, usdNumber } from '../money/units.ts';
import { NO_TRADE } from '../order/no-trade.ts';
import type { ConfirmationQuestion } from './plan-command.ts';

export interface AutoCarryRequest {
  readonly market: string;
  readonly policyHash: string;
}

/** What refuses it before any backtest is run; null: nothing does. */
export function refusalOfConsent(
  request: AutoCarryRequest,
  policy: Policy,
  inForce: string,
  refusal: ErrorReport | null,
): ErrorReport | null {
  if (request.market !== SOL_PERP) {
    const message = `The carry policy hedges in ${SOL_PERP} alone.`;
    return { code: 'UNKNOWN_MARKET', message, details: { field: 'market', got: request.market, expected: SOL_PERP } };
  }
  if (carryTerms(policy).policy !== 'auto') {
    const message =
      'CARRY_POLICY is manual, so the engine enters nothing by itself. Set CARRY_POLICY=auto with its limits first.';
    return { code: 'PERMISSION_DENIED', message, details: { setting: 'CARRY_POLICY' } };
  }
  if (policy.permissions !== 'trading') {
    const message = 'The engine may not trade (LIVE_PERMISSIONS), so it can enter nothing by itself.';
    return { code: 'PERMISSION_DENIED', message, details: { setting: 'LIVE_PERMISSIONS' } };
  }
  if (request.policyHash !== inForce) {
    const { message, ...rest } = invalidField(
      'policy_hash',
      request.policyHash,
      `${inForce}, that of the settings in force`,
    );
    return { ...rest, message: `${message} The policy or a limit is not the one that was shown. Look at it again.` };
  }
  return refusal;
}

/** Null: it is proven. */
export function refusalOfBacktest(backtest: CarryBacktest): ErrorReport | null {
  if (beatsNever(backtest)) return null;
  const gate = {
    code: 'CARRY_UNPROVEN',
    pass: false,
    blocks: true,
    confirmable: false,
    have: backtest.kind === 'known' ? backtest.lowAprPct : null,
    need: 0,
    unit: '% a year',
    remedy: 'Stay unhedged, or wait until the data at hand shows that this policy pays.',
  };
  const message = `${backtestSentence(backtest)} ${gate.remedy}`;
  const gates = gatesJson({ gates: [gate] } as never);
  return { code: 'GATE_BLOCKED', message, details: { gates, backtest: backtestJson(backtest) } };
}

interface QuestionInput {
  readonly request: AutoCarryRequest;
  readonly snapshot: Snapshot;
  readonly policy: Policy;
  readonly backtest: CarryBacktest;
}

/** Always asked: what is confirmed is the whole of it. */
export function autoCarryQuestion({ request, snapshot, policy, backtest }: QuestionInput): ConfirmationQuestion {
  const terms = carryTerms(policy);
  const figures = carryFigures(snapshot, policy, carryVerdict(snapshot, policy, true));
  return {
    kind: 'confirm',
    message: `${consentText(policy, terms)} ${backtestSentence(backtest)} Now: ${figures.sentence} Confirm to let the engine do so.`,
    preview: {
      kind: 'auto_carry',
      reasons: ['AUTO_CARRY'],
      ...NO_TRADE,
      auto_carry: {
        ...{ market: request.market, policy_hash: request.policyHash },
        limits: limitsJson(policy, terms),
        verdict: figures as unknown as Json,
        backtest: backtestJson(backtest),
      },
    },
    shown: { reasons: ['AUTO_CARRY'], size: null, netDelta: null, priceLimit: null },
  };
}

function consentText(policy: Policy, terms: CarryTerms): string {
  const hedge = terms.maxHedgeSol === null ? 'nothing' : `a hedge of at most ${solText(terms.maxHedgeSol)} SOL`;
  const leaves = terms.autoExit ? 'and leaves when it no longer pays' : 'and never leaves by itself';
  return (
    `The engine enters ${hedge}, ${usdText(policy.maxAutoTradeUsd)} at a time and ${terms.maxTradesPerDay ?? 0} times a day, ` +
    `by the confidence rule (${terms.windowHours} h, z ${terms.z}), ${leaves}.`
  );
}

const limitsJson = (policy: Policy, terms: CarryTerms) => ({
  mode: policy.mode,
  max_hedge_sol: terms.maxHedgeSol === null ? null : solNumber(terms.maxHedgeSol),
  max_auto_trade_usd: usdNumber(policy.maxAutoTradeUsd),
  max_trades_per_day: terms.maxTradesPerDay,
  auto_exit: terms.autoExit,
  window_hours: terms.windowHours,
  z: terms.z,
  hedge_fraction: terms.hedgeFraction,
  alternative_yield_apr: terms.alternativeYieldAprPct,
  horizon_hours: policy.holdingHorizonHours,
  cooldown_seconds: policy.cooldownMs / 1_000,
});
