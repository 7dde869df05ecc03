/** A person's verdict against the evidence of the moment it was given. Evidence beats it, always. */

import type { ErrorDetails, ErrorReport } from '../../lib/errors.ts';
import type { Sighting } from './attempt.ts';
import type { AskedVerdict, StepBuilder } from './transaction.ts';

export const verdictRefusal = (message: string, details: ErrorDetails = {}): ErrorReport => ({
  code: 'VERDICT_REFUSED',
  message,
  details,
});

/**
 * Answers each question with what every node said just now. Evidence that settles the matter is acted on by the
 * caller whatever the verdict was; what is accepted here without evidence stands until proof comes.
 */
export function judgeVerdicts(b: StepBuilder, asked: readonly AskedVerdict[], sighting: Sighting): void {
  for (const verdict of asked) {
    const error = refusalOf(verdict, sighting, b.state.windowClosed);
    b.answer(verdict, error);
    if (error !== null || settles(sighting, verdict)) continue;
    const { id: _id, ...standing } = verdict;
    b.set({ verdict: standing });
  }
}

/** Evidence that needs no verdict: the caller acts on it. Proof of absence does not say that a retry is wanted. */
function settles(sighting: Sighting, { verdict }: AskedVerdict): boolean {
  switch (sighting.kind) {
    case 'landed':
      return sighting.error === null ? sighting.commitment !== 'processed' : sighting.commitment === 'finalized';
    case 'absent':
      return verdict !== 'retry';
    case 'unseen':
      return false;
  }
}

function refusalOf({ verdict }: AskedVerdict, sighting: Sighting, windowClosed: boolean): ErrorReport | null {
  switch (sighting.kind) {
    case 'landed': {
      const chain = { commitment: sighting.commitment, slot: sighting.slot, chain_error: sighting.error?.message };
      if (verdict === 'landed') {
        return sighting.error === null ? null : verdictRefusal('The chain shows that the transaction failed.', chain);
      }
      if (verdict === 'failed' && sighting.error !== null) return null;
      return verdictRefusal(
        sighting.error === null
          ? 'The chain shows that the transaction landed.'
          : 'The chain shows that the transaction failed. Send the command again.',
        chain,
      );
    }
    case 'absent':
      return verdict === 'landed' ? verdictRefusal('It is proven that the transaction never landed.') : null;
    case 'unseen':
      if (verdict === 'failed' && !windowClosed && !sighting.windowClosed) {
        return verdictRefusal(
          'The transaction can still land: no healthy node has passed its last valid block height. Try again later.',
          {
            retry_after_ms: 60_000,
          },
        );
      }
      return null;
  }
}
