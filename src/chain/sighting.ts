/** Combines every node's view of a signature. */
import type { Sighting, SignedAttempt } from '../domain/transaction/attempt.ts';
import type { Json } from '../lib/errors.ts';
import { canonicalJson } from '../lib/ids.ts';
import { Patience } from './patience.ts';
import type { Commitment, SignatureStatus } from './rpc-methods.ts';
import type { NodeView } from './testimony.ts';
import { failedOnChain } from './transaction-error.ts';
import { type WindowEnd, windowEnd } from './window.ts';

const RANK: Readonly<Record<Commitment, number>> = { processed: 0, confirmed: 1, finalized: 2 };

/** Of whom an answer is still outstanding, for each of the two things that a node's silence leaves open. */
interface Awaited {
  readonly absence: boolean;
  readonly windowEnd: boolean;
}

/** The nodes' combined view, round after round. */
export class Testimonies {
  readonly #absence: Patience;
  readonly #windowEnd: Patience;

  constructor(patienceMs: number, monotonicMs: () => number) {
    this.#absence = new Patience(patienceMs, monotonicMs);
    this.#windowEnd = new Patience(patienceMs, monotonicMs);
  }

  combine({ signature }: Pick<SignedAttempt, 'signature'>, views: readonly NodeView[]): Sighting {
    const absence = this.#absence.awaits(
      signature,
      views,
      views.some(({ provesAbsence }) => provesAbsence),
    );
    return combine(views, { absence, windowEnd: this.#awaitsEnd(signature, views) });
  }

  /** Null: the window is open, or unknown, or a node's answer is still outstanding. */
  windowEnd({ signature }: Pick<SignedAttempt, 'signature'>, views: readonly NodeView[]): WindowEnd | null {
    return this.#awaitsEnd(signature, views) ? null : endOf(views);
  }

  /** Who says that it is over owes nothing more here. */
  #awaitsEnd(signature: string, views: readonly NodeView[]): boolean {
    const isOver = ({ window }: NodeView): boolean => window?.isOver === true && window.timeMs !== null;
    const asked = views.map((view) => (isOver(view) ? { ...view, owes: null } : view));
    return this.#windowEnd.awaits(signature, asked, views.some(isOver));
  }
}

const endOf = (views: readonly NodeView[]): WindowEnd | null => windowEnd(views.flatMap(({ window }) => window ?? []));

/**
 * One node that saw it outweighs all that did not; one that can testify to absence does where no answer is outstanding.
 * The effect is the venue's to find.
 */
export function combine(views: readonly NodeView[], awaited: Awaited): Sighting {
  const nodes = views.map((view) => view.testimony);
  const seen = strongest(views.flatMap(({ status }) => (status === null ? [] : [status])));
  if (seen !== null) {
    const error = seen.error === null ? null : failedOnChain(seen.error);
    return { kind: 'landed', commitment: seen.commitment, slot: seen.slot, error, effect: null, nodes };
  }
  if (!awaited.absence && views.some((view) => view.provesAbsence)) return { kind: 'absent', nodes };
  const end = awaited.windowEnd ? null : endOf(views);
  return {
    kind: 'unseen',
    windowClosed: end !== null,
    ...(end === null ? {} : { finalizedTimeMs: end.timeMs, finalizedSlot: end.slot }),
    nodes,
  };
}

/** The highest commitment. Where two nodes say both success and failure at it, neither is believed: processed. */
function strongest(statuses: readonly SignatureStatus[]): SignatureStatus | null {
  const [best, ...others] = [...statuses].sort((a, b) => RANK[b.commitment] - RANK[a.commitment]);
  if (best === undefined) return null;
  const same = (error: Json) => canonicalJson(error) === canonicalJson(best.error);
  const disputed = others.some(({ commitment, error }) => commitment === best.commitment && !same(error));
  return disputed ? { ...best, commitment: 'processed', error: null } : best;
}
