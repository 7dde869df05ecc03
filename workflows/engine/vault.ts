/**
 * The vault, what the engine believes that the account holds, against what the venue shows: who moved the position, and
 * what follows from it. The table stands in docs/architecture/engine.md.
 */

import type { Snapshot } from '../../src/domain/account/snapshot.ts';
import {
  isQuiet,
  MAX_DOUBTS,
  passMarketTime,
  takeLateFill,
  takePosition,
} from '../../src/domain/engine/engine-state.ts';
import { type Hold, withHold, withoutHold } from '../../src/domain/engine/hold.ts';
import { isLiquidatedSince, ledgerMark, perpOf, reconcile } from '../../src/domain/engine/reconcile.ts';
import { exposure } from '../../src/domain/hedge/delta.ts';
import { canonicalJson } from '../../src/lib/ids.ts';
import type { EngineRun } from './engine.ts';

export class Vault {
  private readonly run: EngineRun;

  constructor(run: EngineRun) {
    this.run = run;
  }

  /** Holds the vault against a snapshot, once nothing of ours can move the position. An older one than seen tells nothing. */
  compare(snapshot: Snapshot): void {
    const { seen } = this.run.engine;
    if (seen !== null && snapshot.slot < seen.slot) return;
    const known = this.run.engine.liquidatedMs;
    this.run.engine = passMarketTime(this.run.engine, snapshot.marketTimeMs);
    const { marketTimeMs, takenAtMs, slot, feed } = snapshot;
    this.run.engine = { ...this.run.engine, seen: { marketTimeMs, takenAtMs, slot, feed: feed.feed } };
    if (isQuiet(this.run.engine)) {
      this.reconcile(snapshot, seen === null);
      this.markLedger(snapshot);
    }
    if (!isLiquidatedSince(snapshot, known)) return;
    this.run.engine = { ...this.run.engine, liquidatedMs: snapshot.lastLiquidationMs };
    // What happened before the first look is history.
    if (seen !== null) this.liquidated(`The venue liquidated; the position is ${sol(perpOf(snapshot))} SOL.`);
  }

  /** Vault and venue are one: what the ledger says now is what later differences are told from. */
  private markLedger(snapshot: Snapshot): void {
    const mark = ledgerMark(snapshot);
    if (mark === null || mark.perp !== this.run.engine.vaultPerp) return;
    if (canonicalJson(mark as never) !== canonicalJson(this.run.engine.ledger as never)) {
      this.run.engine = { ...this.run.engine, ledger: mark };
    }
  }

  private reconcile(snapshot: Snapshot, firstEver: boolean): void {
    const vault = this.run.engine.vaultPerp === null ? null : BigInt(this.run.engine.vaultPerp);
    const difference = reconcile(vault, snapshot, this.run.engine.liquidatedMs, this.run.engine.ledger);
    const perp = perpOf(snapshot).toString();
    if (difference.kind !== 'not_yet')
      this.run.engine = { ...this.run.engine, holds: withoutHold(this.run.engine.holds, 'resync') };
    switch (difference.kind) {
      case 'none':
        if (this.run.engine.doubts > 0) this.run.engine = { ...this.run.engine, doubts: 0 };
        return;
      case 'not_yet':
        this.doubted(difference.from, difference.to);
        return;
      case 'unexplained':
        this.desynced('The account differs from its books by what nothing explains.');
        return;
      case 'late_fill': {
        const spot = (exposure(snapshot, this.run.policy).spot ?? 0n).toString();
        this.run.engine = takeLateFill(this.run.engine, perp, spot);
        const message = `An order of ours was filled late: the position went from ${sol(difference.from)} to ${sol(difference.to)} SOL.`;
        this.run.outbox.raise('LATE_FILL', 'info', message, 'Nothing: it is counted.', perp);
        return;
      }
      case 'first_look':
        // After Temporal was lost the position is ours, as far as the journal tells: RESUME or its operation decides.
        if (firstEver && difference.perp !== 0n && !this.mayBeOurs()) this.foundForeign(0n, difference.perp);
        this.run.engine = takePosition(
          this.run.engine,
          perp,
          (exposure(snapshot, this.run.policy).spot ?? 0n).toString(),
        );
        return;
      case 'liquidation':
        this.liquidated(`The venue liquidated the position from ${sol(difference.from)} to ${sol(difference.to)} SOL.`);
        break;
      case 'foreign_reduction':
        if (difference.to === 0n) {
          this.run.engine = { ...this.run.engine, hedgeTargetPpm: 0, confirmedExcess: null };
          this.run.outbox.raise(
            'FOREIGN_CLOSE',
            'warning',
            'Somebody else closed the position; the hedge target is now 0.',
            'Nothing, if that was you.',
            perp,
          );
        } else {
          const remedy = 'RESUME takes what stands as the new target.';
          this.hold('foreign_trade', 'reducing', `Somebody else reduced the position. ${remedy}`, 'FOREIGN_TRADE');
          this.run.outbox.raise(
            'FOREIGN_TRADE',
            'warning',
            `The position went from ${sol(difference.from)} to ${sol(difference.to)} SOL without us.`,
            remedy,
            perp,
          );
        }
        break;
      case 'foreign_increase':
        this.foundForeign(difference.from, difference.to);
        break;
    }
    this.run.engine = { ...this.run.engine, vaultPerp: perp };
  }

