/** `npm run localnet -- --drift`: from words of the command line to a running Drift. */
import { existsSync } from 'node:fs';
import type { LocalnetOptions } from '../localnet.ts';
import { checkWalletFile, pricePathOf, saveWallet } from '../perps/arguments.ts';
import { toBase58 } from '../wire/base58.ts';
import { cloneDrift } from './clone.ts';
import { type DriftLocalnet, startDriftLocalnet } from './index.ts';
import { cachedAccountsFolder } from './program.ts';

/** As cli-options.mjs reads them. */
export interface DriftArguments {
  readonly program?: string;
  readonly clone?: string;
  /** A folder of dumps, or `made`. */
  readonly accountsFolder?: string;
  /** USD, `walk:<seed>`, or a file of prices. */
  readonly price?: string;
  readonly walletFile?: string;
  readonly fundingHourly?: number;
}

const MADE = 'made';

/** The accounts: those named, else those just cloned, else those in the cache, else made ones. */
export async function startFromArguments(
  options: LocalnetOptions,
  { program, clone, accountsFolder, price, walletFile, fundingHourly }: DriftArguments,
  say: (line: string) => void,
): Promise<DriftLocalnet> {
  if (walletFile !== undefined) checkWalletFile(walletFile);
  const solPrice = price === undefined ? {} : { solPrice: pricePathOf(price) };
  const cloned = clone === undefined ? null : await cloneDrift(clone, process.env);
  if (cloned !== null && cloned.programNote !== null)
    say(`${cloned.programNote} Another source is used for the program.`);
  const cached = cachedAccountsFolder(process.env);
  const folder = accountsFolder ?? cloned?.folder ?? (existsSync(cached) ? cached : MADE);
  const path = program ?? cloned?.programPath ?? undefined;
  const drift = await startDriftLocalnet({
    ...options,
    ...(path === undefined ? {} : { program: path }),
    ...(folder === MADE ? {} : { accountsFolder: folder }),
    ...solPrice,
    ...(fundingHourly === undefined ? {} : { fundingHourly }),
  });
  if (walletFile !== undefined) saveWallet(walletFile, drift.wallet);
  say(welcome(drift, folder, walletFile));
  return drift;
}

function welcome(drift: DriftLocalnet, folder: string, walletFile: string | undefined): string {
  const from = folder === MADE ? 'made here' : `from ${folder}`;
  const key = walletFile === undefined ? toBase58(drift.wallet.secretKey) : `in ${walletFile}`;
  return [
    `Drift v2.84, program ${drift.programId}, accounts ${from}, SOL at $${drift.oracles.sol.price}`,
    `  wallet   ${drift.wallet.address}, funded; no Drift account yet`,
    `  its key  ${key}   (of this chain only: it comes from the seed)`,
  ].join('\n');
}
