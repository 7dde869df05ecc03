/** What every part of the engine rests on: its id, its state, its settings, and the time of its last event. */
import { workflowInfo } from '@temporalio/workflow';
import { policyHash } from '../../src/domain/carry/consent.ts';
import { endCarryIfOver } from '../../src/domain/engine/auto-carry.ts';
import type { EngineCarried } from '../../src/domain/engine/engine-state.ts';
import { decodePolicy, type Policy, type PolicyJson } from '../../src/domain/hedge/policy.ts';
import { stricterPolicy } from '../../src/domain/hedge/stricter-policy.ts';
import type { EngineTuning } from '../messages.ts';

/** Waited before the engine tries again what failed: the journal, the venue, a check of its operations. */
const RETRY_AFTER_MS = 10_000;

export interface EngineCore {
  readonly engineId: string;
  readonly state: EngineStateStore;
  readonly settings: EngineSettings;
  readonly moment: EventMoment;
}

/**
 * The time, and the length of the history, as of the last event that this workflow took notice of. What the engine waits
 * for by a condition must ask this and not the clock: an update that is refused wakes the workflow, moves its clock, and
 * leaves no event. What only the clock made true would then happen live and not in replay, and the engine would be stuck.
 */
export class EventMoment {
  nowMs = 0;
  history: HistorySize = { renewalSuggested: false, events: 0 };

  constructor() {
    this.mark();
  }

  /** To be called where something began that stands in the history: a turn, a message that was accepted, an end. */
  mark(): void {
    const { continueAsNewSuggested, historyLength } = workflowInfo();
    this.nowMs = Date.now();
    this.history = { renewalSuggested: continueAsNewSuggested, events: historyLength };
  }
}

interface HistorySize {
  readonly renewalSuggested: boolean;
  readonly events: number;
}

/** The engine's state. It changes here and nowhere else, by a named transition of src/domain/engine. */
export class EngineStateStore {
  #current: EngineCarried;

  constructor(carried: EngineCarried) {
    this.#current = carried;
  }

  get current(): EngineCarried {
    return this.#current;
  }

  apply<Details extends readonly unknown[]>(
    transition: (engine: EngineCarried, ...details: Details) => EngineCarried,
    ...details: Details
  ): void {
    this.#current = endCarryIfOver(transition(this.#current, ...details));
  }
}

/** The settings of the process that started last. */
export class EngineSettings {
  #policyJson: PolicyJson;
  #policy: Policy;
  #tuning: EngineTuning;

  constructor(policy: PolicyJson, tuning: EngineTuning) {
    this.#policyJson = policy;
    this.#policy = decodePolicy(policy);
    this.#tuning = tuning;
  }

  /** As it travels: another object after each `replace`. */
  get policyJson(): PolicyJson {
    return this.#policyJson;
  }

  get policy(): Policy {
    return this.#policy;
  }

  get tuning(): EngineTuning {
    return this.#tuning;
  }

  get retryAfterMs(): number {
    return this.#tuning.retryAfterMs ?? RETRY_AFTER_MS;
  }

  /** @throws what decoding says; nothing is replaced then */
  replace(policy: PolicyJson, tuning: EngineTuning): void {
    this.#policy = decodePolicy(policy);
    this.#policyJson = policy;
    this.#tuning = tuning;
  }

  /** What ENABLE_AUTO_CARRY must name for these settings. */
  policyHash(engineId: string): string {
    return policyHash(engineId, this.#policy);
  }

  /** What could not be read as a whole: of each limit the stricter one holds from here on. */
  tighten(policy: unknown): void {
    const stricter = stricterPolicy(this.#policyJson, policy);
    this.#policy = decodePolicy(stricter);
    this.#policyJson = stricter;
  }
}
