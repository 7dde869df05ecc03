/** Accounts and programs as another chain has them, over its RPC, and kept in files. */
import { renameSync, writeFileSync } from 'node:fs';
import { ValidationError } from '../../src/lib/errors.ts';
import { toBase58 } from '../wire/base58.ts';

const REQUEST_MS = 60_000;
const UPGRADEABLE_LOADER = 'BPFLoaderUpgradeab1e11111111111111111111111';
/** Before the code, in the account that holds an upgradeable program's. */
const PROGRAM_DATA_HEADER_BYTES = 45;

export interface RemoteAccount {
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

/** An RPC's URL may carry a key. @throws ValidationError LOCALNET_CLONE */
export const hostOf = (url: string): string => {
  try {
    return new URL(url).host;
  } catch {
    throw new ValidationError('LOCALNET_CLONE', '--clone takes the URL of an RPC.');
  }
};

/** Those that exist, by address. @throws ValidationError LOCALNET_CLONE */
export async function accountsAt(
  url: string,
  addresses: readonly string[],
): Promise<ReadonlyMap<string, RemoteAccount>> {
  const config = { encoding: 'base64', commitment: 'confirmed' };
  const value = (await call(url, 'getMultipleAccounts', [addresses, config])) as (RemoteAccount | null)[];
  return new Map(
    addresses.flatMap((address, i): [string, RemoteAccount][] => {
      const account = value[i] ?? null;
      return account === null ? [] : [[address, account]];
    }),
  );
}

/** The program's code as that chain has it. Null: it has no such program. @throws ValidationError LOCALNET_CLONE */
export async function programAt(url: string, programId: string): Promise<Uint8Array | null> {
  const account = (await accountsAt(url, [programId])).get(programId);
  if (account === undefined) return null;
  const data = Buffer.from(account.data[0], 'base64');
  if (account.owner !== UPGRADEABLE_LOADER) return data;
  const address = toBase58(data.subarray(4, 36));
  const code = (await accountsAt(url, [address])).get(address);
  return code === undefined ? null : Buffer.from(code.data[0], 'base64').subarray(PROGRAM_DATA_HEADER_BYTES);
}

/** Whole or not at all: a file that is cut short would be taken for one. */
export function writeWhole(path: string, data: string | Uint8Array): void {
  const beside = `${path}.${process.pid}.part`;
  writeFileSync(beside, data);
  renameSync(beside, path);
}
