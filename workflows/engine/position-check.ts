/**
 * The position that the engine expects, against what the venue shows: who moved it, and what follows from that. The
 * table stands in docs/architecture/engine.md.
 */

import { patched } from '@temporalio/workflow';
import type { Snapshot } from '../../src/domain/account/snapshot.ts';
import { type AlertDraft, alertReason, raised } from '../../src/domain/alerts/alert.ts';
import type { AlertDetails } from '../../src/domain/alerts/alert-table.ts';
import { lookAtClosing } from '../../src/domain/engine/closing.ts';
import { isQuiet, MAX_DOUBTS, takeLateFill, takePosition } from '../../src/domain/engine/engine-state.ts';
import type { Hold } from '../../src/domain/engine/hold.ts';
import { isLiquidatedSince, ledgerMark, perpOf, reconcile } from '../../src/domain/engine/reconcile.ts';
import {
  acceptUnexplained,
  doubtPosition,
  endDoubts,
  endHedge,
  expectPosition,
  isRestrictedBy,
  lift,
  markLedger,
  passSnapshot,
  rememberLiquidation,
  restrict,
} from '../../src/domain/engine/transitions.ts';
import { exposure } from '../../src/domain/hedge/delta.ts';
import { isWatchOnly } from '../../src/domain/hedge/policy.ts';
import { formatSol } from '../../src/domain/money/amounts.ts';
import { shownSolChange } from '../../src/domain/money/display.ts';
import { canonicalJson } from '../../src/lib/ids.ts';
import type { EngineCore } from './core.ts';
import { remembersLeftOpen } from './report-taking.ts';

export interface PositionCheckPorts {
  readonly raise: (draft: AlertDraft, subject: string) => void;
}

interface Sizes {
  readonly from: bigint;
  readonly to: bigint;
}

/** So far a chain's time goes on from a slot before a lower one proves that slot false. */
const SLOT_PROVEN_FALSE_MS = 60_000;

export class PositionCheck {
  readonly #core: Pick<EngineCore, 'state' | 'settings'>;
  readonly #ports: PositionCheckPorts;

  constructor(core: Pick<EngineCore, 'state' | 'settings'>, ports: PositionCheckPorts) {
    this.#core = core;
    this.#ports = ports;
  }

  /** Compares, once nothing of ours can move the position. A snapshot older than the last one seen tells nothing. */
  compare(snapshot: Snapshot): void {
    const { state } = this.#core;
    const { seen, liquidatedMs } = state.current;
    if (seen !== null && snapshot.slot < seen.slot && !provesFalse(snapshot, seen)) return;
    state.apply(passSnapshot, snapshot);
    if (isQuiet(state.current)) {
      this.#reconcile(snapshot, seen === null);
      this.#markLedger(snapshot);
      this.#lookAtClosing(perpOf(snapshot).toString());
    }
    if (!isLiquidatedSince(snapshot, liquidatedMs)) return;
    state.apply(rememberLiquidation, snapshot.lastLiquidationMs);
    // What happened before the first look is history.
    if (seen !== null) this.#liquidated({ to: formatSol(perpOf(snapshot)) });
  }

