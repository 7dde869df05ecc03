/** Keeps one watch running with the present context of decisions: when that changes, a new watch replaces it. */
import { CancellationScope, isCancellation } from '@temporalio/workflow';
import type { WatchInput, WatchResult } from '../../activities/contract.ts';
import { quickOperationMs } from '../../src/domain/engine/engine-clock.ts';
import { decisionContext, isQuiet } from '../../src/domain/engine/engine-state.ts';
import { isRestrictedBy, nextGeneration } from '../../src/domain/engine/transitions.ts';
import type { PolicyJson } from '../../src/domain/hedge/policy.ts';
import { canonicalJson } from '../../src/lib/ids.ts';
import { failureReport } from '../failure-report.ts';
import { watchOnce } from './activities.ts';
import type { EngineCore } from './core.ts';
import { derived } from './derived.ts';

interface RunningWatch {
  /** The context that it was started with. */
  readonly key: string;
  readonly policyJson: PolicyJson;
  readonly scope: CancellationScope;
  /** It was kept while an operation ran: what that changed is looked at as soon as it is over. */
  outdated: boolean;
  result: WatchResult | null;
}

export class VenueWatch {
  readonly #core: EngineCore;
  readonly #key: () => string;
  #running: RunningWatch | null = null;
  /** The watch should return at its first snapshot. */
  #look = false;

  constructor(core: EngineCore) {
    this.#core = core;
    this.#key = derived(
      () => [core.state.current, core.settings.policyJson, this.#look],
      () => canonicalJson(this.#input() as never),
    );
  }

  /** The present context for a watch, as text. */
  get key(): string {
    return this.#key();
  }

  lookAtOnce(): void {
    this.#look = true;
  }

  looked(): void {
    this.#look = false;
  }

  /** None runs, it has ended, or it knows another context than ours and is not kept. */
  due(): boolean {
    const watch = this.#running;
    if (watch === null || watch.result !== null) return true;
    return (watch.outdated || watch.key !== this.key) && !this.#isKept(watch);
  }

  start(): void {
    const { state, settings } = this.#core;
    this.cancel();
    state.apply(nextGeneration);
    const scope = new CancellationScope();
    const { policyJson } = settings;
    const { tuning } = settings;
    const watch: RunningWatch = { key: this.key, policyJson, scope, outdated: false, result: null };
    this.#running = watch;
    const input: WatchInput = {
      ...this.#input(),
      generation: state.current.generation,
      startedAtMs: Date.now(),
      untilMs: Date.now() + tuning.checkpointMs,
    };
    void scope
      .run(() => watchOnce(input, tuning))
      .then((result) => {
        watch.result = result;
      })
      .catch((error: unknown) => {
        if (isCancellation(error)) return;
        watch.result = { kind: 'lost', error: failureReport(error), critical: false };
      });
  }

  /** Another one begins, although nothing has changed: the worker that has this one may be gone. */
  replace(): void {
    if (this.#running !== null) this.#running.outdated = true;
  }

  cancel(): void {
    this.#running?.scope.cancel();
  }

  get hasResult(): boolean {
    return this.#running !== null && this.#running.result !== null;
  }

  /** The result, once. Null if the context has changed since: then it is stale, and the next watch looks again. */
  takeResult(key: string): WatchResult | null {
    const watch = this.#running;
    if (watch === null || watch.result === null || watch.outdated || this.key !== key) return null;
    this.#running = null;
    return watch.result;
  }

  /**
   * Beside a quick operation: a new watch at its start and another at its end would take longer than the operation.
   * A market in lockstep waits for operations, so its watch must know of them.
   */
  #isKept(watch: RunningWatch): boolean {
    const { state, settings } = this.#core;
    if (watch.policyJson !== settings.policyJson || settings.policy.marketSpeed !== 1) return false;
    if (quickOperationMs(state.current, Date.now()) === 0) return false;
    // One that was started beside the operation knows of it.
    if (watch.key !== this.key) watch.outdated = true;
    return true;
  }

  #input(): Omit<WatchInput, 'generation' | 'startedAtMs' | 'untilMs'> {
    const { engineId, state, settings } = this.#core;
    const engine = state.current;
    return {
      engineId,
      epoch: engine.epoch,
      context: decisionContext(engine),
      policy: settings.policyJson,
      expectedPerp: engine.expectedPerp,
      ledger: engine.ledger,
      reconcile: isQuiet(engine),
      liquidatedMs: engine.liquidatedMs,
      backoffUntilMs: engine.backoffUntilMs,
      reconnecting: isRestrictedBy(engine, 'connection'),
      look: this.#look,
    };
  }
}
