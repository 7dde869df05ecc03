/**
 * The two stores of an engine, the workflow and the journal, held against each other at each start, and the journal
 * rebuilt where it lost something: docs/architecture/two-stores.md.
 */
import { condition, isCancellation, sleep } from '@temporalio/workflow';
import type { OpenStoresResult } from '../../activities/contract.ts';
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
    if (opened.verdict === 'fresh' || opened.verdict === 'match') {
      this.take(opened);
      return;
    }
    const standing = this.run.engine.holds.some((hold) => hold.code === 'stores_diverged');
    if (opened.verdict === 'journal_lost' || opened.verdict === 'journal_behind') {
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
        reason: opened.detail,
        details: { verdict: opened.verdict, alert: 'STORES_DIVERGED' },
      }),
    };
    if (opened.verdict === 'temporal_lost') await this.starter.recover(opened.unfinished);
    if (standing) return;
    this.run.outbox.raise(
      'STORES_DIVERGED',
      'critical',
      opened.detail,
      'Check the account against the history, then RESUME.',
      opened.verdict,
    );
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
      const span = `between ${from === null ? 'its beginning' : instant(from)} and ${instant(foundAtMs)}`;
      const lost = notKept === 0 ? '' : ` The histories of ${notKept} more are no longer kept.`;
      this.run.outbox.raise(
        'JOURNAL_GAP',
        'warning',
        `The journal lost what was written ${span}. From Temporal came back: ${operations} operations, ${commands} commands.${lost}`,
        'Snapshots and equity of that time are gone; funding and fills come back from the chain where it keeps them.',
        `gap ${from}`,
      );
    } catch (error) {
      if (isCancellation(error)) throw error;
      const { message } = failureReport(error);
      const what = `The journal could not be rebuilt from Temporal: ${message}`;
      this.run.outbox.raise('JOURNAL_NOT_REBUILT', 'critical', what, 'A restart begins it anew.', 'rebuild');
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

const instant = (ms: number): string => new Date(ms).toISOString();
