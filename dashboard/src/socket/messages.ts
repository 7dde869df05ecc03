/**
 * What the page reads from the socket. Everything is optional on the wire: null here means unknown and is shown so.
 * Money as JSON numbers is for display; `*Base` are exact base units, for the forms.
 */

import type { EquitySource } from '../../../src/domain/account/snapshot.ts';
import type { EngineState, TradingState } from '../../../src/domain/engine/hold.ts';
import type { Mode } from '../../../src/domain/order/command.ts';
import type { Fields } from './read.ts';

export interface PositionView {
  readonly market: string;
  readonly amount: number | null;
  readonly entryPrice: number | null;
  readonly markPrice: number | null;
  readonly pnl: number | null;
  /** Null: there is none, or it is unknown (the account's `liqKind` tells); undefined: the server did not say. */
  readonly liqPrice: number | null | undefined;
}

export interface DriftState {
  readonly health: number | null;
  readonly leverage: number | null;
  readonly totalCollateral: number | null;
  readonly freeCollateral: number | null;
  readonly maintenanceMargin: number | null;
  /** Null: unknown, which is not the same as none. */
  readonly positions: readonly PositionView[] | null;
  readonly netDelta: number | null;
  readonly driftPct: number | null;
}

export interface HoldView {
  readonly code: string;
  readonly key: string | null;
  readonly sinceMs: number | null;
  readonly permits: 'reducing' | 'nothing' | null;
  readonly clearedBy: 'itself' | 'person' | null;
  readonly reason: string;
}

export interface UnresolvedView {
  readonly operationId: string;
  readonly kind: string | null;
  readonly sinceMs: number | null;
  readonly signature: string | null;
  readonly explorerUrl: string | null;
  readonly temporalUrl: string | null;
  readonly summary: string | null;
}

export interface OperationView {
  readonly operationId: string;
  readonly kind: string | null;
  readonly stage: string | null;
}

export interface EngineView {
  readonly engineId: string | null;
  readonly mode: Mode | null;
  readonly state: EngineState | null;
  readonly tradingState: TradingState | null;
  readonly reason: string | null;
  readonly feed: string | null;
  /** 0 to 1. */
  readonly hedgeTarget: number | null;
  readonly cooldownUntilMs: number | null;
  /** Wall milliseconds that were left when the message was made; undefined: the server did not say. */
  readonly cooldownRemainingMs: number | null | undefined;
  readonly operation: OperationView | null;
  readonly unresolved: readonly UnresolvedView[];
  /** Null: unknown. */
  readonly holds: readonly HoldView[] | null;
  readonly decision: string | null;
}

export interface MarketView {
  readonly market: string | null;
  readonly feed: string | null;
  readonly synthetic: boolean | null;
  readonly speed: number | 'max' | null;
  readonly ended: boolean | null;
  readonly row: number | null;
  readonly rows: number | null;
  readonly warnings: readonly string[];
  /** What the venue refuses now, in words; empty: nothing that it tells of. */
  readonly pauses: { readonly forbids: readonly string[]; readonly detail: string | null };
  readonly marketTimeMs: number | null;
  readonly oraclePrice: number | null;
  readonly oracleValid: boolean | null;
  readonly oracleInvalidReason: string | null;
  readonly markPrice: number | null;
  readonly stepBase: bigint | null;
  readonly minimumBase: bigint | null;
  readonly funding: {
    readonly periodMs: number | null;
    readonly lastRate: number | null;
    readonly trailingMeanRate: number | null;
    readonly knownHours: number | null;
    /** Wall milliseconds to the next period when the message was made. */
    readonly nextPeriodInMs: number | null;
  };
}

