/** Decodes Drift's accounts by our own tables, and its oracles. */
import { CriticalError } from '../../lib/errors.ts';
import { decodeAccount } from '../solana-perps/account-layout.ts';
import {
  type OracleFormat,
  type OracleReading,
  oracleKindOf,
  readOracleAccount,
} from '../solana-perps/oracle-accounts.ts';
import type { ProgramAccountName } from '../solana-perps/program-accounts.ts';
import { PERP_MARKET, SPOT_MARKET, STATE, USER, USER_STATS } from './account-layouts.ts';
import type { DriftAccountTypes } from './drift-accounts.ts';
import { readSwitchboard } from './switchboard.ts';

const DECODERS: { readonly [N in ProgramAccountName]: (bytes: Uint8Array) => DriftAccountTypes[N] } = {
  State: (bytes) => decodeAccount(STATE, bytes),
  User: (bytes) => decodeAccount(USER, bytes),
  UserStats: (bytes) => decodeAccount(USER_STATS, bytes),
  PerpMarket: (bytes) => decodeAccount(PERP_MARKET, bytes),
  SpotMarket: (bytes) => decodeAccount(SPOT_MARKET, bytes),
};

/** @throws CriticalError DRIFT_LAYOUT when the bytes are another account's, or have another length */
export function decodeDriftAccount<N extends ProgramAccountName>(name: N, bytes: Uint8Array): DriftAccountTypes[N] {
  try {
    return DECODERS[name](bytes);
  } catch (error) {
    throw notA(name, error);
  }
}

const notA = (name: string, cause: unknown): CriticalError =>
  new CriticalError(
    'DRIFT_LAYOUT',
    `An account is not a Drift ${name} as expected. The program at DRIFT_PROGRAM_ID has a different layout.`,
    { account: name, remedy: 'Check DRIFT_PROGRAM_ID and DRIFT_ENV.' },
    { cause },
  );

const READS: readonly OracleFormat[] = ['push', 'pull', 'lazer', 'prelaunch', 'quote'];

/** Null: the account does not exist, or this oracle source did not write its bytes. */
export function decodeOracleAccount(source: number, bytes: Buffer | null): OracleReading | null {
  const { format } = oracleKindOf(source);
  try {
    if (format === 'switchboard' || format === 'switchboard on demand')
      return bytes === null ? null : readSwitchboard(format, bytes);
    return readOracleAccount(source, bytes, READS);
  } catch {
    return null;
  }
}
