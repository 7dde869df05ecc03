/** Words of the command line that the local Drift and the local Velocity understand alike. */
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { ValidationError } from '../../src/lib/errors.ts';
import type { PricePath } from './oracles.ts';
import { readPriceFile } from './price-file.ts';
import type { FundedWallet } from './sender.ts';

const OWNER_ONLY = 0o600;

/** Only before a chain runs; otherwise its changes would be lost. @throws ValidationError LOCALNET_OPTION */
export function checkWalletFile(path: string): void {
  try {
    closeSync(openSync(path, 'a', OWNER_ONLY));
  } catch (error) {
    throw new ValidationError('LOCALNET_OPTION', `--wallet-file cannot be written: ${String(error)}`);
  }
}

export function pricePathOf(text: string): number | PricePath {
  if (/^walk:./.test(text)) return { kind: 'walk', seed: text.slice('walk:'.length) };
  if (Number(text) > 0) return Number(text);
  if (existsSync(text)) return { kind: 'replay', rows: readPriceFile(readFileSync(text, 'utf8'), text) };
  throw new ValidationError('LOCALNET_OPTION', `--price takes a price, walk:<seed> or a file of prices, not ${text}.`);
}

/** As `solana-keygen` writes it. */
export function saveWallet(path: string, { secretKey }: FundedWallet): void {
  writeFileSync(path, JSON.stringify([...secretKey]), { mode: OWNER_ONLY });
}
