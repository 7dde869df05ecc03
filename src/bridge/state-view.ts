/** SYSTEM_STATS' data: the seed's drift_state, the engine, and when that was so. GET_STATE and /api/state give the same. */
import type { Logger } from 'pino';
import { decodeSnapshot, type Snapshot, type SnapshotJson } from '../domain/account/snapshot.ts';
import { snapshotAgeMs } from '../domain/account/snapshot-age.ts';
import { decide } from '../domain/engine/decide.ts';
import type { Hold } from '../domain/engine/hold.ts';
import { accountFigures, driftState } from '../domain/figures/figures.ts';
import { isWatchOnly, type Policy } from '../domain/hedge/policy.ts';
import type { Mode } from '../domain/order/command.ts';
import type { EngineRecord } from '../journal/records.ts';
import type { Clock } from '../lib/clock.ts';
import type * as z from '../lib/codec.ts';
import type { AccountInfo, DriftState } from '../protocol/account.ts';
import type { DecisionInfo, Engine, HoldInfo } from '../protocol/engine.ts';
import type { State } from '../protocol/state.ts';
import type { LastKnown } from './engine-watch.ts';
import { marketView, policyView } from './page-view.ts';
import { isoTime, isoTimeOrNull } from './units-view.ts';

interface StateViewPorts {
  readonly engineId: string;
  readonly mode: Mode;
  /** The settings in force. */
  readonly policy: (engine: EngineRecord | null) => Policy;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly temporalUrl: string | null;
}

/** Positions too: null is unknown, an empty list is known to be none. */
const UNKNOWN_DRIFT_STATE: z.input<typeof DriftState> = {
  health: null,
  leverage: null,
  total_collateral: null,
  free_collateral: null,
  maintenance_margin: null,
  positions: null,
  net_delta: null,
  drift_pct: null,
};

interface Shown {
  readonly snapshot: Snapshot;
  readonly drift: z.input<typeof DriftState>;
  readonly account: z.input<typeof AccountInfo>;
}

/** Margin is computed once per snapshot; a tick only lets the age grow. */
export function stateView(ports: StateViewPorts): (known: LastKnown) => z.input<typeof State> {
  const { engineId, mode, clock, logger, temporalUrl } = ports;
  let of: {
    readonly json: SnapshotJson;
    readonly hedgeTarget: number | null;
    readonly policy: Policy;
    readonly shown: Shown | null;
  } | null = null;

  const shownOf = (json: SnapshotJson, hedgeTarget: number | null, policy: Policy): Shown | null => {
    if (of !== null && of.json === json && of.hedgeTarget === hedgeTarget && of.policy === policy) return of.shown;
    let shown: Shown | null = null;
    try {
      const snapshot = decodeSnapshot(json);
      shown = {
        snapshot,
        drift: driftState(snapshot, policy),
        account: accountFigures(snapshot, policy, hedgeTarget),
      };
    } catch (error) {
      // A row of another version: its figures are unknown, which is shown, rather than no message at all.
      logger.error({ err: error, code: 'SNAPSHOT_UNREADABLE' }, 'The latest snapshot cannot be read');
    }
    of = { json, hedgeTarget, policy, shown };
    return shown;
  };

  return ({ snapshot: json, engine }) => {
    const nowMs = clock.nowMs();
    const policy = ports.policy(engine);
    const shown = json === null ? null : shownOf(json, hedgeTargetOf(engine, policy), policy);
    return {
      drift_state: shown?.drift ?? UNKNOWN_DRIFT_STATE,
      engine: {
        ...engineView(engine, engineId, mode, nowMs, decisionView(shown?.snapshot ?? null, engine, policy, nowMs)),
        hedge_target: hedgeTargetOf(engine, policy),
      },
      as_of: shown === null ? null : isoTime(shown.snapshot.takenAtMs),
      age_ms: shown === null ? null : snapshotAgeMs(shown.snapshot, nowMs),
      account: shown?.account ?? null,
      market: shown === null ? null : marketView(shown.snapshot, nowMs),
      policy: policyView(policy),
      links: { temporal_url: temporalUrl },
    };
  };
}

/** An account that is only watched has no target of ours. */
const hedgeTargetOf = (engine: EngineRecord | null, policy: Policy): number | null =>
  engine === null || isWatchOnly(policy) ? null : engine.hedgeTarget;

/** The engine's decision on the latest snapshot, by its own function and context; null: unknown. */
function decisionView(
  snapshot: Snapshot | null,
  engine: EngineRecord | null,
  policy: Policy,
  nowMs: number,
): z.input<typeof DecisionInfo> | null {
  const context = engine?.decisionContext;
  if (snapshot === null || context === undefined) return null;
  const reason = decide(snapshot, context, policy, nowMs).reasons.at(-1);
  return reason === undefined ? null : { code: reason.code, message: reason.text, ...reason.figures };
}

function engineView(
  engine: EngineRecord | null,
  engineId: string,
  mode: Mode,
  nowMs: number,
  decision: z.input<typeof DecisionInfo> | null,
): Omit<z.input<typeof Engine>, 'hedge_target'> {
  if (engine === null) {
    return {
      engine_id: engineId,
      mode,
      state: null,
      trading_state: null,
      reason: null,
      feed: null,
      cooldown_until: null,
      cooldown_remaining_ms: null,
      operation: null,
      unresolved: null,
      holds: null,
      decision: null,
      updated_at: null,
    };
  }
  return {
    engine_id: engine.engineId,
    mode: engine.mode,
    state: engine.state,
    trading_state: engine.tradingState,
    feed: engine.feed,
    cooldown_until: isoTimeOrNull(engine.cooldownUntilMs),
    operation:
      engine.operation === null
        ? null
        : { operation_id: engine.operation.operationId, kind: engine.operation.kind, stage: engine.operation.stage },
    unresolved: engine.unresolved,
    holds: engine.holds.map(holdView),
    reason: engine.reason,
    decision,
    // Wall time: market time may run faster, or wait for rows.
    cooldown_remaining_ms: engine.cooldownEndsAtMs === null ? null : Math.max(0, engine.cooldownEndsAtMs - nowMs),
    updated_at: isoTime(engine.updatedAtMs),
  };
}

const holdView = (hold: Hold): z.input<typeof HoldInfo> => ({
  code: hold.code,
  ...(hold.key === undefined ? {} : { key: hold.key }),
  since: isoTime(hold.sinceMs),
  permits: hold.permits,
  cleared_by: hold.clearedBy,
  reason: hold.reason,
  ...(hold.details === undefined ? {} : { details: hold.details }),
});
