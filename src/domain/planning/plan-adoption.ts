/**
 * ADOPT_POSITION on a fresh snapshot: refused, taken over, or a question to a person. A position that is no hedge, or a
 * short beyond spot, is shown first, with the correction that would follow after the cooldown. Pure.
 */
import type { ErrorReport } from '../../lib/errors.ts';
import { SOL_PERP } from '../account/account.ts';
import type { Snapshot } from '../account/snapshot.ts';
import { confirmationNeeded, evaluateGates, type GateInput, worstPriceOf } from '../gates/gates.ts';
import { type ConfirmationReason, isWorseDelta, readNetDelta, type ShownTerms } from '../gates/shown.ts';
import { correctionTo, type Exposure, exposure, FULL_HEDGE_PPM, hedgeTargetPpm } from '../hedge/delta.ts';
import type { Policy } from '../hedge/policy.ts';
import { perpMarketOf } from '../margin/margin.ts';
import { formatSol } from '../money/amounts.ts';
import { abs, type Lamports, lamports, solNumber } from '../money/units.ts';
import { confirmationPreview } from './confirmation-preview.ts';
import type { ConfirmationQuestion } from './plan-command.ts';

interface AdoptionInput {
  readonly snapshot: Snapshot;
  readonly policy: Policy;
  /** What the person who confirmed it was shown; null: nobody has. */
  readonly shown: ShownTerms | null;
  readonly nowMs: number;
}

type AdoptionPlan =
  | { readonly kind: 'refuse'; readonly error: ErrorReport }
  | { readonly kind: 'adopt'; readonly perp: string; readonly spot: string }
  | ConfirmationQuestion;

export function planAdoption({ snapshot, policy, shown, nowMs }: AdoptionInput): AdoptionPlan {
  const exposed = exposure(snapshot, policy);
  const { perp, spot } = exposed;
  if (perp === 0n) {
    return { kind: 'refuse', error: { code: 'NO_POSITION', message: 'There is no position to manage.' } };
  }
  const adopt: AdoptionPlan = { kind: 'adopt', perp: perp.toString(), spot: (spot ?? 0n).toString() };
  const reason = whyAsked(exposed);
  if (reason === null) return adopt;
  const size = correctionOf(snapshot, exposed, policy);
  if (shown !== null && covers(shown, reason, size, exposed, policy)) return adopt;
  return question(snapshot, policy, exposed, { reason, size, again: shown !== null, nowMs });
}

const whyAsked = ({ perp, naked }: Exposure): ConfirmationReason | null => {
  if (perp > 0n) return 'LONG_POSITION';
  return naked ? 'SHORT_BEYOND_SPOT' : null;
};

/** What the engine buys back once the cooldown is over; 0: a long is not corrected, and without spot there is no size. */
function correctionOf({ markets }: Snapshot, { spot, perp }: Exposure, policy: Policy): Lamports {
  if (perp > 0n || spot === null) return lamports(0n);
  const step = perpMarketOf(markets, SOL_PERP)?.stepSize ?? lamports(1n);
  return correctionTo(FULL_HEDGE_PPM, { spot, perp }, step, policy);
}

function covers(
  shown: ShownTerms,
  reason: ConfirmationReason,
  size: Lamports,
  { spot, netDelta }: Exposure,
  policy: Policy,
): boolean {
  const larger = abs(size) > abs(lamports(BigInt(shown.size ?? '0')));
  return (
    shown.reasons.includes(reason) && !larger && !isWorseDelta(netDelta, readNetDelta(shown.netDelta), spot, policy)
  );
}

interface AdoptionQuestion {
  readonly reason: ConfirmationReason;
  readonly size: Lamports;
  readonly again: boolean;
  readonly nowMs: number;
}

function question(
  snapshot: Snapshot,
  policy: Policy,
  exposed: Exposure,
  { reason, size, again, nowMs }: AdoptionQuestion,
): ConfirmationQuestion {
  const { perp, spot, netDelta } = exposed;
  const input: GateInput = {
    ...{ snapshot, policy, nowMs, automatic: true, exposureConfirmed: false, hedgeTargetPpm: FULL_HEDGE_PPM },
    operation: { kind: 'correct', market: SOL_PERP, size: size.toString() },
  };
  const report = evaluateGates(input);
  const market = perpMarketOf(snapshot.markets, SOL_PERP);
  const limit = size === 0n || market === null ? null : worstPriceOf(market, size, policy);
  const preview = confirmationPreview(input, report, limit, {
    ...confirmationNeeded(input, report),
    reasons: [reason],
  });
  return {
    kind: 'confirm',
    message: `${again ? 'The account has changed since this was shown. ' : ''}${sentence(perp, size)}`,
    preview: {
      ...(preview as object),
      kind: 'adopt',
      position: solNumber(perp),
      position_base: perp.toString(),
      hedge_target: hedgeTargetPpm(spot ?? lamports(0n), perp) / FULL_HEDGE_PPM,
      // Without a correction there is nothing that gates could judge.
      ...(size === 0n ? { gates: [] } : {}),
    },
    shown: { reasons: [reason], size: size.toString(), netDelta: netDelta?.toString() ?? null, priceLimit: null },
  };
}

function sentence(perp: Lamports, size: Lamports): string {
  if (perp > 0n) {
    return `The position is a long of ${formatSol(perp)} SOL, which is no hedge. The engine would guard it and not correct it.`;
  }
  const short = `The short of ${formatSol(abs(perp))} SOL is larger than spot.`;
  return size === 0n
    ? `${short} How much the engine would buy back is not known.`
    : `${short} After the cooldown the engine would buy back ${formatSol(size)} SOL.`;
}
