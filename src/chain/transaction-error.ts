/** An error that a transaction met, in simulation or on chain, as a report with one of our codes. */
import type { ErrorReport, Json } from '../lib/errors.ts';

const NO_FUNDS: ReadonlySet<string> = new Set(['AccountNotFound', 'InsufficientFundsForFee', 'InvalidAccountForFee']);
const BROKEN: ReadonlySet<string> = new Set(['BlockhashNotFound', 'AlreadyProcessed', 'AccountInUse']);

/** The logs of a program: its last lines say why. */
const MAX_LOG_LINES = 20;
const MAX_LOG_CHARS = 300;

export const lastLogs = (logs: readonly string[]): readonly string[] =>
  logs.slice(-MAX_LOG_LINES).map((line) => line.slice(0, MAX_LOG_CHARS));

/** What the chain says of a landed transaction. @param error as `getSignatureStatuses` gives it */
export const failedOnChain = (error: Json): ErrorReport => ({
  code: noFunds(error, []) ? 'INSUFFICIENT_FUNDS' : 'TRANSACTION_FAILED',
  message: `The transaction failed on chain: ${nameOf(error)}.`,
  details: { error },
});

/** @param logs of the simulation, from which the system program's shortage is known */
export const failedInSimulation = (error: Json, logs: readonly string[]): ErrorReport => ({
  code: noFunds(error, logs) ? 'INSUFFICIENT_FUNDS' : 'SIMULATION_FAILED',
  message: `The simulation failed: ${nameOf(error)}.`,
  details: { error, logs: lastLogs(logs) },
});

/** The node's state, not the transaction, is what failed: to be tried again. */
export const isPassing = (error: Json): boolean => typeof error === 'string' && BROKEN.has(error);

function noFunds(error: Json, logs: readonly string[]): boolean {
  if (typeof error === 'string') return NO_FUNDS.has(error);
  if (error !== null && typeof error === 'object' && 'InsufficientFundsForRent' in error) return true;
  return logs.some((line) => /insufficient (lamports|funds)/i.test(line));
}

/** `InstructionError 2: Custom 6003`, from `{"InstructionError":[2,{"Custom":6003}]}`. */
export function nameOf(error: Json): string {
  if (typeof error === 'string') return error;
  if (error === null || typeof error !== 'object' || Array.isArray(error)) return JSON.stringify(error);
  const [name, inner] = Object.entries(error)[0] ?? [];
  if (name === undefined) return 'unnamed error';
  if (name === 'InstructionError' && Array.isArray(inner))
    return `instruction ${inner[0]}: ${nameOf(inner[1] ?? null)}`;
  return inner === null || inner === undefined ? name : `${name} ${typeof inner === 'object' ? nameOf(inner) : inner}`;
}
