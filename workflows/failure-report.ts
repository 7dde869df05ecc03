/** A failed activity's report, which `activities/failures.ts` put into its failure. */
import { ApplicationFailure, TemporalFailure } from '@temporalio/workflow';
import type { ErrorReport } from '../src/lib/errors.ts';
import { unwrapped } from '../src/lib/unsigned-payload.ts';

export function failureReport(error: unknown): ErrorReport {
  if (error instanceof ApplicationFailure) {
    const report = unwrapped(error.details?.[0]);
    if (isReport(report)) return report;
    return { code: error.type ?? 'UNEXPECTED', message: error.message };
  }
  if (error instanceof TemporalFailure && error.cause !== undefined) return failureReport(error.cause);
  const message = error instanceof Error ? error.message : String(error);
  // A timeout or a lost worker: nobody knows, and later it may work.
  return { code: 'UNAVAILABLE', message, details: { part: 'worker' } };
}

const isReport = (value: unknown): value is ErrorReport =>
  typeof value === 'object' && value !== null && 'code' in value && 'message' in value;

/** An activity's failure that no retry mends: our critical and validation errors. */
export function isForGood(error: unknown): boolean {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof ApplicationFailure) return cause.nonRetryable === true;
  }
  return false;
}

/** Later it may work. A defect may not, whatever its class says. */
export const isPassing = (error: unknown): boolean => !isForGood(error) && failureReport(error).code !== 'UNEXPECTED';
