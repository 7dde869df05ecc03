/** Every node's view of a signature, made into what is known of it. Pure. */
import type { Sighting } from '../domain/transaction/attempt.ts';
import type { Json } from '../lib/errors.ts';
import { canonicalJson } from '../lib/ids.ts';
import type { Commitment, SignatureStatus } from './rpc-methods.ts';
import type { NodeView } from './testimony.ts';
import { failedOnChain } from './transaction-error.ts';

const RANK: Readonly<Record<Commitment, number>> = { processed: 0, confirmed: 1, finalized: 2 };

/**
 * One node that saw it outweighs all that did not; one that can testify to absence does where nobody's word is owed.
 * The effect is the venue's to find.
 * @param awaited a node is silent or behind, and its word is waited for
 */
export function combine(views: readonly NodeView[], awaited: boolean): Sighting {
  const nodes = views.map((view) => view.testimony);
  const seen = strongest(views.flatMap(({ status }) => (status === null ? [] : [status])));
  if (seen !== null) {
    const error = seen.error === null ? null : failedOnChain(seen.error);
    return { kind: 'landed', commitment: seen.commitment, slot: seen.slot, error, effect: null, nodes };
  }
  if (!awaited && views.some((view) => view.provesAbsence)) return { kind: 'absent', nodes };
  const windowClosed = views.some((view) => view.windowClosed);
  const times = views.flatMap(({ finalizedTimeMs }) => (finalizedTimeMs === null ? [] : [finalizedTimeMs]));
  const slots = views.flatMap(({ finalizedSlot }) => finalizedSlot ?? []);
  return {
    kind: 'unseen',
    windowClosed,
    ...(times.length === 0 ? {} : { finalizedTimeMs: Math.max(...times) }),
    ...(slots.length === 0 ? {} : { finalizedSlot: Math.max(...slots) }),
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
