/** Where our errors become Temporal failures and back: the `type` is the stable code, `details[0]` the whole report. */
import { ApplicationFailure, TemporalFailure } from '@temporalio/common';
import { DriftlessError, type ErrorReport } from '../src/lib/errors.ts';

/** Something that none of our classes names: a defect, or a foreign library's error that an adapter let through. */
const UNEXPECTED_CODE = 'UNEXPECTED';

const isReport = (value: unknown): value is ErrorReport =>
  typeof value === 'object' &&
  value !== null &&
  'code' in value &&
  typeof value.code === 'string' &&
  'message' in value;

/**
 * A transient error is retryable, so that the caller's retry policy (1, 2, 4 s) applies; validation, critical and
 * unknown-state errors are not. What is not ours is retryable under `UNEXPECTED`: it may be a passing fault.
 */
export function asFailure(error: unknown): Error {
  if (error instanceof TemporalFailure) return error;
  const report = asErrorReport(error);
  return ApplicationFailure.create({
    message: report.message,
    type: report.code,
    nonRetryable: error instanceof DriftlessError && error.category !== 'transient',
    details: [report],
    ...(error instanceof Error ? { cause: error } : {}),
  });
}

/** The report of an error that was thrown here or came back through Temporal (outermost cause last). */
export function asErrorReport(error: unknown): ErrorReport {
  if (error instanceof DriftlessError) return error.report();
  if (error instanceof ApplicationFailure) {
    const report = error.details?.[0];
    return isReport(report) ? report : { code: error.type ?? UNEXPECTED_CODE, message: error.message };
  }
  if (error instanceof TemporalFailure && error.cause !== undefined) return asErrorReport(error.cause);
  return { code: UNEXPECTED_CODE, message: error instanceof Error ? error.message : String(error) };
}

type AsyncFunctions<T> = { [Name in keyof T]: (...input: never[]) => Promise<unknown> };

/** The same activities, throwing Temporal failures in place of our errors. */
export function translateErrors<T extends AsyncFunctions<T>>(activities: T): T {
  const translated: Record<string, unknown> = {};
  for (const [name, activity] of Object.entries<(...input: never[]) => Promise<unknown>>(activities)) {
    translated[name] = async (...input: never[]) => {
      try {
        return await activity(...input);
      } catch (error) {
        throw asFailure(error);
      }
    };
  }
  return translated as T;
}
