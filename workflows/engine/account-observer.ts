/** What a look at the account changes: the outage is over, the feed has ended or goes on, the position moved. */
import { decodeSnapshot, type Snapshot, type SnapshotJson } from '../../src/domain/account/snapshot.ts';
import { type AlertDraft, alertReason, raised } from '../../src/domain/alerts/alert.ts';
import { setupCode } from '../../src/domain/alerts/setup-alerts.ts';
import { stopEngine } from '../../src/domain/engine/engine-state.ts';
import { isRestrictedBy, lift, restrict } from '../../src/domain/engine/transitions.ts';
import type { ErrorReport } from '../../src/lib/errors.ts';
import type { EngineCore } from './core.ts';

export interface AccountObserverPorts {
  readonly raise: (draft: AlertDraft, subject: string) => void;
  readonly comparePosition: (snapshot: Snapshot) => void;
}

export class AccountObserver {
  readonly #state: EngineCore['state'];
  readonly #ports: AccountObserverPorts;

  constructor({ state }: Pick<EngineCore, 'state'>, ports: AccountObserverPorts) {
    this.#state = state;
    this.#ports = ports;
  }

  see(json: SnapshotJson): Snapshot {
    const snapshot = decodeSnapshot(json);
    this.#state.apply(lift, 'connection');
    this.#followFeed(snapshot);
    this.#ports.comparePosition(snapshot);
    return snapshot;
  }

  #followFeed({ feed }: Snapshot): void {
    const standing = isRestrictedBy(this.#state.current, 'feed_ended');
    if (standing && !feed.ended) this.#state.apply(lift, 'feed_ended');
    if (standing || !feed.ended) return;
    this.#state.apply(restrict, {
      code: 'feed_ended',
      sinceMs: Date.now(),
      permits: 'reducing',
      clearedBy: 'itself',
      reason: `The market data of ${feed.feed} has ended; the last price stands.`,
    });
  }

  /**
   * The venue cannot be read: halted, and the watch tries again every 10 s. `critical`: no retry helps until a person
   * corrects something, so the engine stops.
   */
  lose(error: ErrorReport, critical: boolean): void {
    const standing = this.#state.current.holds.find((hold) => hold.code === 'connection');
    const { code, message: reason } = error;
    const alert = critical ? setupCode(code) : 'CONNECTION_LOST';
    const draft = alert === 'CONNECTION_LOST' ? raised(alert, { reason }) : raised(alert, { reason, error: code });
    this.#state.apply(restrict, {
      code: 'connection',
      sinceMs: Date.now(),
      permits: 'nothing',
      clearedBy: 'itself',
      reason: alertReason(draft),
      details: { alert },
    });
    if (critical) {
      const running = this.#state.current.state === 'running';
      if (!isRestrictedBy(this.#state.current, 'stopped')) {
        this.#state.apply(stopEngine, Date.now(), alertReason(draft));
      }
      if (running || standing?.details?.alert !== alert) this.#ports.raise(draft, 'critical');
    } else if (standing === undefined) this.#ports.raise(draft, 'connection');
  }
}