  /** The ledger may lag behind the account for a moment: three looks. */
  private doubted(from: bigint, to: bigint): void {
    const doubts = this.run.engine.doubts + 1;
    const moved = `The position went from ${sol(from)} to ${sol(to)} SOL`;
    if (doubts < MAX_DOUBTS) {
      const reason = `${moved}, and by whom is still being read. Only a way out trades before that is known.`;
      this.run.engine = {
        ...this.run.engine,
        doubts,
        holds: withHold(this.run.engine.holds, resyncHold(reason, Date.now())),
      };
      return;
    }
    this.desynced(`${moved}, and no transaction explains it.`);
    // Told: what stands is what is compared with from here on.
    const holds = withoutHold(this.run.engine.holds, 'resync');
    this.run.engine = { ...this.run.engine, holds, vaultPerp: to.toString(), ledger: null, doubts: 0 };
  }

  private desynced(message: string): void {
    const remedy = 'Compare the account with the venue, then RESUME: it takes what stands.';
    this.hold('desync', 'nothing', `${message} ${remedy}`, 'DESYNC');
    this.run.outbox.raise('DESYNC', 'critical', message, remedy, String(this.run.engine.seen?.slot ?? 0));
  }

  private mayBeOurs(): boolean {
    return this.run.engine.retarget !== null || this.run.engine.holds.some((hold) => hold.code === 'stores_diverged');
  }

  private liquidated(message: string): void {
    if (this.run.engine.holds.some((hold) => hold.code === 'liquidation')) return;
    const reason = 'The venue liquidated (part of) the position. Check the account, then RESUME.';
    this.hold('liquidation', 'nothing', reason, 'LIQUIDATED');
    this.run.outbox.raise(
      'LIQUIDATED',
      'critical',
      message,
      'Check the account; RESUME when you have decided.',
      'liquidation',
    );
  }

  private foundForeign(from: bigint, to: bigint): void {
    const remedy = 'ADOPT_POSITION takes it over; CLOSE and FLATTEN work on it.';
    this.hold('foreign_trade', 'reducing', `A position or an increase is not ours. ${remedy}`, 'FOREIGN_POSITION');
    const message = `The position went from ${sol(from)} to ${sol(to)} SOL without us.`;
    this.run.outbox.raise('FOREIGN_POSITION', 'critical', message, remedy, to.toString());
  }

  /** `alert`: told as over when the hold goes. */
  private hold(
    code: 'liquidation' | 'foreign_trade' | 'desync',
    permits: 'reducing' | 'nothing',
    reason: string,
    alert: string,
  ): void {
    const hold: Hold = { code, sinceMs: Date.now(), permits, clearedBy: 'person', reason, details: { alert } };
    this.run.engine = { ...this.run.engine, holds: withHold(this.run.engine.holds, hold) };
  }
}

const resyncHold = (reason: string, nowMs: number) =>
  ({ code: 'resync', sinceMs: nowMs, permits: 'nothing', clearedBy: 'itself', reason }) as const;

const sol = (amount: bigint): string => (Number(amount) / 1e9).toString();
