import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ValidationError } from '../../src/lib/errors.ts';
import type { Environment } from '../cache.ts';
import { accountsAt, hostOf, programAt, writeWhole } from '../perps/remote-accounts.ts';
import { insuranceVaultAddress, spotMarketAddress, USDC_MINT, vaultAddress } from './addresses.ts';
import { NEEDED_ACCOUNTS } from './loaded-accounts.ts';
import { cachedAccountsFolder, cachedProgramPath, checkDriftProgram, DRIFT_PROGRAM_ID } from './program.ts';

/** Of v2.84: accounts on a chain are longer, filled with zeros. */
const PROGRAM_BYTES = 4_095_064;

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
  for (const [pubkey, account] of accounts)
    writeWhole(join(folder, `${pubkey}.json`), JSON.stringify({ pubkey, account }));
  const code = await programAt(url, DRIFT_PROGRAM_ID);
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
  writeWhole(path, elf);
  return { folder, programPath: path, programNote: null };
}
