/** Velocity's accounts as another chain has them: copied from an RPC into a folder, and read from there. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ValidationError } from '../../src/lib/errors.ts';
import { codeHash } from '../../src/venues/solana-perps/deployed-program.ts';
import { VELOCITY_CODE_SHA256, VELOCITY_PROGRAM_ID } from '../../src/venues/velocity/program/accounts.ts';
import { perpMarketAddress, spotMarketAddress, stateAddress } from '../../src/venues/velocity/program/addresses.ts';
import { parseAccountFile } from '../account-input.ts';
import { cacheFolder, type Environment } from '../cache.ts';
import { accountsAt, hostOf, programAt, writeWhole } from '../perps/remote-accounts.ts';
import { SOL_ORACLE, USDT_ORACLE } from './markets.ts';
import type { VelocityDumps } from './program.ts';

/** Each account: what it is called, and where it is. */
const CLONED = {
  state: ['State', stateAddress()],
  perpMarket: ['SOL-PERP', perpMarketAddress(0)],
  quoteMarket: ['USDT', spotMarketAddress(0)],
  baseMarket: ['SOL', spotMarketAddress(1)],
  solOracle: ['the oracle of SOL', SOL_ORACLE],
  quoteOracle: ['the oracle of USDT', USDT_ORACLE],
} as const satisfies Readonly<Record<keyof VelocityDumps, readonly [name: string, address: string]>>;

const cachedAccountsFolder = (env: Environment): string => join(cacheFolder(env), 'velocity-accounts');

const fileOf = (folder: string, address: string): string => join(folder, `${address}.json`);

interface ClonedVelocity {
  /** Where the accounts are now. */
  readonly folder: string;
  /** That chain runs another build than the tested one, or shows none. Null: it runs the tested one. */
  readonly programNote: string | null;
}

/**
 * Copies Velocity's accounts from an RPC into the cache folder, as `solana account --output json` writes them. The program is
 * not copied: only the build that the tests ran on runs here.
 *
 * @throws ValidationError LOCALNET_CLONE
 */
export async function cloneVelocity(url: string, env: Environment): Promise<ClonedVelocity> {
  const host = hostOf(url);
  const accounts = await accountsAt(
    url,
    Object.values(CLONED).map(([, address]) => address),
  );
  const missing = Object.values(CLONED).filter(([, address]) => !accounts.has(address));
  if (missing.length > 0)
    throw new ValidationError(
      'LOCALNET_CLONE',
      `${host} has no ${missing.map(([name]) => name).join(', ')} of Velocity ${VELOCITY_PROGRAM_ID}.`,
    );
  const folder = cachedAccountsFolder(env);
  mkdirSync(folder, { recursive: true });
  for (const [pubkey, account] of accounts) writeWhole(fileOf(folder, pubkey), JSON.stringify({ pubkey, account }));
  return { folder, programNote: await noteOfProgram(url, host) };
}

async function noteOfProgram(url: string, host: string): Promise<string | null> {
  const code = await programAt(url, VELOCITY_PROGRAM_ID);
  if (code === null) return `${host} shows no program; the tested build runs here.`;
  const hash = codeHash(code);
  return hash === VELOCITY_CODE_SHA256 ? null : `${host} runs another build (${hash}); the tested one runs here.`;
}

/** @throws ValidationError LOCALNET_ACCOUNT when the folder lacks an account, or one is another program's */
export function readDumps(folder: string): VelocityDumps {
  const read = (of: keyof typeof CLONED): Uint8Array => {
    const [name, address] = CLONED[of];
    const path = fileOf(folder, address);
    if (!existsSync(path))
      throw new ValidationError('LOCALNET_ACCOUNT', `${folder} lacks ${name} of Velocity (${address}.json).`);
    const { owner, data = '' } = accountIn(path);
    if (owner !== VELOCITY_PROGRAM_ID)
      throw new ValidationError('LOCALNET_ACCOUNT', `${path} is not Velocity's: ${owner} owns it.`);
    return Buffer.from(data, 'base64');
  };
  return {
    state: read('state'),
    perpMarket: read('perpMarket'),
    quoteMarket: read('quoteMarket'),
    baseMarket: read('baseMarket'),
    solOracle: read('solOracle'),
    quoteOracle: read('quoteOracle'),
  };
}

function accountIn(path: string): ReturnType<typeof parseAccountFile> {
  try {
    return parseAccountFile(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new ValidationError('LOCALNET_ACCOUNT', `${path} is no account: ${String(error)}`);
  }
}
