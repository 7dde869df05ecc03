/** Translates a database driver's errors: trouble with the connection is transient, everything else is a defect. */
import { CriticalError, TransientError } from '../lib/errors.ts';

/**
 * Classes of SQLSTATE (https://www.postgresql.org/docs/15/errcodes-appendix.html) after which the same call may
 * succeed: 08 connection, 25P03 idle too long, 40 rollback (deadlock, serialization), 53 resources, 55P03 lock,
 * 57 operator intervention (statement timeout, shutdown), 58 system error.
 */
const RETRYABLE_SQLSTATE = /^(?:08|25P03|40|53|55P03|57|58)/;
const SQLSTATE = /^[0-9A-Z]{5}$/;
const NETWORK_CODE = /^E[A-Z]{3,}$/;
/** node-postgres and PGlite give these without a code. */
const LOST = /timeout|terminated|connection|not queryable|closed|ended|RuntimeError|unreachable/i;

const JOURNAL_REMEDY =
  'check that the database at DATABASE_URL answers, or free memory and disk space on this machine; Driftless keeps trying';

export const unavailable = (message: string, cause?: unknown): TransientError =>
  new TransientError(
    'UNAVAILABLE',
    `the journal is unavailable: ${message}`,
    { part: 'journal', remedy: JOURNAL_REMEDY },
    { cause },
  );

/** True when the connection itself may be in an unknown state and must not be used again. */
export function breaksConnection(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  if (typeof code === 'string' && SQLSTATE.test(code) && !NETWORK_CODE.test(code)) return /^(?:08|57P)/.test(code);
  return true;
}

export function asJournalError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof TransientError) return error;
  const code = (error as { code?: unknown }).code;
  if (typeof code === 'string') {
    if (RETRYABLE_SQLSTATE.test(code) || NETWORK_CODE.test(code)) return unavailable(error.message, error);
    return error;
  }
  return LOST.test(`${error.name} ${error.message}`) ? unavailable(error.message || error.name, error) : error;
}

const NO_DATABASE = '3D000';
/** Of a role that is missing, whose password is wrong, or that may not do what a journal needs. */
const NOT_ALLOWED: ReadonlySet<string> = new Set(['28000', '28P01', '42501']);

/** The server answers but refuses us: what to fix there; null for any other error. */
export function whyNotLetIn(error: unknown): CriticalError | null {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  if (code === NO_DATABASE) {
    const remedy = 'create the database, or correct its name in DATABASE_URL';
    return new CriticalError('DATABASE_MISSING', `Postgres says: ${message}.`, { remedy }, { cause: error });
  }
  if (typeof code !== 'string' || !NOT_ALLOWED.has(code)) return null;
  const remedy = 'create the role or grant it its rights, or correct user and password in DATABASE_URL';
  return new CriticalError('DATABASE_DENIED', `Postgres says: ${message}.`, { remedy }, { cause: error });
}
