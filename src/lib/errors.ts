/**
 * One class per category of the table in docs/architecture/errors.md. `code` is stable and the same on the socket, in the log and as
 * Temporal's failure type; `details` carry figures and the remedy, as plain JSON.
 */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };
export type ErrorDetails = Readonly<Record<string, Json | undefined>>;
type ErrorCategory = 'transient' | 'validation' | 'critical' | 'unknown';

/** What crosses a process boundary: the socket's `error`, the journal's `error`, Temporal's failure details. */
export interface ErrorReport {
  readonly code: string;
  readonly message: string;
  readonly details?: ErrorDetails;
}

export abstract class DriftlessError extends Error {
  abstract readonly category: ErrorCategory;
  readonly code: string;
  readonly details: ErrorDetails;

  constructor(code: string, message: string, details: ErrorDetails = {}, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
    this.details = details;
  }

  report(): ErrorReport {
    return { code: this.code, message: this.message, details: this.details };
  }
}

/** RPC down, timeout, 429, congestion: retried 1, 2, 4 s. */
export class TransientError extends DriftlessError {
  readonly category = 'transient';
}

/** Bad input, a gate, insufficient funds: refused at once, never retried. */
export class ValidationError extends DriftlessError {
  readonly category = 'validation';
}

/** No key where one is needed, a bad sub-account: stops the engine. */
export class CriticalError extends DriftlessError {
  readonly category = 'critical';
}

/** The chain and we disagree, or a result cannot be known: a person or proof resolves it. */
export class UnknownStateError extends DriftlessError {
  readonly category = 'unknown';
}

/** Also one of another compiled program that was loaded into this process: it has classes of its own. */
export const isDriftlessError = (error: unknown): error is DriftlessError =>
  error instanceof DriftlessError ||
  (error instanceof Error && 'category' in error && 'code' in error && 'details' in error && 'report' in error);
