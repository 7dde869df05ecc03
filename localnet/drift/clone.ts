import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ValidationError } from '../../src/lib/errors.ts';
import type { Environment } from '../cache.ts';
import { toBase58 } from '../wire/base58.ts';
import { insuranceVaultAddress, spotMarketAddress, USDC_MINT, vaultAddress } from './addresses.ts';
import { NEEDED_ACCOUNTS } from './loaded-accounts.ts';
import { cachedAccountsFolder, cachedProgramPath, checkDriftProgram, DRIFT_PROGRAM_ID } from './program.ts';

const REQUEST_MS = 60_000;
const UPGRADEABLE_LOADER = 'BPFLoaderUpgradeab1e11111111111111111111111';
/** Before the code, in the account that holds an upgradeable program's. */
const PROGRAM_DATA_HEADER_BYTES = 45;
/** Of v2.84: accounts on a chain are longer, filled with zeros. */
const PROGRAM_BYTES = 4_095_064;

interface RpcAccount {
  readonly lamports: number;
  readonly data: readonly [string, string];
  readonly owner: string;
  readonly executable: boolean;
}

/** @throws ValidationError LOCALNET_CLONE */
async function call(url: string, method: string, params: readonly unknown[]): Promise<unknown> {
  const failed = (why: string) => new ValidationError('LOCALNET_CLONE', `${method} of ${hostOf(url)}: ${why}`);
  let answer: { result?: { value?: unknown }; error?: { message?: string } };
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
      signal: AbortSignal.timeout(REQUEST_MS),
    });
    if (!response.ok) throw failed(`HTTP ${response.status}`);
    answer = (await response.json()) as typeof answer;
  } catch (error) {
    if (error instanceof ValidationError) throw error;
    // What fetch itself says is no more than that it failed.
    throw failed(String((error as Error).cause ?? error));
  }
  if (answer.error !== undefined) throw failed(answer.error.message ?? 'refused');
  return answer.result?.value;
}

/** An RPC's URL may carry a key. */
const hostOf = (url: string): string => {
  try {
    return new URL(url).host;
  } catch {
    throw new ValidationError('LOCALNET_CLONE', '--clone takes the URL of an RPC.');
  }
};

async function accountsAt(url: string, addresses: readonly string[]): Promise<ReadonlyMap<string, RpcAccount>> {
  const config = { encoding: 'base64', commitment: 'confirmed' };
  const value = (await call(url, 'getMultipleAccounts', [addresses, config])) as (RpcAccount | null)[];
  return new Map(
    addresses.flatMap((address, i): [string, RpcAccount][] => {
      const account = value[i] ?? null;
      return account === null ? [] : [[address, account]];
    }),
  );
}

/** The program's code as that chain has it. Null: it has no such program. */
async function programAt(url: string): Promise<Uint8Array | null> {
  const account = (await accountsAt(url, [DRIFT_PROGRAM_ID])).get(DRIFT_PROGRAM_ID);
  if (account === undefined) return null;
  const data = Buffer.from(account.data[0], 'base64');
  if (account.owner !== UPGRADEABLE_LOADER) return data;
  const address = toBase58(data.subarray(4, 36));
  const code = (await accountsAt(url, [address])).get(address);
  return code === undefined ? null : Buffer.from(code.data[0], 'base64').subarray(PROGRAM_DATA_HEADER_BYTES);
}

interface Cloned {
  /** Where the accounts lie now. */
  readonly folder: string;
  /** Null: that chain's program is another one, for `programNote` to say. */
  readonly programPath: string | null;
  readonly programNote: string | null;
}

/**
 * Fetches what the local Drift needs from an RPC and keeps it in the cache folder: the accounts as
 * `solana account --output json` writes them, and the program if it is v2.84.
 *
 * @throws ValidationError LOCALNET_CLONE
 */
export async function cloneDrift(url: string, env: Environment): Promise<Cloned> {
  const host = hostOf(url);
  const vaults = [0, 1].flatMap((index) => [
    spotMarketAddress(index),
    vaultAddress(index),
    insuranceVaultAddress(index),
  ]);
  const addresses = [...new Set([...NEEDED_ACCOUNTS.map(([, address]) => address), ...vaults, USDC_MINT])];
  const accounts = await accountsAt(url, addresses);
  const missing = NEEDED_ACCOUNTS.filter(([, address]) => !accounts.has(address)).map(([name]) => name);
  if (missing.length > 0)
    throw new ValidationError('LOCALNET_CLONE', `${host} has no ${missing.join(', ')} of Drift ${DRIFT_PROGRAM_ID}.`);
  const folder = cachedAccountsFolder(env);
  mkdirSync(folder, { recursive: true });
  for (const [pubkey, account] of accounts) write(join(folder, `${pubkey}.json`), JSON.stringify({ pubkey, account }));
  const code = await programAt(url);
  if (code === null) return { folder, programPath: null, programNote: `${host} shows no program.` };
  const elf = code.subarray(0, PROGRAM_BYTES);
  try {
    checkDriftProgram(elf, `The program at ${host}`);
  } catch (error) {
    if (error instanceof ValidationError) return { folder, programPath: null, programNote: error.message };
    throw error;
  }
  const path = cachedProgramPath(env);
  mkdirSync(dirname(path), { recursive: true });
  write(path, elf);
  return { folder, programPath: path, programNote: null };
}

/** Whole or not at all: a file that is cut short would be taken for one. */
function write(path: string, data: string | Uint8Array): void {
  const beside = `${path}.${process.pid}.part`;
  writeFileSync(beside, data);
  renameSync(beside, path);
}
