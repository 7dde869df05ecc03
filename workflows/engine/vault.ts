/**
 * The vault, what the engine believes that the account holds, against what the venue shows: who moved the position, and
 * what follows from it. The table stands in docs/architecture/engine.md.
 */

import type { Snapshot } from '../../src/domain/account/snapshot.ts';
import { type AlertDraft, alertReason, raised } from '../../src/domain/alerts/alert.ts';
import type { AlertDetails } from '../../src/domain/alerts/alert-table.ts';
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
import { formatSol } from '../../src/domain/money/amounts.ts';
import { shownSolChange } from '../../src/domain/money/display.ts';
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
    if (seen !== null) this.liquidated({ to: formatSol(perpOf(snapshot)) });
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
        this.desynced({});
        return;
      case 'late_fill': {
        const spot = (exposure(snapshot, this.run.policy).spot ?? 0n).toString();
        this.run.engine = takeLateFill(this.run.engine, perp, spot);
        this.run.outbox.raise(raised('LATE_FILL', moved(difference)), perp);
        return;
      }
      case 'first_look':
        // After Temporal was lost the position is ours, as far as the journal tells: RESUME or its operation decides.
        if (firstEver && difference.perp !== 0n && !this.mayBeOurs())
          this.foundForeign({ from: 0n, to: difference.perp });
        this.run.engine = takePosition(
          this.run.engine,
          perp,
          (exposure(snapshot, this.run.policy).spot ?? 0n).toString(),
        );
        return;
      case 'liquidation':
        this.liquidated(moved(difference));
        break;
      case 'foreign_reduction':
        if (difference.to === 0n) {
          this.run.engine = { ...this.run.engine, hedgeTargetPpm: 0, confirmedExcess: null };
          this.run.outbox.raise(raised('FOREIGN_CLOSE', moved(difference)), perp);
        } else {
          this.restrict('foreign_trade', 'reducing', raised('FOREIGN_TRADE', moved(difference)), perp);
        }
        break;
      case 'foreign_increase':
        this.foundForeign(difference);
        break;
    }
    this.run.engine = { ...this.run.engine, vaultPerp: perp };
  }

  /** The ledger may lag behind the account for a moment: three looks. */
  private doubted(from: bigint, to: bigint): void {
    const doubts = this.run.engine.doubts + 1;
    const change = moved({ from, to });
    if (doubts < MAX_DOUBTS) {
      const reason =
        `The position changed ${shownSolChange(change.from, change.to)}. Driftless is finding out why. Until then only ` +
        'Close and Flatten are possible.';
      this.run.engine = {
        ...this.run.engine,
        doubts,
        holds: withHold(this.run.engine.holds, resyncHold(reason, Date.now())),
      };
      return;
    }
    this.desynced(change);
    // Told: what stands is what is compared with from here on.
    const holds = withoutHold(this.run.engine.holds, 'resync');
    this.run.engine = { ...this.run.engine, holds, vaultPerp: to.toString(), ledger: null, doubts: 0 };
  }

  private desynced(change: AlertDetails<'DESYNC'>): void {
    this.restrict('desync', 'nothing', raised('DESYNC', change), String(this.run.engine.seen?.slot ?? 0));
  }

  private mayBeOurs(): boolean {
    return this.run.engine.retarget !== null || this.run.engine.holds.some((hold) => hold.code === 'stores_diverged');
  }

  private liquidated(change: AlertDetails<'LIQUIDATED'>): void {
    if (this.run.engine.holds.some((hold) => hold.code === 'liquidation')) return;
    this.restrict('liquidation', 'nothing', raised('LIQUIDATED', change), 'liquidation');
  }

  private foundForeign(difference: { readonly from: bigint; readonly to: bigint }): void {
    const draft = raised('FOREIGN_POSITION', moved(difference));
    this.restrict('foreign_trade', 'reducing', draft, difference.to.toString());
  }

  /** Restricts trading until a person acts, and raises the alert that says the same. It is over with the restriction. */
  private restrict(
    code: 'liquidation' | 'foreign_trade' | 'desync',
    permits: 'reducing' | 'nothing',
    draft: AlertDraft,
    subject: string,
  ): void {
    const hold: Hold = {
      code,
      sinceMs: Date.now(),
      permits,
      clearedBy: 'person',
      reason: alertReason(draft),
      details: { alert: draft.code },
    };
    this.run.engine = { ...this.run.engine, holds: withHold(this.run.engine.holds, hold) };
    this.run.outbox.raise(draft, subject);
  }
}

const resyncHold = (reason: string, nowMs: number) =>
  ({ code: 'resync', sinceMs: nowMs, permits: 'nothing', clearedBy: 'itself', reason }) as const;

const moved = ({ from, to }: { readonly from: bigint; readonly to: bigint }) => ({
  from: formatSol(from),
  to: formatSol(to),
});
