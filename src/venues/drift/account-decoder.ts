/** Decodes Drift's accounts, its oracles and token accounts by the SDK's layouts (its IDL). */
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import {
  CustomBorshCoder,
  decodeUser,
  getOracleClient,
  type OracleClient,
  type OraclePriceData,
  type OracleSource,
} from '@drift-labs/sdk';
import { Connection } from '@solana/web3.js';
import { CriticalError } from '../../lib/errors.ts';
import type { ProgramAccountName } from '../solana-perps/program-accounts.ts';
import type { DriftAccountTypes } from './drift-accounts.ts';
import { variant } from './integers.ts';

export type DriftAccountName = ProgramAccountName;

const DISCRIMINATOR_BYTES = 8;
const NO_BYTES = Buffer.alloc(0);
/** The SDK's oracle clients require a connection. We give them bytes, so they never use it. */
const UNUSED_URL = 'http://127.0.0.1:1';

const coder = new CustomBorshCoder(
  createRequire(import.meta.url)('@drift-labs/sdk/lib/node/idl/drift.json') as ConstructorParameters<
    typeof CustomBorshCoder
  >[0],
);

/** Anchor: the first bytes of an account name its type. */
const discriminators = new Map<DriftAccountName, Buffer>();
function discriminatorOf(name: DriftAccountName): Buffer {
  const known = discriminators.get(name);
  if (known !== undefined) return known;
  const made = createHash('sha256').update(`account:${name}`).digest().subarray(0, DISCRIMINATOR_BYTES);
  discriminators.set(name, made);
  return made;
}

/** @throws CriticalError DRIFT_LAYOUT when the bytes are another account's, or too few */
export function decodeDriftAccount<N extends DriftAccountName>(name: N, bytes: Buffer): DriftAccountTypes[N] {
  if (!bytes.subarray(0, DISCRIMINATOR_BYTES).equals(discriminatorOf(name))) throw notA(name);
  try {
    // The SDK's own decoder of users is ten times faster than its general one.
    const decoded = name === 'User' ? decodeUser(bytes) : coder.accounts.decodeUnchecked(name, bytes);
    return decoded as DriftAccountTypes[N];
  } catch (error) {
    throw notA(name, error);
  }
}

const notA = (name: string, cause?: unknown): CriticalError =>
  new CriticalError(
    'DRIFT_LAYOUT',
    `An account is not a Drift ${name} as expected. The program at DRIFT_PROGRAM_ID has a different layout.`,
    { account: name, remedy: 'Check DRIFT_PROGRAM_ID and DRIFT_ENV.' },
    { cause },
  );

const clients = new Map<string, OracleClient>();
function oracleClient(source: OracleSource): OracleClient {
  const key = variant(source);
  const known = clients.get(key);
  if (known !== undefined) return known;
  const made = getOracleClient(
    source,
    new Connection(UNUSED_URL) as never,
    { account: { prelaunchOracle: { coder } } } as never,
  );
  clients.set(key, made);
  return made;
}

/** Null: the account does not exist, or this oracle source did not write its bytes. */
export function decodeOracleAccount(source: OracleSource, bytes: Buffer | null): OraclePriceData | null {
  if (variant(source) === 'quoteAsset') return oracleClient(source).getOraclePriceDataFromBuffer(NO_BYTES);
  if (bytes === null) return null;
  try {
    return oracleClient(source).getOraclePriceDataFromBuffer(bytes);
  } catch {
    return null;
  }
}
