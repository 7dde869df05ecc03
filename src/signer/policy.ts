/** What the signer signs: a file that only its own user writes. Table and example: docs/architecture/signer.md. */
import { dirname, resolve } from 'node:path';
import { formatAmount, parseAmount } from '../domain/money/amounts.ts';
import { fromBase58 } from '../lib/base58.ts';
import * as z from '../lib/codec.ts';
import { CriticalError, DriftlessError } from '../lib/errors.ts';
import { LIVE_VENUES, type LiveVenueName } from '../lib/ids.ts';

/** In base units of its asset. */
export interface Cap {
  /** Of one transaction. */
  readonly each: bigint;
  /** Of all on one day, UTC. */
  readonly perDay: bigint;
}

export interface AssetPolicy {
  readonly asset: string;
  readonly decimals: number;
  readonly spotMarket: number;
  readonly mint: string;
  readonly tokenProgram: string;
  /** Null: none are signed. */
  readonly deposit: Cap | null;
  readonly withdraw: Cap | null;
}

export interface SignerPolicy {
  readonly wallet: string;
  readonly keypairPath: string;
  readonly socketPath: string;
  readonly statePath: string;
  readonly venue: LiveVenueName;
  /** Null: the venue's own program. */
  readonly programId: string | null;
  readonly subAccounts: readonly number[];
  /** The market whose orders are signed. */
  readonly perpMarket: number;
  /** Further markets in which the account holds something: settling writes them. */
  readonly otherPerpMarkets: readonly number[];
  readonly assets: readonly AssetPolicy[];
  /** Lamports of orders that are not reduce-only; null: none are signed. */
  readonly order: Cap | null;
  /** Base fee and priority fee together, lamports. */
  readonly fee: Cap;
  readonly tipLamports: bigint;
  readonly tipAccounts: readonly string[];
  /** Addresses of lookup tables and what they hold, in order. */
  readonly lookupTables: Readonly<Record<string, readonly string[]>>;
}

const CAP = z.object({ each: z.string(), per_day: z.string() });
const ASSET = z.object({
  asset: z.string(),
  decimals: z.number(),
  spot_market: z.number(),
  mint: z.string(),
  token_program: z.string().optional(),
  deposit: CAP.optional(),
  withdraw: CAP.optional(),
});
const FILE = z.object({
  wallet: z.string(),
  keypair: z.string(),
  socket: z.string(),
  state: z.string(),
  venue: z.enum(LIVE_VENUES),
  program: z.string().optional(),
  sub_accounts: z.array(z.number()),
  perp_market: z.number(),
  other_perp_markets: z.array(z.number()).optional(),
  assets: z.array(ASSET),
  order: CAP.optional(),
  fee: CAP,
  tip: z.object({ each: z.string(), accounts: z.array(z.string()) }).optional(),
  lookup_tables: z.record(z.array(z.string())).optional(),
});
type PolicyFile = z.output<typeof FILE>;

const SOL_DECIMALS = 9;
const SOL_MINT = 'So11111111111111111111111111111111111111112';
const TOKEN_PROGRAMS = [
  'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA',
  'TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb',
] as const;
const ADDRESS_BYTES = 32;
const MAX_U16 = 0xffff;
const MAX_DECIMALS = 18;
/**
 * The most that Driftless pays: its base fee of 5,000, its own cap of 1,000,000 for priority, and what a signing adds so
 * that equal transfers differ. A lower cap would one day keep an exit from landing.
 */
export const LEAST_FEE_CAP = 1_015_000n;

/** @param path where the file is: paths in it count from its folder @throws CriticalError SIGNER_POLICY, with every mistake */
export function readPolicy(text: string, path: string): SignerPolicy {
  const file = parsed(text, path);
  const wrong: string[] = [];
  const policy = policyOf(file, (name) => resolve(dirname(path), name), wrong);
  if (wrong.length > 0) throw unusable(path, wrong);
  return policy;
}

function parsed(text: string, path: string): PolicyFile {
  try {
    return z.decodeExactly(FILE, JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError) throw unusable(path, [`it is not JSON (${error.message})`]);
    if (error instanceof DriftlessError) throw unusable(path, [error.message]);
    throw error;
  }
}

const unusable = (path: string, wrong: readonly string[]): CriticalError =>
  new CriticalError(
    'SIGNER_POLICY',
    `The policy ${path} cannot be used:\n${wrong.map((one) => `  - ${one}`).join('\n')}\n` +
      'docs/architecture/signer.md describes each field and has an example.',
  );

