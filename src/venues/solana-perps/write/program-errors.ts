/** An error of the venue's program as one of our codes, with the program's own name for it. */
import { VersionedTransaction } from '@solana/web3.js';
import type { Draft } from '../../../chain/draft.ts';
import { lastLogs } from '../../../chain/transaction-error.ts';
import type { ErrorReport, Json } from '../../../lib/errors.ts';
import type { PerpsProgram } from '../perps-program.ts';

/** By the program's names. An error in none of them keeps the code that the chain gave it. */
const CODES: Readonly<Record<string, readonly string[]>> = {
  INSUFFICIENT_FUNDS: [
    'InsufficientDeposit',
    'InsufficientCollateral',
    'InsufficientCollateralForSettlingPNL',
    'InvalidOrderForInitialMarginReq',
    'SpotMarketInsufficientDeposits',
    'DailyWithdrawLimit',
    'ReduceOnlyWithdrawIncreasedRisk',
    'MarginTradingDisabled',
    'CantPayUserInitFee',
  ],
  BELOW_MINIMUM: [
    'OrderAmountTooSmall',
    'OrderSizeTooSmall',
    'InvalidOrderSizeTooSmall',
    'InvalidOrderMinOrderSize',
    'InvalidOrderNotStepSizeMultiple',
  ],
  VENUE_PAUSED: [
    'ExchangePaused',
    'MarketActionPaused',
    'MarketPlaceOrderPaused',
    'MarketFillOrderPaused',
    'MarketWithdrawPaused',
    'MarketDelisted',
    'MarketBeingInitialized',
    'InvalidMarketStatusToSettlePnl',
    'InvalidMarketStatusForFills',
    'SpotMarketReduceOnly',
    'UserReduceOnly',
    'MaxOpenInterest',
    'MaxDeposit',
    'DailyDepositLimit',
    'EquityBelowFloor',
    'InvalidOrderNotRiskReducing',
  ],
  NO_POSITION: ['UserHasNoPositionInMarket'],
  /** An order that is placed and taken at once, and landed after its time. */
  ORDER_NOT_FILLED: ['OrderDoesNotExist'],
  /** A temporary state of the oracle or the market; it may pass later. */
  UNAVAILABLE: [
    'UnableToLoadOracle',
    'InvalidOracle',
    'OracleNotFound',
    'OracleNonPositive',
    'OracleTooVolatile',
    'OracleTooUncertain',
    'OracleStaleForMargin',
    'OracleInsufficientDataPoints',
    'OracleStaleForAMM',
    'PriceBandsBreached',
    'AMMNotUpdatedInSameSlot',
    'InvalidOracleForSettlePnl',
    'PerpMarketNotFound',
    'SpotMarketNotFound',
    'SpotMarketInterestStaleForMargin',
    'PlaceAndTakeOrderSuccessConditionFailed',
  ],
};
const CODE_OF: ReadonlyMap<string, string> = new Map(
  Object.entries(CODES).flatMap(([code, names]) => names.map((name) => [name, code] as const)),
);

/** `Error Code: InsufficientCollateral. Error Number: 6003. Error Message: …` as Anchor logs it. */
const ANCHOR_ERROR = /Error Code: (\w+)\. Error Number: (\d+)\. Error Message: (.*?)\.?$/;
/** Compute limit and price come first in every transaction that we build. */
const BUDGET_INSTRUCTIONS = 2;

interface Failed {
  readonly instruction: number;
  readonly number: number;
}

/** `{InstructionError: [3, {Custom: 6003}]}` */
function failedInstruction(error: Json | undefined): Failed | null {
  if (error === null || typeof error !== 'object' || Array.isArray(error)) return null;
  const at = (error as { readonly InstructionError?: Json }).InstructionError;
  if (!Array.isArray(at) || typeof at[0] !== 'number') return null;
  const inner = at[1] as { readonly Custom?: Json } | string | null;
  if (inner === null || typeof inner !== 'object' || typeof inner.Custom !== 'number') return null;
  return { instruction: at[0], number: inner.Custom };
}

interface FailedTransaction {
  readonly report: ErrorReport;
  /** The program of the instruction at this index of the message; null if unknown. */
  readonly programOf: (instruction: number) => string | null;
  readonly program: Pick<PerpsProgram, 'name' | 'error'>;
  readonly programId: string;
  readonly logs: readonly string[];
}

/** The same report if another program failed, or the chain itself. */
export function explainFailure({ report, programOf, program, programId, logs }: FailedTransaction): ErrorReport {
  const failed = failedInstruction(report.details?.error);
  if (failed === null || programOf(failed.instruction) !== programId) return report;
  const logged = logs.map((line) => ANCHOR_ERROR.exec(line)).findLast((match) => match !== null);
  const own = Number(logged?.[2]) === failed.number ? logged : null;
  const known = program.error(failed.number);
  const name = known?.name ?? own?.[1] ?? null;
  // A number that is not the program's comes from one that it called; the report already says which.
  if (name === null) return report;
  const code = CODE_OF.get(name) ?? report.code;
  const text = known?.text ?? own?.[3] ?? name;
  return {
    code,
    message: `${program.name} refused the transaction: ${name} (${failed.number})${text === name ? '' : `, ${text}`}.`,
    details: {
      ...report.details,
      program_error: name,
      program_error_number: failed.number,
      ...(code === 'UNAVAILABLE' ? { part: 'venue' } : {}),
      ...(logs.length === 0 ? {} : { logs: lastLogs(logs) }),
    },
  };
}

/** The program of each instruction of a draft, counted as in the message made of it. */
export const programOfDraft =
  ({ instructions }: Draft) =>
  (index: number): string | null =>
    instructions[index - BUDGET_INSTRUCTIONS]?.programId.toBase58() ?? null;

/** The same of signed bytes. */
export function programOfWire(wire: string): (index: number) => string | null {
  try {
    const { message } = VersionedTransaction.deserialize(Buffer.from(wire, 'base64'));
    return (index) => {
      const compiled = message.compiledInstructions[index];
      return compiled === undefined ? null : (message.staticAccountKeys[compiled.programIdIndex]?.toBase58() ?? null);
    };
  } catch {
    return () => null;
  }
}
