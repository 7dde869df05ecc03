/**
 * Which program, whose account, and the addresses derived from them. Market indexes, mints and oracles are not here: they
 * are read from the chain by the markets' names, so a successor of the same shape needs other settings but no other
 * code. The seeds are those of Drift v2 (`#[derive(Accounts)]` of its instructions); its forks change only the signer's.
 */

import { PublicKey } from '@solana/web3.js';
import { SOL_PERP } from '../../domain/account/account.ts';
import { BoundedMap } from '../../lib/bounded.ts';
import { CriticalError } from '../../lib/errors.ts';
import type { ClusterName } from './clusters.ts';

export interface DeploymentSettings {
  readonly env: ClusterName;
  /** Base58. Null: the program's own address on mainnet. */
  readonly programId: string | null;
  /** Base58: whose account. */
  readonly authority: string;
  readonly subAccount: number;
  /** As the market's account names it. */
  readonly market?: string;
}

export interface PerpsAddresses {
  readonly env: ClusterName;
  readonly programId: PublicKey;
  /** The wallet: owner of the account, and of the token accounts that deposits come from. */
  readonly authority: PublicKey;
  readonly subAccount: number;
  /** Names: `SOL-PERP`, and the spot asset that it is hedged with. The quote asset is the one that the market settles in. */
  readonly market: string;
  readonly baseAsset: string;
  readonly state: PublicKey;
  /** The margin account (sub-account) and the authority's statistics, which all its sub-accounts share. */
  readonly user: PublicKey;
  readonly userStats: PublicKey;
  /** The program's own signer: authority of the vaults. */
  readonly signer: PublicKey;
}

export const TOKEN_PROGRAM = new PublicKey('TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA');
export const TOKEN_2022_PROGRAM = new PublicKey('TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb');
const ASSOCIATED_TOKEN_PROGRAM = new PublicKey('ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL');
const MAX_SUB_ACCOUNT = 0xffff;

const u16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
};

/** Deriving an address off the curve takes a millisecond, and every read needs the same few. */
const MAX_FOUND = 1_000;
const found = new BoundedMap<string, PublicKey>(MAX_FOUND);

function derived(programId: PublicKey, ...seeds: readonly (string | Uint8Array)[]): PublicKey {
  const bytes = seeds.map((seed) => Buffer.from(seed as Uint8Array));
  const name = [programId.toBytes(), ...bytes].map((each) => Buffer.from(each).toString('base64')).join(' ');
  const known = found.get(name);
  if (known !== undefined) return known;
  const [address] = PublicKey.findProgramAddressSync(bytes, programId);
  found.set(name, address);
  return address;
}

function keyOf(text: string, setting: string): PublicKey {
  try {
    return new PublicKey(text);
  } catch {
    throw new CriticalError('ADDRESS_MALFORMED', `${setting} is not an address. Expected 32 bytes in base58.`, {
      setting,
    });
  }
}

/** @throws CriticalError ADDRESS_MALFORMED, BAD_SUB_ACCOUNT */
export function addressesOf(
  program: { readonly programId: string; readonly signerSeed: string },
  settings: DeploymentSettings,
): PerpsAddresses {
  const { env, subAccount, market = SOL_PERP } = settings;
  if (!Number.isInteger(subAccount) || subAccount < 0 || subAccount > MAX_SUB_ACCOUNT) {
    throw new CriticalError(
      'BAD_SUB_ACCOUNT',
      `DRIFT_SUB_ACCOUNT is ${subAccount}. Expected 0 to ${MAX_SUB_ACCOUNT}.`,
      {
        got: subAccount,
        expected: `a whole number from 0 to ${MAX_SUB_ACCOUNT}`,
      },
    );
  }
  const programId = keyOf(settings.programId ?? program.programId, 'DRIFT_PROGRAM_ID');
  const authority = keyOf(settings.authority, 'AUTHORITY');
  return {
    env,
    programId,
    authority,
    subAccount,
    market,
    baseAsset: market.replace(/-[A-Z]+$/, ''),
    state: derived(programId, 'drift_state'),
    user: derived(programId, 'user', authority.toBytes(), u16(subAccount)),
    userStats: derived(programId, 'user_stats', authority.toBytes()),
    signer: derived(programId, program.signerSeed),
  };
}

/** The margin account of whoever owns it, base58: one seed for Drift and its forks. */
export const marginAccountAddress = (programId: string, authority: string, subAccount: number): string =>
  derived(
    keyOf(programId, 'DRIFT_PROGRAM_ID'),
    'user',
    keyOf(authority, 'AUTHORITY').toBytes(),
    u16(subAccount),
  ).toBase58();

export const perpMarketAddress = ({ programId }: PerpsAddresses, marketIndex: number): PublicKey =>
  derived(programId, 'perp_market', u16(marketIndex));

export const spotMarketAddress = ({ programId }: PerpsAddresses, marketIndex: number): PublicKey =>
  derived(programId, 'spot_market', u16(marketIndex));

export const spotVaultAddress = ({ programId }: PerpsAddresses, marketIndex: number): PublicKey =>
  derived(programId, 'spot_market_vault', u16(marketIndex));

/** The associated token account of `owner`. */
export const tokenAccountAddress = (owner: PublicKey, mint: PublicKey, tokenProgram = TOKEN_PROGRAM): PublicKey =>
  derived(ASSOCIATED_TOKEN_PROGRAM, owner.toBytes(), tokenProgram.toBytes(), mint.toBytes());
