/** The engine's own trades: decided on what the watch saw, and decided again on a fresh snapshot before anything starts. */
import { isCancellation, patched } from '@temporalio/workflow';
import { decodeSnapshot, type Snapshot, type SnapshotJson } from '../../src/domain/account/snapshot.ts';
import { type AlertDraft, raised } from '../../src/domain/alerts/alert.ts';
import { backtestSentence, beatsNever, type CarryBacktest } from '../../src/domain/carry/carry-backtest.ts';
import { carryFigures } from '../../src/domain/carry/carry-figures.ts';
import { carryVerdict } from '../../src/domain/carry/verdict.ts';
import { noteUnproven } from '../../src/domain/engine/auto-carry.ts';
import { decide, type EngineAction, isBlinding, wasBelowMinimum } from '../../src/domain/engine/decide.ts';
import { decisionContext, type EngineCarried } from '../../src/domain/engine/engine-state.ts';
import { formatSol } from '../../src/domain/money/amounts.ts';
import { abs } from '../../src/domain/money/units.ts';
import type { ErrorReport } from '../../src/lib/errors.ts';
import { failureReport } from '../failure-report.ts';
import { durable } from './activities.ts';
import type { EngineCore } from './core.ts';

export type DecidedTrade = Exclude<EngineAction, { kind: 'none' }>;

export interface AutomaticTradingPorts {
  readonly see: (json: SnapshotJson) => Snapshot;
  readonly lose: (error: ErrorReport, critical: boolean) => void;
  readonly start: (action: DecidedTrade, snapshot: Snapshot) => Promise<void>;
  readonly carryBacktest: () => Promise<CarryBacktest>;
  readonly raise: (draft: AlertDraft, subject: string) => void;
  /** A person's command comes before a correction, */
  readonly commandsWait: () => boolean;
  /** and before the guard only one that goes as far. */
  readonly exitsWait: () => boolean;
  /** Counts reports. A snapshot read before a report may lack what that report changed. */
  readonly reportsTaken: () => number;
  /** False: a new process has started, and its journal must be compared first. */
  readonly isOpen: () => boolean;
}

export class AutomaticTrading {
  readonly #core: EngineCore;
  readonly #ports: AutomaticTradingPorts;

  constructor(core: EngineCore, ports: AutomaticTradingPorts) {
    this.#core = core;
    this.#ports = ports;
  }

  /** True if an operation was started, or if this snapshot cannot be acted on and the next one decides. */
  async act(seen: SnapshotJson): Promise<boolean> {
    const { see, lose, start, reportsTaken, isOpen } = this.#ports;
    const wanted = this.#decision(decodeSnapshot(seen));
    if (wanted === null) return false;
    const reports = reportsTaken();
    if (wanted.kind === 'enter' && !(await this.#isProven(wanted.periodMs))) return true;
    const commitment = wanted.kind === 'guard' ? wanted.from : 'confirmed';
    let fresh: SnapshotJson;
    try {
      fresh = await durable.readSnapshot({ engineId: this.#core.engineId, commitment });
    } catch (error) {
      if (isCancellation(error)) throw error;
      lose(failureReport(error), false);
      return true;
    }
    if (reportsTaken() !== reports || !isOpen()) return true;
    const snapshot = see(fresh);
    const action = this.#decision(snapshot);
    if (action === null) return false;
    // What was proven a moment ago was another entry than this one.
    if (action.kind === 'enter' && (wanted.kind !== 'enter' || wanted.periodMs !== action.periodMs)) return true;
    this.#tell(action, snapshot);
    await start(action, snapshot);
    return true;
  }

  /** The backtest of the very policy, on the data at hand now: without it nothing is entered. */
  async #isProven(periodMs: number): Promise<boolean> {
    const backtest = await this.#ports.carryBacktest();
    if (beatsNever(backtest)) return true;
    this.#core.state.apply(noteUnproven, periodMs, backtestSentence(backtest));
    return false;
  }

  /** A trade of the carry policy is told with the figures that it was decided by. */
  #tell(action: DecidedTrade, snapshot: Snapshot): void {
    if (action.kind !== 'enter' && action.kind !== 'leave') return;
    const { policy } = this.#core.settings;
    const { sentence, apr_mean, apr_lower, round_trip_pct } = carryFigures(
      snapshot,
      policy,
      carryVerdict(snapshot, policy, true),
    );
    const details = {
      ...{ sentence, apr_mean, apr_lower, round_trip_pct },
      size: formatSol(abs(action.delta)),
      period_ts_ms: action.periodMs,
      policy_hash: this.#core.state.current.carry?.policyHash ?? '',
    };
    const draft = action.kind === 'enter' ? raised('CARRY_ENTERED', details) : raised('CARRY_LEFT', details);
    this.#ports.raise(draft, `${action.kind} ${action.periodMs}`);
  }

  /** Null: nothing to trade, or the slot is not ours to take. */
  #decision(snapshot: Snapshot): DecidedTrade | null {
    const engine = this.#core.state.current;
    const { commandsWait, exitsWait } = this.#ports;
    if (engine.slot !== null || exitsWait()) return null;
    const { action } = decide(snapshot, decisionContext(engine), this.#core.settings.policy, Date.now());
    if (action.kind === 'none') return null;
    if (action.kind !== 'guard') return commandsWait() || this.#wasTooSmall(snapshot) ? null : action;
    return (commandsWait() || guardOnceWaited(engine)) && !patched('guard-under-every-hold') ? null : action;
  }

  #wasTooSmall(snapshot: Snapshot): boolean {
    const { hedgeTargetPpm } = this.#core.state.current;
    return wasBelowMinimum(snapshot, hedgeTargetPpm, this.#core.settings.policy) && !patched('nearest-step');
  }
}

/** Histories from before the guard worked under every hold, and ahead of ordinary commands, show that it waited. */
const guardOnceWaited = ({ state, holds, backoffUntilMs, operations }: EngineCarried): boolean =>
  state !== 'running' ||
  backoffUntilMs !== null ||
  operations.some(({ phase }) => phase === 'dropped') ||
  holds.some(isBlinding);