export interface AccountView {
  readonly exists: boolean | null;
  /** What the first deposit pays to open the account. */
  readonly openingCostBase: bigint | null;
  readonly walletSol: number | null;
  readonly walletUsdc: number | null;
  readonly walletSolBase: bigint | null;
  readonly walletUsdcBase: bigint | null;
  readonly spotSol: number | null;
  readonly spotUsdc: number | null;
  readonly spotSolBase: bigint | null;
  readonly spotUsdcBase: bigint | null;
  /** What a command may ask for at most; null: unknown. */
  readonly maxDepositSolBase: bigint | null;
  readonly maxDepositUsdcBase: bigint | null;
  readonly maxWithdrawSolBase: bigint | null;
  readonly maxWithdrawUsdcBase: bigint | null;
  /** What binds deposits, and what frees them; null: nothing. */
  readonly heldBack: string | null;
  readonly perpSol: number | null;
  readonly driftFromTargetPct: number | null;
  readonly liqPrice: number | null | undefined;
  readonly liqKind: string | null;
  readonly liqDistancePct: number | null;
  readonly equity: number | null;
  readonly equityChange: number | null;
  /** Micro-USD, exact; a source that the server does not tell is null. */
  readonly equityChangeBase: bigint | null;
  readonly sourcesBase: Readonly<Record<EquitySource, bigint | null>> | null;
  readonly settledPnl: number | null;
  readonly unsettledPnl: number | null;
  readonly accruedFunding: number | null;
  readonly accruedInterest: number | null;
  readonly nextFundingEstimate: number | null;
  readonly fundingReceived: number | null;
  readonly costsPaid: number | null;
  readonly earnsPerDay: number | null;
  readonly breakEvenDays: number | null;
  readonly breakEvenNote: string | null;
}

export interface PolicyView {
  readonly driftTolerancePct: number | null;
  readonly maxLeverage: number | null;
  readonly reservedSolBase: bigint | null;
  readonly permissions: string | null;
  readonly maxSnapshotAgeMs: number | null;
}

export interface Stats {
  readonly drift: DriftState;
  readonly engine: EngineView;
  readonly market: MarketView;
  readonly account: AccountView;
  readonly policy: PolicyView;
  readonly temporalUrl: string | null;
  readonly asOfMs: number | null;
  readonly ageMs: number | null;
}

export interface GateView {
  readonly code: string;
  readonly pass: boolean | null;
  /** It failed and stops this; null where the server does not tell the two apart. */
  readonly blocks: boolean | null;
  readonly have: string | null;
  readonly need: string | null;
  readonly remedy: string | null;
}

export interface ErrorView {
  readonly code: string;
  readonly message: string;
  readonly remedy: string | null;
  readonly gates: readonly GateView[];
}

export type ResultStatus = 'done' | 'pending' | 'confirmation_required' | 'rejected' | 'failed' | 'unknown';

export interface ConfirmationView {
  readonly token: string;
  readonly expiresAtMs: number | null;
  readonly expiresInMs: number | null;
  readonly preview: Fields;
}

export interface CommandResult {
  readonly action: string;
  readonly commandId: string;
  readonly success: boolean;
  readonly status: ResultStatus | null;
  readonly message: string;
  readonly operationId: string | null;
  readonly signature: string | null;
  readonly changed: boolean | null;
  readonly commitment: string | null;
  readonly confirmation: ConfirmationView | null;
  readonly error: ErrorView | null;
}

export interface TransactionUpdate {
  readonly operationId: string;
  readonly commandId: string | null;
  readonly attempt: number | null;
  readonly stage: string | null;
  readonly signature: string | null;
  readonly outcome: string | null;
  readonly explorerUrl: string | null;
  readonly temporalUrl: string | null;
}

export interface FundingPayment {
  readonly market: string | null;
  readonly periodMs: number | null;
  readonly rate: number | null;
  readonly amount: number | null;
}

export interface AlertView {
  readonly id: string;
  readonly kind: 'alert' | 'recovered';
  readonly severity: 'info' | 'warning' | 'critical';
  readonly code: string;
  readonly message: string;
  readonly action: string | null;
  readonly operationId: string | null;
  readonly signature: string | null;
  readonly explorerUrl: string | null;
  readonly temporalUrl: string | null;
  /** Gives a verdict from a terminal. */
  readonly signalCommand: string | null;
  readonly tsMs: number | null;
}

export type ServerMessage =
  | { readonly type: 'stats'; readonly stats: Stats }
  | {
      readonly type: 'status';
      readonly engine: Pick<EngineView, 'engineId' | 'mode' | 'state' | 'tradingState' | 'reason'>;
    }
  | { readonly type: 'result'; readonly result: CommandResult }
  | { readonly type: 'transaction'; readonly update: TransactionUpdate }
  | { readonly type: 'funding'; readonly payment: FundingPayment }
  | { readonly type: 'alert'; readonly alert: AlertView }
  | { readonly type: 'error'; readonly error: ErrorView }
  | { readonly type: 'other' };
