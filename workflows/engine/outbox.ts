/** What the engine tells: its row, its alerts, and answers that the journal has not taken yet. Carried until written. */
import { isCancellation, sleep } from '@temporalio/workflow';
import { type AlertDraft, alertId, newAlert } from '../../src/domain/alerts/alert.ts';
import type { Hold } from '../../src/domain/engine/hold.ts';
import { alertsOfHolds } from '../../src/domain/engine/hold-alerts.ts';
import { afterWrite, isWritten, withAlert } from '../../src/domain/engine/pending-writes.ts';
import { durable, publishRow } from './activities.ts';
import { engineRecord } from './display.ts';
import type { EngineRun } from './engine.ts';

const PUBLISH_RETRY_MS = 5_000;
const PENDING_RETRY_MS = 10_000;

export class Outbox {
  private published = { row: '', rest: '' };
  private publishNotBeforeMs = 0;
  private writing = false;
  private writeNotBeforeMs = 0;
  /** The holds whose alerts were told. */
  private toldHolds: readonly Hold[];
  private readonly run: EngineRun;
  publishing = false;

  constructor(run: EngineRun) {
    this.run = run;
    this.toldHolds = run.engine.holds;
  }

  publishDue(): boolean {
    if (this.publishing || this.run.starter.starting) return false;
    if (Date.now() < this.publishNotBeforeMs) return false;
    const { row, rest } = this.run.current;
    return this.run.quickMs() > 0 ? rest !== this.published.rest : row !== this.published.row;
  }

  /**
   * Writes the engine's row, beside the turns: an answer that is on its way does not wait for it. The sequence counts
   * what the journal acknowledged, so that the two stores can be compared.
   */
  async publish(): Promise<void> {
    const { row, rest } = this.run.current;
    const sequence = this.run.engine.sequence + 1;
    this.publishing = true;
    try {
      await publishRow({ ...engineRecord(this.run), sequence });
      this.run.engine = { ...this.run.engine, sequence: Math.max(sequence, this.run.engine.sequence) };
      this.published = { row, rest };
    } catch (error) {
      if (isCancellation(error)) throw error;
      this.publishNotBeforeMs = Date.now() + PUBLISH_RETRY_MS;
      void sleep(PUBLISH_RETRY_MS, { summary: 'journal unreachable: publish again' });
    } finally {
      this.publishing = false;
    }
  }

  /**
   * An alert that cannot be journaled now must not stop the engine, nor be lost: it is carried until it is written.
   * `subject`: what it is about, so that the same code is told once for it under one generation of the watch.
   */
  raise(draft: AlertDraft, subject: string): void {
    const { engineId } = this.run;
    const { epoch, generation, pending } = this.run.engine;
    const id = alertId(engineId, draft, `${epoch}/${generation}/${subject}`);
    const alert = newAlert({ id, engineId, tsMs: Date.now(), draft });
    this.run.engine = { ...this.run.engine, pending: withAlert(pending, alert) };
  }

  /** Holds come and go in many places; what is to be told of them is told here. */
  tellHolds(): void {
    const { holds } = this.run.engine;
    if (holds === this.toldHolds) return;
    const drafts = alertsOfHolds(this.toldHolds, holds);
    this.toldHolds = holds;
    for (const draft of drafts) this.raise(draft, 'hold');
  }

  writeDue(): boolean {
    return !this.writing && Date.now() >= this.writeNotBeforeMs && !isWritten(this.run.engine.pending);
  }

  /** Beside the turns: a journal that is away does not hold them up. */
  async write(): Promise<void> {
    const { pending } = this.run.engine;
    this.writing = true;
    try {
      if (pending.alerts.length > 0) await durable.raiseAlerts(pending.alerts);
      await Promise.all(pending.answers.map((answer) => durable.recordAnswer(answer)));
      this.run.engine = { ...this.run.engine, pending: afterWrite(this.run.engine.pending, pending) };
    } catch (error) {
      if (isCancellation(error)) throw error;
      this.writeNotBeforeMs = Date.now() + PENDING_RETRY_MS;
      void sleep(PENDING_RETRY_MS, { summary: 'journal unreachable: alerts and answers again' });
    } finally {
      this.writing = false;
    }
  }
}
