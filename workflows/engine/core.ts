/** What every part of the engine rests on: its id, its state, its settings. */
import type { EngineCarried } from '../../src/domain/engine/engine-state.ts';
import { decodePolicy, type Policy, type PolicyJson } from '../../src/domain/hedge/policy.ts';
import type { EngineTuning } from '../messages.ts';

/** Waited before the engine tries again what failed: the journal, the venue, a check of its operations. */
const RETRY_AFTER_MS = 10_000;

export interface EngineCore {
  readonly engineId: string;
  readonly state: EngineStateStore;
  readonly settings: EngineSettings;
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
    this.#current = transition(this.#current, ...details);
  }
}

/** What the process that started last says. */
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
}
