/** The rows of the journal as the rest of the program sees them. Amounts are decimal strings of base units. */

import type { Alert } from '../domain/alerts/alert.ts';
import type { DecisionContext } from '../domain/engine/decide.ts';
import type { EngineState, Hold, TradingState } from '../domain/engine/hold.ts';
import type { SeriesName } from '../domain/figures/series-names.ts';
import type { PolicyJson } from '../domain/hedge/policy.ts';
import type { OperationStatus } from '../domain/operation/operation.ts';
import type { Action, CommandAnswer } from '../domain/order/command.ts';
import type { Intent, Side } from '../domain/order/intent.ts';
import type { RecordedKind } from '../domain/order/operations.ts';
import type { ErrorReport, Json } from '../lib/errors.ts';

export interface EngineRecord {
  readonly engineId: string;
  readonly mode: 'paper' | 'live';
  readonly feed: string;
  readonly state: EngineState;
  readonly tradingState: TradingState;
  /** Why the trading state is as it is, in words. */
  readonly reason: string;
  /** 0 to 1. */
  readonly hedgeTarget: number;
  /** The context of the engine's decision besides snapshot and policy. Absent: the record is of an older version. */
  readonly decisionContext?: DecisionContext;
  /** The settings in force. Absent: the record is of an older version. */
  readonly policy?: PolicyJson;
  /** Market time; null without a cooldown. */
  readonly cooldownUntilMs: number | null;
  /** Wall time at which the durable timer fires. */
  readonly cooldownEndsAtMs: number | null;
  readonly operation: { readonly operationId: string; readonly kind: RecordedKind; readonly stage: string } | null;
  readonly unresolved: readonly string[];
  readonly holds: readonly Hold[];
  /** The engine workflow's own identity, made once at its first start; the two stores recognise each other by it. */
  readonly epoch: string;
  /** Grows with every publish; an older one never overwrites a newer one. */
  readonly sequence: number;
  readonly updatedAtMs: number;
}

export interface CommandRecord {
  readonly commandId: string;
  readonly engineId: string;
  readonly action: Action;
  readonly requestHash: string;
  readonly request: Json;
  readonly receivedAtMs: number;
  readonly operationId: string | null;
  /** The final answer once there is one. */
  readonly answer: CommandAnswer | null;
  readonly answeredAtMs: number | null;
}

export interface AttemptRecord {
  readonly operationId: string;
  readonly number: number;
  readonly signature: string;
  readonly wire: string;
  readonly lastValidBlockHeight: number;
  readonly slot: number;
  readonly intent: Intent;
  /** signed, submitted, confirmed, finalized, … */
  readonly stage: string;
  readonly outcome: 'confirmed' | 'failed' | 'expired' | 'unknown' | null;
  readonly error: ErrorReport | null;
  readonly signedAtMs: number;
  readonly updatedAtMs: number;
}

export interface TransitionRecord {
  readonly operationId: string;
  /** From 0, without gaps, given by the workflow: a retried write adds nothing. */
  readonly sequence: number;
  readonly atMs: number;
  readonly stage: string;
  readonly attempt: number | null;
  readonly signature: string | null;
  readonly outcome: string | null;
  readonly detail: Json;
}

export interface OperationRecord {
  readonly operationId: string;
  readonly engineId: string;
  /** Null for the engine's own decisions. */
  readonly commandId: string | null;
  readonly kind: RecordedKind;
  readonly status: OperationStatus;
  readonly createdAtMs: number;
  readonly endedAtMs: number | null;
  /** The command's request or the decision, as plain JSON. */
  readonly intent: Json;
  readonly attempts: readonly AttemptRecord[];
  readonly error: ErrorReport | null;
  readonly answer: CommandAnswer | null;
}

/** One attempt of an operation, as its workflow identifies it. */
export interface AttemptRef {
  readonly engineId: string;
  readonly operationId: string;
  readonly number: number;
  readonly attempt: {
    readonly signature: string;
    readonly wire: string;
    readonly lastValidBlockHeight: number;
    readonly slot: number;
    readonly signedAtMs: number;
  };
  readonly intent: Intent;
}

export interface OperationChange {
  readonly operationId: string;
  readonly status: OperationStatus;
  readonly endedAtMs?: number;
  readonly error?: ErrorReport | null;
  readonly answer?: CommandAnswer | null;
}

/** One journal write of an operation: everything since the last one, in one database transaction. */
export interface OperationWrite {
  readonly operation?: Omit<OperationRecord, 'attempts' | 'endedAtMs' | 'error' | 'answer'>;
  readonly transitions: readonly TransitionRecord[];
  readonly attemptOutcome?: {
    readonly ref: AttemptRef;
    readonly stage: string;
    readonly outcome: AttemptRecord['outcome'];
    readonly error: ErrorReport | null;
  };
  readonly update?: OperationChange;
  /** The final answer of the operation's command. */
  readonly answer?: { readonly commandId: string; readonly answer: CommandAnswer };
  readonly alerts?: readonly Alert[];
  readonly atMs: number;
}

