/** What a snapshot changes in the engine: an outage ends, the feed ends or continues, the position moved. */
import { decodeSnapshot, type Snapshot, type SnapshotJson } from '../../src/domain/account/snapshot.ts';
import { type AlertDraft, alertReason, raised } from '../../src/domain/alerts/alert.ts';
import { setupCode } from '../../src/domain/alerts/setup-alerts.ts';
import { stopEngine } from '../../src/domain/engine/engine-state.ts';
import type { Hold } from '../../src/domain/engine/hold.ts';
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
    this.#follow('feed_ended', feedEnded(snapshot));
    this.#follow('nodes_disagree', nodesDisagree(snapshot));
    this.#ports.comparePosition(snapshot);
    return snapshot;
  }

  /** Sets or lifts a restriction by what the snapshot shows. @param reason null: it is over */
  #follow(code: Hold['code'], reason: string | null): void {
    const standing = isRestrictedBy(this.#state.current, code);
    if (standing && reason === null) this.#state.apply(lift, code);
    if (standing || reason === null) return;
    const sinceMs = Date.now();
    this.#state.apply(restrict, { code, sinceMs, permits: 'reducing', clearedBy: 'itself', reason });
  }

  /**
   * The venue cannot be read: halted, and the watch tries again every 10 s. `critical`: no retry helps until a person
   * corrects something, so the engine stops.
   */
  lose(error: ErrorReport, critical: boolean): void {
    const standing = this.#state.current.holds.find((hold) => hold.code === 'connection');
    const { code, message: reason } = error;
    const draft = critical ? raised(setupCode(code), { reason, error: code }) : raised(outageCode(code), { reason });
    const alert = draft.code;
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
    } else if (standing === undefined || becameDispute(standing, alert)) this.#ports.raise(draft, 'connection');
  }
}

/** No retry ends a dispute while the same nodes are asked, so a person is told which of them to take out. */
const outageCode = (error: string): 'ACCOUNT_DISPUTED' | 'CONNECTION_LOST' =>
  error === 'ACCOUNT_DISPUTED' ? error : 'CONNECTION_LOST';

const becameDispute = ({ details }: Hold, alert: string): boolean =>
  alert === 'ACCOUNT_DISPUTED' && details?.alert !== alert;

const feedEnded = ({ feed }: Snapshot): string | null =>
  feed.ended ? `The market data of ${feed.feed} has ended; the last price stands.` : null;

const nodesDisagree = ({ nodesDisagree: nodes = null }: Snapshot): string | null =>
  nodes === null ? null : `${nodes} Take the node that is wrong out of RPC_URL.`;
