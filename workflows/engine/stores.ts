/**
 * The two stores of an engine, the workflow and the journal, held against each other at each start, and the journal
 * rebuilt where it lost something: docs/architecture/two-stores.md.
 */
import { condition, isCancellation, sleep } from '@temporalio/workflow';
import type { OpenStoresResult } from '../../activities/contract.ts';
import { alertReason, raised } from '../../src/domain/alerts/alert.ts';
import { lastStarted } from '../../src/domain/engine/engine-state.ts';
import { withHold } from '../../src/domain/engine/hold.ts';
import type { ErrorReport } from '../../src/lib/errors.ts';
import { failureReport } from '../failure-report.ts';
import { durable, rebuildOnce } from './activities.ts';
import { showEngine } from './display.ts';
import type { EngineRun } from './engine.ts';
import type { OperationStarter } from './operation-starter.ts';

const OPEN_STORES_RETRY_MS = 10_000;

export class TwoStores {
  /** Rebuilds of a journal that lost something: what it answered before is not known while one runs. */
  private rebuilds = 0;
  private rebuildUnderWay = false;
  private readonly run: EngineRun;
  private readonly starter: OperationStarter;

  constructor(run: EngineRun, starter: OperationStarter) {
    this.run = run;
    this.starter = starter;
  }

  get rebuilding(): boolean {
    return this.rebuilds > 0;
  }

  /** Compares the two stores; a mismatch is a hold that names both ends. Nothing trades before this is done. */
  async open(): Promise<void> {
    for (;;) {
      try {
        await this.judge(await this.compared());
        return;
      } catch (error) {
        if (isCancellation(error)) throw error;
        this.run.lose(failureReport(error), false);
        showEngine(this.run);
        await sleep(OPEN_STORES_RETRY_MS, { summary: 'journal unreachable: next try' });
      }
    }
  }

  private async compared(): Promise<OpenStoresResult> {
    return await durable.openStores({
      engineId: this.run.engineId,
      epoch: this.run.engine.epoch,
      sequence: this.run.engine.sequence,
      journalId: this.run.engine.journalId,
      accountSeen: this.run.engine.seen !== null,
      commandIds: lastStarted(this.run.engine),
      startedUpToMs: this.run.engine.startedUpToMs,
    });
  }

  private async judge(opened: OpenStoresResult): Promise<void> {
    const { verdict, detail } = opened;
    if (verdict === 'fresh' || verdict === 'match') {
      this.take(opened);
      return;
    }
    const diverged = raised('STORES_DIVERGED', { verdict, detail });
    const standing = this.run.engine.holds.some((hold) => hold.code === 'stores_diverged');
    if (verdict === 'journal_lost' || verdict === 'journal_behind') {
      void this.rebuildJournal(opened.record?.updatedAtMs ?? null, Date.now(), standing);
    }
    this.run.engine = {
      ...this.run.engine,
      // What this workflow remembers of a journal is kept until a person has looked: RESUME compares again.
      vaultPerp: null,
      sequence: Math.max(this.run.engine.sequence, opened.record?.sequence ?? 0),
      holds: withHold(this.run.engine.holds, {
        code: 'stores_diverged',
        sinceMs: Date.now(),
        permits: 'reducing',
        clearedBy: 'person',
        reason: alertReason(diverged),
        details: { verdict, detail, alert: 'STORES_DIVERGED' },
      }),
    };
    if (verdict === 'temporal_lost') await this.starter.recover(opened.unfinished);
    if (!standing) this.run.outbox.raise(diverged, verdict);
  }

  /** Beside the watch: what reduces risk does not wait for it. */
  private async rebuildJournal(lastKnownMs: number | null, foundAtMs: number, again: boolean): Promise<void> {
    this.rebuilds += 1;
    try {
      // The one that a restart finds under way goes on where it was; this one then looks behind it.
      await condition(() => !this.rebuildUnderWay);
      this.rebuildUnderWay = true;
      const { keptSinceMs, commands, operations, notKept } = await rebuildOnce(
        this.run.engineId,
        this.run.tuning.rebuildMs,
      ).finally(() => {
        this.rebuildUnderWay = false;
      });
      // After a restart under the hold it found all there.
      if (again && commands + operations === 0) return;
      const from = lastKnownMs ?? keptSinceMs;
      const gap = { from_ms: from, to_ms: foundAtMs, operations, commands, not_kept: notKept };
      this.run.outbox.raise(raised('JOURNAL_GAP', gap), `gap ${from}`);
    } catch (error) {
      if (isCancellation(error)) throw error;
      this.run.outbox.raise(raised('JOURNAL_NOT_REBUILT', { reason: failureReport(error).message }), 'rebuild');
    } finally {
      this.rebuilds -= 1;
    }
  }

  /** A person looked (RESUME): the journal that stands is ours from here on. A missing account stays a hold. */
  async accept(): Promise<ErrorReport | null> {
    const opened = await this.compared();
    if (opened.verdict === 'account_missing') {
      const remedy = 'Restore the journal, or begin anew with --reset-paper.';
      return { code: 'UNAVAILABLE', message: `${opened.detail}. ${remedy}`, details: { part: 'journal' } };
    }
    this.take(opened);
    return null;
  }

  /** From here on this journal is ours, and what it holds is known. */
  private take({ journalId, record, newestOperationMs }: OpenStoresResult): void {
    this.run.engine = {
      ...this.run.engine,
      journalId,
      sequence: Math.max(this.run.engine.sequence, record?.sequence ?? 0),
      startedUpToMs: Math.max(this.run.engine.startedUpToMs ?? 0, newestOperationMs ?? 0),
    };
  }
}
