import { seededShare } from '../seeded.ts';
import { type FaultKind, type FaultRule, isRequestKind, isSubmissionKind, parseRule } from './rule.ts';

/** More rules than anybody reads. */
const MAX_RULES = 1_000;

export interface FaultSubject {
  readonly node: string;
  readonly method?: string;
  readonly signature?: string;
  readonly accounts?: readonly string[];
}

interface StandingRule {
  readonly rule: FaultRule;
  readonly addedAt: number;
  matches: number;
  hits: number;
}

/** The rules that stand, and which of them meets what happens now. */
export class FaultRules {
  readonly #seed: string;
  readonly #slot: () => number;
  readonly #now: () => number;
  readonly #changed: () => void;
  readonly #standing: StandingRule[] = [];
  #serial = 0;

  constructor(seed: string, slot: () => number, now: () => number, changed: () => void = () => {}) {
    this.#seed = seed;
    this.#slot = slot;
    this.#now = now;
    this.#changed = changed;
  }

  /** @throws ValidationError LOCALNET_FAULT */
  add(input: unknown): FaultRule {
    this.#serial++;
    const rule = parseRule(input, `fault-${this.#serial}`);
    this.remove(rule.id);
    this.#standing.push({ rule, addedAt: this.#now(), matches: 0, hits: 0 });
    if (this.#standing.length > MAX_RULES) this.#standing.shift();
    this.#changed();
    return rule;
  }

  /** False when there is none of that id. */
  remove(id: string): boolean {
    const at = this.#standing.findIndex(({ rule }) => rule.id === id);
    if (at < 0) return false;
    this.#standing.splice(at, 1);
    this.#changed();
    return true;
  }

  clear(): void {
    this.#standing.splice(0);
    this.#changed();
  }

  list(): (FaultRule & { matches: number; hits: number; active: boolean })[] {
    return this.#standing.map((one) => ({
      ...one.rule,
      matches: one.matches,
      hits: one.hits,
      active: this.#isActive(one),
    }));
  }

  /** The first rule that hits this request before it is performed. */
  onRequest(subject: FaultSubject): FaultRule | null {
    return this.#first((kind) => isRequestKind(kind), subject);
  }

  onReply(subject: FaultSubject): FaultRule | null {
    return this.#first((kind) => kind === 'reply-lost', subject);
  }

  /** Every rule that hits this transaction on its way to the leader. */
  onSubmission(subject: FaultSubject): FaultRule[] {
    return this.#standing
      .filter((one) => isSubmissionKind(one.rule.kind) && this.#hits(one, subject))
      .map(({ rule }) => rule);
  }

  /** A lasting state of a node. Not drawn and not counted: it is so while the rule stands. */
  state(kind: FaultKind, subject: FaultSubject): FaultRule | null {
    return (
      this.#standing.find((one) => one.rule.kind === kind && this.#isActive(one) && concerns(one.rule, subject))
        ?.rule ?? null
    );
  }

  #first(isKind: (kind: FaultKind) => boolean, subject: FaultSubject): FaultRule | null {
    for (const one of this.#standing) if (isKind(one.rule.kind) && this.#hits(one, subject)) return one.rule;
    return null;
  }

  #hits(one: StandingRule, subject: FaultSubject): boolean {
    const { rule } = one;
    if (!this.#isActive(one) || !concerns(rule, subject)) return false;
    one.matches++;
    if (one.matches <= rule.after) return false;
    if (rule.chance < 1 && seededShare(this.#seed, 'fault', rule.id, one.matches) >= rule.chance) return false;
    one.hits++;
    return true;
  }

  #isActive({ rule, addedAt, hits }: StandingRule): boolean {
    const slot = this.#slot();
    if (rule.times !== null && hits >= rule.times) return false;
    if (rule.fromSlot !== null && slot < rule.fromSlot) return false;
    if (rule.untilSlot !== null && slot >= rule.untilSlot) return false;
    return rule.forMs === null || this.#now() - addedAt < rule.forMs;
  }
}

function concerns(rule: FaultRule, { node, method, signature, accounts }: FaultSubject): boolean {
  if (rule.node !== null && rule.node !== node) return false;
  if (rule.methods !== null && (method === undefined || !rule.methods.includes(method))) return false;
  if (rule.signature !== null && rule.signature !== signature) return false;
  return rule.account === null || (accounts?.includes(rule.account) ?? false);
}
