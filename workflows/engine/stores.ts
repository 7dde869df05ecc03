/**
 * The two stores of an engine, the workflow and the journal, held against each other at each start, and the journal
 * rebuilt where it lost something: docs/architecture/two-stores.md.
 */

import { condition, isCancellation, patched, sleep } from '@temporalio/workflow';
import type { OpenStoresResult } from '../../activities/contract.ts';
import { RESET_PAPER } from '../../src/domain/account/reset-paper.ts';
import { type AlertDraft, alertReason, raised } from '../../src/domain/alerts/alert.ts';
import { withPeriod } from '../../src/domain/alerts/alert-row.ts';
import { lastStarted } from '../../src/domain/engine/engine-state.ts';
import type { Hold } from '../../src/domain/engine/hold.ts';
import { keepCooldown, restoredAlert, restoredHold, restoredStageOf } from '../../src/domain/engine/restored.ts';
import {
  acceptJournal,
  divergeFromJournal,
  isRestrictedBy,
  lift,
  restrict,
} from '../../src/domain/engine/transitions.ts';
import type { OperationRecord } from '../../src/journal/records.ts';
import type { ErrorReport } from '../../src/lib/errors.ts';
import { failureReport } from '../failure-report.ts';
import { durable, rebuildOnce } from './activities.ts';
import type { EngineCore } from './core.ts';

const journalAway = ({ message }: ErrorReport, nowMs: number): Hold => ({
  code: 'journal_away',
  sinceMs: nowMs,
  permits: 'reducing',
  clearedBy: 'itself',
  reason:
    `The journal cannot be read, so the records are not compared: ${withPeriod(message)} The guard, Close and Flatten work. ` +
    'Driftless tries again every 10 s.',
});

export interface TwoStoresPorts {
  readonly raise: (draft: AlertDraft, subject: string) => void;
  /** The journal cannot be reached: trading halts until it can. */
  readonly lose: (error: ErrorReport, critical: boolean) => void;
  readonly show: () => void;
  /** Takes back operations that the journal has and Temporal lost. */
  readonly recover: (unfinished: readonly OperationRecord[]) => Promise<void>;
}

export class TwoStores {
  /** Rebuilds of a journal that lost something: what it answered before is not known while one runs. */
  #rebuilds = 0;
  #rebuildUnderWay = false;
  readonly #core: EngineCore;
  readonly #ports: TwoStoresPorts;

  constructor(core: EngineCore, ports: TwoStoresPorts) {
    this.#core = core;
    this.#ports = ports;
  }

  get rebuilding(): boolean {
    return this.#rebuilds > 0;
  }

  /**
   * Compares the two stores; a mismatch is a hold that names both ends. False: the journal is away, so that only what
   * reduces goes on until the next try.
   */
  async open(): Promise<boolean> {
    for (;;) {
      try {
        await this.#judge(await this.#compared());
        this.#core.state.apply(lift, 'journal_away');
        return true;
      } catch (error) {
        if (isCancellation(error)) throw error;
        // Histories of 0.1.0 waited here, watch and guard with them.
        if (patched('open-without-journal')) {
          this.#core.state.apply(restrict, journalAway(failureReport(error), Date.now()));
          this.#ports.show();
          return false;
        }
        this.#ports.lose(failureReport(error), false);
        this.#ports.show();
        await sleep(this.#core.settings.retryAfterMs, { summary: 'journal unreachable: next try' });
      }
    }
  }

  async #compared(): Promise<OpenStoresResult> {
    const { engineId, state } = this.#core;
    const engine = state.current;
    return await durable.openStores({
      engineId,
      epoch: engine.epoch,
      sequence: engine.sequence,
      journalId: engine.journalId,
      accountSeen: engine.seen !== null,
      commandIds: lastStarted(engine),
      startedUpToMs: engine.startedUpToMs,
    });
  }

  async #judge(opened: OpenStoresResult): Promise<void> {
    const { verdict, detail, record, unfinished } = opened;
    const { state } = this.#core;
    if (verdict === 'fresh' || verdict === 'match') {
      this.#take(opened);
      return;
    }
    if (verdict === 'restored') return await this.#judgeRestored(opened);
    const diverged = raised('STORES_DIVERGED', { verdict, detail });
    const standing = isRestrictedBy(state.current, 'stores_diverged');
    if (verdict === 'journal_lost' || verdict === 'journal_behind') {
      void this.#rebuildJournal(record?.updatedAtMs ?? null, Date.now(), standing);
    }
    state.apply(divergeFromJournal, record?.sequence ?? 0, {
      code: 'stores_diverged',
      sinceMs: Date.now(),
      permits: 'reducing',
      clearedBy: 'person',
      reason: alertReason(diverged),
      details: { verdict, detail, alert: 'STORES_DIVERGED' },
    });
    if (verdict === 'temporal_lost') await this.#ports.recover(unfinished);
    if (!standing) this.#ports.raise(diverged, verdict);
  }

  /** The engine began anew on a restored journal: docs/architecture/backup.md. */
  async #judgeRestored({ restored, detail, record, unfinished }: OpenStoresResult): Promise<void> {
    const { state } = this.#core;
    const standing = restoredStageOf(state.current) !== null;
    if (restored === undefined) return;
    state.apply(divergeFromJournal, record?.sequence ?? 0, restoredHold(restored, { detail, nowMs: Date.now() }));
    if (record !== null) state.apply(keepCooldown, record);
    await this.#ports.recover(unfinished);
    if (!standing) this.#ports.raise(restoredAlert(detail), 'restored');
  }

  /** Beside the watch: what reduces risk does not wait for it. */
  async #rebuildJournal(lastKnownMs: number | null, foundAtMs: number, again: boolean): Promise<void> {
    this.#rebuilds += 1;
    try {
      // The one that a restart finds under way goes on where it was; this one then looks behind it.
      await condition(() => !this.#rebuildUnderWay);
      this.#rebuildUnderWay = true;
      const { keptSinceMs, commands, operations, notKept } = await rebuildOnce(
        this.#core.engineId,
        this.#core.settings.tuning.rebuildMs,
      ).finally(() => {
        this.#rebuildUnderWay = false;
      });
      // After a restart under the hold it found all there.
      if (again && commands + operations === 0) return;
      const from = lastKnownMs ?? keptSinceMs;
      const gap = { from_ms: from, to_ms: foundAtMs, operations, commands, not_kept: notKept };
      this.#ports.raise(raised('JOURNAL_GAP', gap), `gap ${from}`);
    } catch (error) {
      if (isCancellation(error)) throw error;
      this.#ports.raise(raised('JOURNAL_NOT_REBUILT', { reason: failureReport(error).message }), 'rebuild');
    } finally {
      this.#rebuilds -= 1;
    }
  }

  /** A person looked (RESUME): the journal that stands is ours from here on. A missing account stays a hold. */
  async accept(): Promise<ErrorReport | null> {
    const opened = await this.#compared();
    if (opened.verdict === 'account_missing') {
      const remedy = `Restore the journal, or begin anew with ${RESET_PAPER}.`;
      return { code: 'UNAVAILABLE', message: `${opened.detail}. ${remedy}`, details: { part: 'journal' } };
    }
    this.#take(opened);
    return null;
  }

  #take({ journalId, record, newestOperationMs }: OpenStoresResult): void {
    const sequence = record?.sequence ?? 0;
    this.#core.state.apply(acceptJournal, { journalId, sequence, newestOperationMs: newestOperationMs ?? 0 });
  }
}
