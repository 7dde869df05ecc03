/**
 * What must hold after every event of a model's history, whatever a person says and whoever dies: an outcome needs the
 * evidence for it, settled evidence makes its outcome, and a verdict is taken only on what every node said just now.
 */

import type { OperationState } from '../../src/domain/operation/operation.ts';
import type { Verdict } from '../../src/domain/order/command.ts';
import type { OrderReport, Sighting } from '../../src/domain/transaction/attempt.ts';
import { type Attempt, fillsUnknown, type TransactionState } from '../../src/domain/transaction/transaction.ts';
import type { ChainModel } from './chain-model.ts';

/** The answer of the nodes that an event brought. */
export interface Shown {
  readonly sighting: Sighting;
  readonly order: OrderReport | null;
}

/** A claim that does not hold, in words; null: all do. */
export type Complaint = string | null;

/** What the evidence settles, once and for all; null: nothing. */
export function settledBy({ sighting, order }: Shown, attempt: Attempt): 'confirmed' | 'failed' | 'expired' | null {
  if (sighting.kind === 'absent') return 'expired';
  if (sighting.kind === 'unseen' || sighting.commitment !== 'finalized') return null;
  if (sighting.error !== null) return 'failed';
  const orderFinal =
    attempt.intent.kind !== 'order' ||
    (order?.gone === true && order.commitment === 'finalized' && order.fillsUnknown !== true);
  return orderFinal ? 'confirmed' : null;
}

/** Outcomes follow evidence: none without it, none against it, none in spite of it. */
export function checkEvidence(before: OperationState, after: OperationState, shown: Shown | null): Complaint {
  for (const [index, leg] of after.legs.entries()) {
    const earlier = before.legs[index]?.tx;
    for (const attempt of leg.tx.attempts) {
      const was = earlier?.attempts[attempt.number - 1];
      const complaint = changeNeedsEvidence(attempt, was, index === before.current ? shown : null);
      if (complaint !== null) return complaint;
    }
  }
  const tx = before.legs[before.current]?.tx;
  const last = tx?.attempts.at(-1);
  if (tx === undefined || last === undefined || shown === null) return null;
  const settled = settledBy(shown, last);
  const now = after.legs[before.current]?.tx;
  if (settled === null || now === undefined) return null;
  if (now.attempts[last.number - 1]?.outcome !== settled) return `what is proven ${settled} is so, whoever said what`;
  const denied = contradicts(tx.verdict?.verdict, settled) && settled !== tx.attempts.at(-1)?.outcome;
  return denied && !now.contradicted ? 'a verdict that the chain contradicts is corrected and told' : null;
}

function changeNeedsEvidence(attempt: Attempt, was: Attempt | undefined, shown: Shown | null): Complaint {
  const { outcome } = attempt;
  if (outcome === (was?.outcome ?? null)) return null;
  if (outcome === null) return was?.outcome === 'confirmed' && shown === null ? 'a drop is seen' : null;
  if (!attempt.sent) return outcome === 'expired' ? null : 'what was never sent has no other outcome than expired';
  if (outcome === 'unknown') return null;
  const sighting = shown?.sighting;
  switch (outcome) {
    case 'expired':
      return sighting?.kind === 'absent' ? null : 'expired needs proof of absence';
    case 'failed':
      return sighting?.kind === 'landed' && sighting.error !== null && sighting.commitment === 'finalized'
        ? null
        : 'failed needs an error on chain that is final';
    case 'confirmed':
      return sighting?.kind === 'landed' && sighting.error === null && sighting.commitment !== 'processed'
        ? null
        : 'confirmed needs a landing that is confirmed';
  }
}

const contradicts = (verdict: Verdict | undefined, settled: 'confirmed' | 'failed' | 'expired'): boolean =>
  (verdict === 'landed' && settled !== 'confirmed') || (verdict === 'failed' && settled === 'confirmed');

/** A verdict that was taken: docs/architecture/transaction.md, "A person's verdict". */
export function checkTaken(
  verdict: Verdict,
  before: TransactionState | undefined,
  shown: Shown | null,
  chain: ChainModel,
): Complaint {
  if (before?.verdict?.verdict === verdict) return null;
  if (before !== undefined && fillsUnknown(before)) {
    const final = before.stage === 'finalizing' && before.landed?.commitment === 'finalized';
    return verdict === 'landed' && final ? null : 'that a fill is unknown is accepted only of what landed, and finally';
  }
  if (shown === null) return 'a verdict is judged on what every node says';
  const { sighting } = shown;
  const attempt = before?.attempts.at(-1);
  if (sighting.kind === 'absent') return verdict === 'landed' ? 'proof of absence beats "landed"' : null;
  if (sighting.kind === 'landed') {
    const agrees = sighting.error === null ? verdict === 'landed' : verdict === 'failed';
    return agrees ? null : `a ${sighting.error === null ? 'landing' : 'failure'} on chain beats "${verdict}"`;
  }
  const canLand = attempt !== undefined && chain.slot <= attempt.signed.lastValidBlockHeight;
  return verdict === 'failed' && canLand ? '"failed" waits until it can no longer land' : null;
}

/** `resolved` is the end of a verdict's whole time, and of nothing else. */
export function checkResolved(after: OperationState, nowMs: number): Complaint {
  for (const { tx } of after.legs) {
    if (tx.stage !== 'resolved') continue;
    const { verdict, timing } = tx;
    if (verdict === null || verdict.verdict === 'retry') return 'without proof it ends only by a verdict';
    if (nowMs < verdict.atMs + timing.verdictProofMs) return 'a verdict stays open for proof for its whole time';
  }
  return null;
}
