/** The engine's journal writes: its row, alerts and answers. The engine carries them until they are written. */
import { isCancellation, sleep } from '@temporalio/workflow';
import { type AlertDraft, alertId, newAlert, raised } from '../../src/domain/alerts/alert.ts';
import { CARRY_ENDINGS, type CarryConsent } from '../../src/domain/engine/auto-carry.ts';
import { quickOperationMs } from '../../src/domain/engine/engine-clock.ts';
import type { Hold } from '../../src/domain/engine/hold.ts';
import { alertsOfHolds } from '../../src/domain/engine/hold-alerts.ts';
import { isWritten } from '../../src/domain/engine/pending-writes.ts';
import { acknowledgeRow, addPendingAlert, removeWritten } from '../../src/domain/engine/transitions.ts';
import { canonicalJson } from '../../src/lib/ids.ts';
import { durable, publishRow } from './activities.ts';
import type { EngineCore } from './core.ts';
import { derived } from './derived.ts';
import { engineRecord, engineRow } from './display.ts';

/** The row shows the present state, so it is tried again sooner than other writes. */
const PUBLISH_RETRY_MS = 5_000;

export interface OutboxPorts {
  /** A journal that was not compared gets no row: it would look like ours. */
  readonly isCompared: () => boolean;
  /** An operation is being started: the row waits for it. */
  readonly startingOperation: () => boolean;
}

export class Outbox {
  readonly #core: EngineCore;
  readonly #ports: OutboxPorts;
  /** A change of this text is worth a write: the whole row, and the row without the running operation. */
  readonly #row: () => { readonly whole: string; readonly rest: string };
  #published = { whole: '', rest: '' };
  #publishing = false;
  #publishNotBeforeMs = 0;
  #writing = false;
  #writeNotBeforeMs = 0;
  /** The consent that stood when it was looked at last. */
  #toldCarry: CarryConsent | null;
  /** The holds for which alerts were raised. */
  #toldHolds: readonly Hold[];

  constructor(core: EngineCore, ports: OutboxPorts) {
    const { engineId, state, settings } = core;
    this.#core = core;
    this.#ports = ports;
    this.#toldHolds = state.current.holds;
    this.#toldCarry = state.current.carry;
    this.#row = derived(
      () => [state.current, settings.policy],
      () => {
        const { sequence: _, ...row } = engineRow(engineId, settings.policyJson, state.current);
        const rest = { ...row, operation: null, decisionContext: { ...row.decisionContext, busy: false } };
        return { whole: canonicalJson(row as never), rest: canonicalJson(rest as never) };
      },
    );
  }

  get publishing(): boolean {
    return this.#publishing;
  }

  /** An operation that will end in a moment gets no row of its own. */
  publishDue(): boolean {
    if (this.#publishing || this.#ports.startingOperation() || !this.#ports.isCompared()) return false;
    const { state, moment } = this.#core;
    if (moment.nowMs < this.#publishNotBeforeMs) return false;
    const { whole, rest } = this.#row();
    const isQuick = quickOperationMs(state.current, moment.nowMs) > 0;
    return isQuick ? rest !== this.#published.rest : whole !== this.#published.whole;
  }

  get hasPublished(): boolean {
    return this.#published.whole !== '';
  }

  /**
   * Writes the engine's row, beside the turns: an answer that is on its way does not wait for it. The sequence counts
   * what the journal acknowledged, so that the two stores can be compared.
   */
  async publish(): Promise<void> {
    const { state, moment } = this.#core;
    const row = this.#row();
    const sequence = state.current.sequence + 1;
    this.#publishing = true;
    try {
      await publishRow({ ...engineRecord(this.#core), sequence });
      state.apply(acknowledgeRow, sequence);
      this.#published = row;
    } catch (error) {
      if (isCancellation(error)) throw error;
      const pauseMs = Math.min(PUBLISH_RETRY_MS, this.#core.settings.retryAfterMs);
      this.#publishNotBeforeMs = Date.now() + pauseMs;
      void sleep(pauseMs, { summary: 'journal unreachable: publish again' }).then(() => moment.mark());
    } finally {
      moment.mark();
      this.#publishing = false;
    }
  }

  /**
   * An alert that the journal cannot take now must neither stop the engine nor get lost: it is carried until written.
   * `subject`: what it is about, so that the same code is told once for it under one generation of the watch.
   */
  raise(draft: AlertDraft, subject: string): void {
    const { engineId, state } = this.#core;
    const { epoch, generation } = state.current;
    const id = alertId(engineId, draft, `${epoch}/${generation}/${subject}`);
    state.apply(addPendingAlert, newAlert({ id, engineId, tsMs: Date.now(), draft }));
    // Its first delivery does not wait out the back-off of an earlier one.
    this.#writeNotBeforeMs = 0;
  }

  /** A consent to the carry policy ended: a person is told why, whatever ended it. */
  tellCarry(): void {
    const { carry, carryEnded } = this.#core.state.current;
    const ended = this.#toldCarry !== null && carry === null ? carryEnded : null;
    const since = this.#toldCarry?.sinceMs ?? 0;
    this.#toldCarry = carry;
    if (ended === null) return;
    const by_person = ['close', 'flatten', 'stopped'].includes(ended);
    this.raise(raised('AUTO_CARRY_ENDED', { why: CARRY_ENDINGS[ended], by_person }), `carry ${since}`);
  }

  /** Raises the alerts of holds, which are set and lifted in many places. */
  tellHolds(): void {
    const { holds } = this.#core.state.current;
    if (holds === this.#toldHolds) return;
    const drafts = alertsOfHolds(this.#toldHolds, holds);
    this.#toldHolds = holds;
    for (const draft of drafts) this.raise(draft, 'hold');
  }

  writeDue(): boolean {
    const { state, moment } = this.#core;
    return !this.#writing && moment.nowMs >= this.#writeNotBeforeMs && !isWritten(state.current.pending);
  }

  /** Beside the turns: a journal that is away does not hold them up. */
  async write(): Promise<void> {
    const { state, moment } = this.#core;
    const { pending } = state.current;
    this.#writing = true;
    try {
      if (pending.alerts.length > 0) await durable.raiseAlerts(pending.alerts);
      await Promise.all(pending.answers.map((answer) => durable.recordAnswer(answer)));
      state.apply(removeWritten, pending);
    } catch (error) {
      if (isCancellation(error)) throw error;
      const pauseMs = this.#core.settings.retryAfterMs;
      this.#writeNotBeforeMs = Date.now() + pauseMs;
      void sleep(pauseMs, { summary: 'journal unreachable: alerts and answers again' }).then(() => moment.mark());
    } finally {
      moment.mark();
      this.#writing = false;
    }
  }
}
