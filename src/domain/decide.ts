/** What the engine should do, seen from one snapshot: pure, so that the watch and the workflow reach the same answer. */
import type { Hold } from './hold.ts';

/** All that a decision knows besides the snapshot and the policy. Plain JSON: it travels to the watch. */
export interface DecisionContext {
  /** 0 to 1, exact to 1e-6. */
  readonly hedgeTargetPpm: number;
  /** Market time. */
  readonly cooldownUntilMs: number | null;
  readonly holds: readonly Hold[];
  readonly engineRunning: boolean;
  /** An operation holds the slot: nothing is decided until it is over. */
  readonly busy: boolean;
  /** Market time of the last CARRY_NEGATIVE warning. */
  readonly carryWarnedAtMs: number | null;
}