  #lookAtClosing(perp: string): void {
    const { state } = this.#core;
    if (state.current.closing === null && perp !== '0') return;
    if (perp === '0' || remembersLeftOpen()) state.apply(lookAtClosing, perp, Date.now());
  }

  /** Engine and venue agree: later differences are measured from the ledger as it is now. */
  #markLedger(snapshot: Snapshot): void {
    const { state } = this.#core;
    const mark = ledgerMark(snapshot);
    if (mark === null || mark.perp !== state.current.expectedPerp) return;
    if (canonicalJson(mark as never) !== canonicalJson(state.current.ledger as never)) state.apply(markLedger, mark);
  }

  #reconcile(snapshot: Snapshot, firstEver: boolean): void {
    const { state, settings } = this.#core;
    const { expectedPerp, liquidatedMs, ledger } = state.current;
    const difference = reconcile(expectedPerp === null ? null : BigInt(expectedPerp), snapshot, liquidatedMs, ledger);
    const perp = perpOf(snapshot).toString();
    const spot = (exposure(snapshot, settings.policy).spot ?? 0n).toString();
    if (difference.kind !== 'not_yet') state.apply(lift, 'resync');
    if (isRestrictedBy(state.current, 'foreign_trade') && this.#isOthers()) state.apply(lift, 'foreign_trade');
    switch (difference.kind) {
      case 'none':
        state.apply(endDoubts);
        return;
      case 'not_yet':
        this.#doubt(difference);
        return;
      case 'unexplained':
        this.#desync({});
        return;
      case 'late_fill':
        state.apply(takeLateFill, perp, spot);
        this.#ports.raise(raised('LATE_FILL', moved(difference)), perp);
        return;
      case 'first_look':
        // After Temporal was lost the position is ours, as far as the journal tells: RESUME or its operation decides.
        if (firstEver && difference.perp !== 0n && !this.#mayBeOurs() && !this.#isOthers()) {
          this.#foreignPosition({ from: 0n, to: difference.perp });
        }
        state.apply(takePosition, perp, spot);
        return;
      case 'liquidation':
        this.#liquidated(moved(difference));
        break;
      case 'foreign_reduction':
        if (!this.#isOthers()) this.#foreignReduction(difference);
        break;
      case 'foreign_increase':
        if (!this.#isOthers()) this.#foreignPosition(difference);
        break;
    }
    state.apply(expectPosition, perp);
  }

  /** The ledger may lag behind the account for a moment: three looks. */
  #doubt(sizes: Sizes): void {
    const { state } = this.#core;
    const change = moved(sizes);
    if (state.current.doubts + 1 < MAX_DOUBTS) {
      const reason =
        `The position changed ${shownSolChange(change.from, change.to)}. Driftless is finding out why. Until then only ` +
        'Close and Flatten are possible.';
      state.apply(doubtPosition, {
        code: 'resync',
        sinceMs: Date.now(),
        permits: 'nothing',
        clearedBy: 'itself',
        reason,
      });
      return;
    }
    this.#desync(change);
    state.apply(acceptUnexplained, sizes.to.toString());
  }

  #desync(change: AlertDetails<'DESYNC'>): void {
    const slot = this.#core.state.current.seen?.slot ?? 0;
    this.#restrict('desync', 'nothing', raised('DESYNC', change), String(slot));
  }

  /** Of an account that is only watched every trade is somebody else's: none is foreign. */
  #isOthers(): boolean {
    return isWatchOnly(this.#core.settings.policy) && patched('watch-only');
  }

  #mayBeOurs(): boolean {
    const engine = this.#core.state.current;
    return (
      engine.retarget !== null || isRestrictedBy(engine, 'stores_diverged') || isRestrictedBy(engine, 'journal_away')
    );
  }

  #liquidated(change: AlertDetails<'LIQUIDATED'>): void {
    if (isRestrictedBy(this.#core.state.current, 'liquidation')) return;
    this.#restrict('liquidation', 'nothing', raised('LIQUIDATED', change), 'liquidation');
  }

  #foreignReduction(sizes: Sizes): void {
    const subject = sizes.to.toString();
    if (sizes.to === 0n) {
      this.#core.state.apply(endHedge);
      this.#ports.raise(raised('FOREIGN_CLOSE', moved(sizes)), subject);
    } else {
      this.#restrict('foreign_trade', 'reducing', raised('FOREIGN_TRADE', moved(sizes)), subject);
    }
  }

  #foreignPosition(sizes: Sizes): void {
    this.#restrict('foreign_trade', 'reducing', raised('FOREIGN_POSITION', moved(sizes)), sizes.to.toString());
  }

  /** Restricts trading until a person acts, and raises the alert that says the same. It is over with the restriction. */
  #restrict(
    code: 'liquidation' | 'foreign_trade' | 'desync',
    permits: Hold['permits'],
    draft: AlertDraft,
    subject: string,
  ): void {
    this.#core.state.apply(restrict, {
      code,
      sinceMs: Date.now(),
      permits,
      clearedBy: 'person',
      reason: alertReason(draft),
      details: { alert: draft.code },
    });
    this.#ports.raise(draft, subject);
  }
}

/** A chain's slots never go back, so the higher slot that we saw was not of this chain. */
const provesFalse = ({ marketTimeMs }: Snapshot, seen: { readonly marketTimeMs: number }): boolean =>
  marketTimeMs > seen.marketTimeMs + SLOT_PROVEN_FALSE_MS;

const moved = ({ from, to }: Sizes) => ({ from: formatSol(from), to: formatSol(to) });