function policyOf(file: PolicyFile, pathOf: (name: string) => string, wrong: string[]): SignerPolicy {
  const address = (field: string, text: string): string => {
    if (fromBase58(text)?.length !== ADDRESS_BYTES) wrong.push(`${field}: expected an address in base58, got ${text}`);
    return text;
  };
  const index = (field: string, value: number): number => {
    if (!Number.isInteger(value) || value < 0 || value > MAX_U16)
      wrong.push(`${field}: expected a whole number from 0 to ${MAX_U16}, got ${value}`);
    return value;
  };
  const amount = (field: string, text: string, decimals: number): bigint => {
    if (/^0+(\.0+)?$/.test(text)) return 0n;
    const read = parseAmount(text, decimals, '');
    if (read.ok) return read.amount;
    wrong.push(`${field}: expected an amount with at most ${decimals} decimals, as text, got ${JSON.stringify(text)}`);
    return 0n;
  };
  const cap = (field: string, given: z.output<typeof CAP> | undefined, decimals: number): Cap | null => {
    if (given === undefined) return null;
    const each = amount(`${field}.each`, given.each, decimals);
    const perDay = amount(`${field}.per_day`, given.per_day, decimals);
    if (perDay < each) wrong.push(`${field}: per_day must be at least each`);
    return { each, perDay };
  };
  const assetOf = (one: PolicyFile['assets'][number], at: number): AssetPolicy => {
    const field = `assets[${at}]`;
    const { asset, decimals, token_program: tokenProgram = TOKEN_PROGRAMS[0] } = one;
    if (!Number.isInteger(decimals) || decimals < 0 || decimals > MAX_DECIMALS)
      wrong.push(`${field}.decimals: expected a whole number from 0 to ${MAX_DECIMALS}, got ${decimals}`);
    if (!TOKEN_PROGRAMS.some((known) => known === tokenProgram))
      wrong.push(`${field}.token_program: expected ${TOKEN_PROGRAMS.join(' or ')}, got ${tokenProgram}`);
    if ((asset === 'SOL') !== (one.mint === SOL_MINT) || (asset === 'SOL' && decimals !== SOL_DECIMALS))
      wrong.push(`${field}: SOL has the mint ${SOL_MINT} and 9 decimals, and nothing else has that mint`);
    return {
      ...{ asset, decimals, tokenProgram },
      spotMarket: index(`${field}.spot_market`, one.spot_market),
      mint: address(`${field}.mint`, one.mint),
      deposit: cap(`${field}.deposit`, one.deposit, decimals),
      withdraw: cap(`${field}.withdraw`, one.withdraw, decimals),
    };
  };
  const fee = cap('fee', file.fee, SOL_DECIMALS) ?? { each: 0n, perDay: 0n };
  if (fee.each < LEAST_FEE_CAP) {
    const least = formatAmount(LEAST_FEE_CAP, SOL_DECIMALS);
    wrong.push(`fee.each: expected at least ${least} SOL, what an exit in a busy hour may cost`);
  }
  if (file.sub_accounts.length === 0) wrong.push('sub_accounts: expected at least one number, 0 for the first');
  const assets = file.assets.map(assetOf);
  for (const key of ['asset', 'spotMarket', 'mint'] as const)
    if (new Set(assets.map((one) => one[key])).size < assets.length) wrong.push(`assets: each has a ${key} of its own`);
  return {
    ...{ assets, fee },
    wallet: address('wallet', file.wallet),
    keypairPath: pathOf(file.keypair),
    socketPath: pathOf(file.socket),
    statePath: pathOf(file.state),
    venue: file.venue,
    programId: file.program === undefined ? null : address('program', file.program),
    subAccounts: file.sub_accounts.map((one) => index('sub_accounts', one)),
    perpMarket: index('perp_market', file.perp_market),
    otherPerpMarkets: (file.other_perp_markets ?? []).map((one) => index('other_perp_markets', one)),
    order: cap('order', file.order, SOL_DECIMALS),
    tipLamports: file.tip === undefined ? 0n : amount('tip.each', file.tip.each, SOL_DECIMALS),
    tipAccounts: (file.tip?.accounts ?? []).map((one) => address('tip.accounts', one)),
    lookupTables: Object.fromEntries(
      Object.entries(file.lookup_tables ?? {}).map(([table, entries]) => [
        address('lookup_tables', table),
        entries.map((one) => address(`lookup_tables.${table}`, one)),
      ]),
    ),
  };
}
