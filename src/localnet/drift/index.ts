/** Drift on the local chain: the real program, markets, moving oracles, a keeper, and a wallet to begin with. */
import { ValidationError } from '../../domain/errors.ts';
import { type Localnet, type LocalnetOptions, startLocalnet } from '../localnet.ts';
import { seededBytes } from '../seeded.ts';
import {
  perpMarketAddress,
  spotMarketAddress,
  tokenAccountAddress,
  USDC_MINT,
  userAddress,
  userStatsAddress,
} from './addresses.ts';
import { nameBytes } from './coder.ts';
import { driftInstruction, type Remaining } from './instructions.ts';
import { Keeper, type KeeperRules } from './keeper.ts';
import { madeAccounts, SOL_ORACLE, USDC_ORACLE } from './made-accounts.ts';
import { Oracle, type PricePath, toE6 } from './oracles.ts';
import { checkDriftProgram, DRIFT_PROGRAM_ID, findDriftProgram, NO_DRIFT_PROGRAM, readProgramFile } from './program.ts';
import { type DriftWallet, Sender, walletFrom } from './sender.ts';
import { tokenAccount, withAmount } from './tokens.ts';

export type { PricePath } from './oracles.ts';
export { DRIFT_PROGRAM_ID, findDriftProgram } from './program.ts';
export type { DriftWallet } from './sender.ts';

const SOL_ONE = 1_000_000_000n;
const USDC_ONE = 1_000_000n;
const KEEPER_LAMPORTS = 1_000n * SOL_ONE;
const DEFAULT_SOL_PRICE = 150;

export interface DriftLocalnetOptions extends LocalnetOptions {
  /** Path of the compiled program; else `findDriftProgram`. */
  readonly program?: string;
  readonly solPrice?: number | PricePath;
  /** Of the ready wallet: 100 SOL and 10,000 USDC by default. */
  readonly walletLamports?: bigint;
  readonly walletUsdc?: bigint;
  readonly keeper?: Partial<KeeperRules>;
}

export interface DriftLocalnet extends Localnet {
  readonly programId: string;
  readonly usdcMint: string;
  /** Funded with SOL and USDC; it has no Drift account yet. */
  readonly wallet: DriftWallet;
  readonly keeper: Keeper;
  readonly oracles: { readonly sol: Oracle; readonly usdc: Oracle };
  /** From the next block on: USDC at 1e6, made out of nothing, into the owner's associated token account. */
  giveUsdc(owner: string, amount: bigint): void;
}

/**
 * @throws ValidationError LOCALNET_DRIFT_PROGRAM when there is no program, or another one
 */
export async function startDriftLocalnet(options: DriftLocalnetOptions = {}): Promise<DriftLocalnet> {
  const { program, solPrice = DEFAULT_SOL_PRICE, walletLamports, walletUsdc, keeper: rules = {}, ...rest } = options;
  const seed = options.seed ?? 'driftless';
  const path = program ?? findDriftProgram(process.env);
  if (path === null) throw new ValidationError('LOCALNET_DRIFT_PROGRAM', NO_DRIFT_PROGRAM);
  const elf = readProgramFile(path);
  checkDriftProgram(elf, path);

  const wallet = walletFrom(seededBytes(seed, 'drift-wallet'));
  const keeperWallet = walletFrom(seededBytes(seed, 'drift-keeper'));
  const admin = walletFrom(seededBytes(seed, 'drift-admin'));
  const startPrice = typeof solPrice === 'number' ? solPrice : firstPrice(solPrice);

  const net = await startLocalnet({
    ...rest,
    paused: true,
    programs: [...(options.programs ?? []), { address: DRIFT_PROGRAM_ID, elf }],
    accounts: [
      ...(options.accounts ?? []),
      { address: wallet.address, lamports: walletLamports ?? 100n * SOL_ONE },
      { address: keeperWallet.address, lamports: KEEPER_LAMPORTS },
    ],
  });
  const { chain } = net;
  const oracles = { sol: new Oracle(SOL_ORACLE, startPrice), usdc: new Oracle(USDC_ORACLE, 1) };
  if (typeof solPrice !== 'number') oracles.sol.follow(solPrice);
  const made = await madeAccounts({
    solPrice: toE6(startPrice),
    slot: chain.slot,
    time: chain.head.time,
    admin: admin.address,
    mintAuthority: admin.address,
  });
  for (const [address, account] of made) chain.writeAccount(address, account);
  const gifts = new Map<string, bigint>();
  chain.beforeBlock((block) => {
    oracles.sol.publish(block);
    oracles.usdc.publish(block);
    for (const [owner, amount] of gifts) {
      const address = tokenAccountAddress(owner, USDC_MINT);
      const account = block.account(address) ?? tokenAccount(USDC_MINT, owner, 0n);
      block.write(address, withAmount(account, amount));
    }
    gifts.clear();
  });
  const giveUsdc = (owner: string, amount: bigint): void => {
    gifts.set(owner, (gifts.get(owner) ?? 0n) + amount);
  };
  giveUsdc(wallet.address, walletUsdc ?? 10_000n * USDC_ONE);

  const sender = new Sender(chain);
  const marketAccounts = (index: number): readonly Remaining[] => [
    { address: USDC_ORACLE, writable: false },
    { address: SOL_ORACLE, writable: false },
    { address: spotMarketAddress(0), writable: true },
    { address: spotMarketAddress(1), writable: true },
    { address: perpMarketAddress(index), writable: true },
  ];
  const keeper = new Keeper(chain, sender, keeperWallet, marketAccounts);
  keeper.set(rules);
  await net.advance(1);
  sender.send(keeperWallet, initializeUser(keeperWallet.address, 'keeper'));
  await net.advance(1);
  chain.onChange(() => keeper.turn());
  if (options.paused !== true) net.resume();

  return Object.assign(net, { programId: DRIFT_PROGRAM_ID, usdcMint: USDC_MINT, wallet, keeper, oracles, giveUsdc });
}

function initializeUser(authority: string, name: string) {
  const accounts = {
    user: userAddress(authority),
    userStats: userStatsAddress(authority),
    authority,
    payer: authority,
  };
  return [
    driftInstruction('initializeUserStats', {}, accounts),
    driftInstruction('initializeUser', { subAccountId: 0, name: nameBytes(name) }, accounts),
  ];
}

function firstPrice(path: PricePath): number {
  if (path.kind === 'fixed') return path.price;
  if (path.kind === 'replay') return path.rows[0]?.price ?? DEFAULT_SOL_PRICE;
  return path.from ?? DEFAULT_SOL_PRICE;
}