export interface TradeRecord {
  readonly engineId: string;
  /** Null for a foreign trade or a liquidation. */
  readonly operationId: string | null;
  readonly market: string;
  readonly side: Side;
  readonly size: string;
  readonly price: string;
  readonly fee: string;
  readonly signature: string;
  /** 0 for the first fill of a signature. */
  readonly index: number;
  readonly tsMs: number;
}

export interface FundingRecord {
  readonly engineId: string;
  readonly market: string;
  readonly periodTsMs: number;
  /** Fraction of the oracle TWAP per period, 1e9. */
  readonly rate: string;
  /** Signed lamports held at the period's end. */
  readonly position: string;
  /** Micro-USD, positive = received. */
  readonly amount: string;
  readonly tsMs: number;
}

/** Cumulative since the account's start, 1e-6 of the quote asset; the sources add up to `equity` - `baseline` exactly. */
export interface EquityRecord {
  readonly engineId: string;
  readonly tsMs: number;
  readonly marketTimeMs: number;
  readonly equity: string;
  readonly baseline: string;
  readonly price: string;
  readonly basis: string;
  readonly slippage: string;
  readonly funding: string;
  readonly interest: string;
  readonly fees: string;
  readonly gas: string;
  readonly transfers: string;
  readonly external: string;
  readonly unexplained: string;
  /** 1e-6 USD per unit of the quote asset, by its oracle. Absent: a row from before it was written. */
  readonly quotePrice?: string;
}

/** What the engine decided by itself, and why: of equal ones in a row only the first, and one an hour. */
export interface DecisionRecord {
  readonly engineId: string;
  readonly tsMs: number;
  readonly marketTimeMs: number;
  readonly action: string;
  /** Signed lamports; null: it trades nothing. */
  readonly size: string | null;
  readonly reasons: readonly { readonly code: string; readonly text: string; readonly figures: Json }[];
  /** As answers carry them. */
  readonly gates: readonly RecordedGate[];
}

export interface RecordedGate {
  readonly code: string;
  readonly pass: boolean;
  readonly blocks: boolean;
  readonly have: number | string | null;
  readonly need: number | string | null;
  readonly unit: string;
  readonly remedy: string;
}

/** Sums of an account's sources over a span of market time, in micro-USD as text. */
export interface EarningsSums {
  readonly fromMs: number;
  readonly toMs: number;
  readonly funding: string;
  readonly basis: string;
  readonly slippage: string;
  readonly fees: string;
  readonly gas: string;
  readonly interest: string;
  /** Equity times the milliseconds that it stood. */
  readonly equityTime: string;
  /** Funding periods that a position lived through. */
  readonly hedgedPeriods: number;
}

export const SPAN_NAMES = ['today', 'week', 'month', 'all'] as const;
export type SpanName = (typeof SPAN_NAMES)[number];

export interface StatisticsRecord {
  readonly spans: Readonly<Record<SpanName, EarningsSums>>;
  readonly worstDay: { readonly startMs: number; readonly net: string };
}

export interface SeriesQuery {
  readonly engineId: string;
  readonly names: readonly SeriesName[];
  /** Market time; absent: from the first, to the last. */
  readonly fromMs?: number;
  readonly toMs?: number;
  /** At most so many for each series. */
  readonly points: number;
}

/** Time of the last read in it, lowest, highest, last. Where nothing is known there is no point. */
export type SeriesPoint = readonly [tsMs: number, low: number, high: number, last: number];

export interface SeriesSpan {
  readonly fromMs: number;
  readonly toMs: number;
  readonly series: Readonly<Partial<Record<SeriesName, readonly SeriesPoint[]>>>;
}

/** For the metrics. */
export interface OperationCounts {
  /** All operations of the engine. `status` is that of the row now, so a total can only move to another status. */
  readonly operations: readonly {
    readonly kind: OperationRecord['kind'];
    readonly status: string;
    readonly count: number;
  }[];
  /** All signed transactions. `outcome` null: not known yet. */
  readonly transactions: readonly {
    readonly number: number;
    readonly outcome: string | null;
    readonly count: number;
  }[];
  /** Ended after the time that was asked for, oldest first. */
  readonly ended: readonly {
    readonly kind: OperationRecord['kind'];
    readonly status: string;
    readonly tookMs: number;
    readonly endedAtMs: number;
  }[];
  /** First seen confirmed after that time: from the signature to there. */
  readonly landed: readonly { readonly number: number; readonly tookMs: number; readonly atMs: number }[];
}
