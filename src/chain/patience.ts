/**
 * How long one node's proof of absence waits for the word of another: docs/architecture/chain.md, "Whose word is waited
 * for". Of each node and signature it keeps since when the word is owed.
 */
import { BoundedMap } from '../lib/bounded.ts';
import type { NodeView } from './testimony.ts';

interface Owed {
  readonly why: 'silent' | 'behind';
  readonly sinceMs: number;
}

/** Words that are kept track of; the oldest makes way, and its patience begins anew. */
const MAX_OWED = 512;

export class Patience {
  readonly #patienceMs: number;
  readonly #monotonicMs: () => number;
  readonly #owed = new BoundedMap<string, Owed>(MAX_OWED);

  constructor(patienceMs: number, monotonicMs: () => number) {
    this.#patienceMs = patienceMs;
    this.#monotonicMs = monotonicMs;
  }

  /**
   * Called with every round of questions about a signature.
   * @param proven one node proves what is to be known
   * @returns whether some node's word must be waited for yet
   */
  awaits(signature: string, views: readonly Pick<NodeView, 'owes' | 'testimony'>[], proven: boolean): boolean {
    const nowMs = this.#monotonicMs();
    // Of all of them, also when the first is waited for: each has its own beginning.
    const since = views.map((view) => this.#sinceMs(`${view.testimony.node} ${signature}`, view, proven, nowMs));
    return since.some((sinceMs) => sinceMs !== null && nowMs - sinceMs < this.#patienceMs);
  }

  /** Null: it owes nothing. */
  #sinceMs(key: string, { owes }: Pick<NodeView, 'owes'>, proven: boolean, nowMs: number): number | null {
    const owed = this.#owed.get(key);
    // Being behind is not held against a node while no other could know better.
    if (owes === null || (owes === 'behind' && !proven)) {
      this.#owed.delete(key);
      return null;
    }
    // Silence that we impose is not its own.
    if (owes === 'not_asked') return owed?.sinceMs ?? nowMs;
    // Who was silent and is back has not had its time to catch up.
    if (owed !== undefined && !(owes === 'behind' && owed.why === 'silent')) return owed.sinceMs;
    this.#owed.set(key, { why: owes, sinceMs: nowMs });
    return nowMs;
  }
}
