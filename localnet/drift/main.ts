/** `npm run localnet -- --drift`: from words of the command line to a running Drift. */
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { ValidationError } from '../../src/lib/errors.ts';
import type { LocalnetOptions } from '../localnet.ts';
import type { PricePath } from '../perps/oracles.ts';
import { readPriceFile } from '../perps/price-file.ts';
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

const OWNER_ONLY = 0o600;
const MADE = 'made';

/** The accounts: those named, else those just cloned, else those in the cache, else made ones. */
export async function startFromArguments(
  options: LocalnetOptions,
  { program, clone, accountsFolder, price, walletFile, fundingHourly }: DriftArguments,
  say: (line: string) => void,
): Promise<DriftLocalnet> {
  if (walletFile !== undefined) checkWritable(walletFile);
  const solPrice = price === undefined ? {} : { solPrice: pathOf(price) };
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
  if (walletFile !== undefined)
    writeFileSync(walletFile, JSON.stringify([...drift.wallet.secretKey]), { mode: OWNER_ONLY });
  say(welcome(drift, folder, walletFile));
  return drift;
}

/** Only before a chain runs; otherwise its changes would be lost. */
function checkWritable(path: string): void {
  try {
    closeSync(openSync(path, 'a', OWNER_ONLY));
  } catch (error) {
    throw new ValidationError('LOCALNET_OPTION', `--wallet-file cannot be written: ${String(error)}`);
  }
}

function pathOf(text: string): number | PricePath {
  if (/^walk:./.test(text)) return { kind: 'walk', seed: text.slice('walk:'.length) };
  if (Number(text) > 0) return Number(text);
  if (existsSync(text)) return { kind: 'replay', rows: readPriceFile(readFileSync(text, 'utf8'), text) };
  throw new ValidationError('LOCALNET_OPTION', `--price takes a price, walk:<seed> or a file of prices, not ${text}.`);
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
