/** Drift on the local chain: the real program, markets, moving oracles, a keeper, and a wallet to begin with. */
import { ValidationError } from '../../src/lib/errors.ts';
import type { Chain } from '../chain/chain.ts';
import { type Localnet, type LocalnetOptions, startLocalnet } from '../localnet.ts';
import { jumpOver } from '../perps/clock-jump.ts';
import type { KeeperRules } from '../perps/keeper-rules.ts';
import { finalizeHead, landInBlock, makeBlock } from '../perps/make-blocks.ts';
import { Oracle, type PricePath, toE6 } from '../perps/oracles.ts';
import { Sender, walletFrom } from '../perps/sender.ts';
import { checkStartPrice, firstPrice } from '../perps/start-price.ts';
import { TokenFaucet } from '../perps/token-faucet.ts';
import { seededBytes } from '../seeded.ts';
import { DriftActor } from './actor.ts';
import { signerAddress, stateAddress, USDC_MINT } from './addresses.ts';
import { type ControlledDrift, driftCommands } from './control.ts';
import { DriftAccounts } from './drift-accounts.ts';
import { Funding } from './funding.ts';
import { Keeper } from './keeper.ts';
import { dumpedPrice, loadedAccounts, readDumps } from './loaded-accounts.ts';
import { lookupTable, lookupTableAddresses } from './lookup-tables.ts';
import { type AccountMap, madeAccounts, SOL_ORACLE, USDC_ORACLE } from './made-accounts.ts';
import { checkDriftProgram, DRIFT_PROGRAM_ID, findDriftProgram, NO_DRIFT_PROGRAM, readProgramFile } from './program.ts';
import { pythAccount } from './pyth.ts';

export type { KeeperRules, PartialFill } from '../perps/keeper-rules.ts';
export type { OracleTrouble, PricePath } from '../perps/oracles.ts';
export type { FundedWallet } from '../perps/sender.ts';
export type { ActorTrade, DriftActor } from './actor.ts';
export type { DriftAccounts, Pauses } from './drift-accounts.ts';
export type { Keeper } from './keeper.ts';
export { DRIFT_PROGRAM_ID, findDriftProgram } from './program.ts';

const SOL_ONE = 1_000_000_000n;
const USDC_ONE = 1_000_000n;
const HELPER_LAMPORTS = 1_000n * SOL_ONE;
const MAKER_USDC = 5_000_000n * USDC_ONE;
const DEFAULT_SOL_PRICE = 150;

export interface DriftLocalnetOptions extends LocalnetOptions {
  /** Path of the compiled program; else `findDriftProgram`. */
  readonly program?: string;
  /** Of dumps in the form of `solana account --output json`; without it Drift's accounts are made. */
  readonly accountsFolder?: string;
  /** USD, or a path of them. 150 by default; with dumps the price is theirs at first. */
  readonly solPrice?: number | PricePath;
  /** Of the ready wallet: 100 SOL and 10,000 USDC by default. */
  readonly walletLamports?: bigint;
  readonly walletUsdc?: bigint;
  readonly keeper?: Partial<KeeperRules>;
  /** Share of the price per hour, positive when longs pay; without it the market makes its own. */
  readonly fundingHourly?: number;
}

export interface DriftLocalnet extends Localnet, ControlledDrift {
  readonly programId: string;
  readonly usdcMint: string;
}

/** @throws ValidationError LOCALNET_DRIFT_PROGRAM when there is no program, or another one */
export async function startDriftLocalnet(options: DriftLocalnetOptions = {}): Promise<DriftLocalnet> {
  const { solPrice, walletLamports, walletUsdc, fundingHourly } = options;
  const seed = options.seed ?? 'driftless';
  const elf = programOf(options.program);
  const wallet = walletFrom(seededBytes(seed, 'drift-wallet'));
  const keeperWallet = walletFrom(seededBytes(seed, 'drift-keeper'));
  const makerWallet = walletFrom(seededBytes(seed, 'drift-maker'));
  const admin = walletFrom(seededBytes(seed, 'drift-admin'));
  const dumps = options.accountsFolder === undefined ? null : readDumps(options.accountsFolder);
  const startPrice = dumps === null ? firstPrice(solPrice, DEFAULT_SOL_PRICE) : Number(dumpedPrice(dumps)) / 1e6;
  if (dumps !== null) checkStartPrice(solPrice, startPrice);

  const net = await startLocalnet({
    ...options,
    paused: true,
    programs: [...(options.programs ?? []), { address: DRIFT_PROGRAM_ID, elf }],
    accounts: [
      ...(options.accounts ?? []),
      { address: wallet.address, lamports: walletLamports ?? 100n * SOL_ONE },
      { address: keeperWallet.address, lamports: HELPER_LAMPORTS },
      { address: makerWallet.address, lamports: HELPER_LAMPORTS },
    ],
    commands: { ...driftCommands(() => drift), ...options.commands },
  });
  const { chain } = net;
  const at = {
    solPrice: toE6(startPrice),
    slot: chain.slot,
    time: chain.head.time,
    admin: admin.address,
    mintAuthority: admin.address,
    fundingHourly: fundingHourly ?? null,
  };
  const made = dumps === null ? await madeAccounts(at) : await loadedAccounts(dumps, at);
  addLookupTables(made);
  for (const [address, account] of made) chain.writeAccount(address, account);

  const now = (): number => chain.head.time;
  const oracles = {
    sol: new Oracle(SOL_ORACLE, startPrice, now, pythAccount),
    usdc: new Oracle(USDC_ORACLE, 1, now, pythAccount),
  };
  const price = (): number => oracles.sol.price;
  const sender = new Sender(chain);
  const accounts = new DriftAccounts(chain);
  const funding = new Funding(chain, oracles.sol);
  if (fundingHourly !== undefined) funding.steer(fundingHourly);
  const maker = new DriftActor(makerWallet, sender, price);
  const keeper = new Keeper({ chain, sender, wallet: keeperWallet, maker, accounts, funding, price });
  keeper.set(options.keeper ?? {});
  const faucet = new TokenFaucet(USDC_MINT);
  faucet.give(wallet.address, walletUsdc ?? 10_000n * USDC_ONE);
  faucet.give(maker.address, MAKER_USDC);
  chain.beforeBlock((block) => {
    oracles.sol.publish(block);
    oracles.usdc.publish(block);
    accounts.apply(block);
    faucet.apply(block);
    funding.apply(block);
    keeper.opening(block);
  });
  await makeReady(chain, sender, maker, new DriftActor(keeperWallet, sender, price));
  if (typeof solPrice === 'object') oracles.sol.follow(solPrice);
  chain.onChange(() => keeper.turn());

  const { state: plainState } = net;
  const drift: DriftLocalnet = Object.assign(net, {
    programId: DRIFT_PROGRAM_ID,
    usdcMint: USDC_MINT,
    wallet,
    keeper,
    maker,
    oracles,
    pauses: accounts.pauses,
    funding,
    accounts,
    giveUsdc: (owner: string, amount: bigint) => faucet.give(owner, amount),
    actor(who: string | Uint8Array): DriftActor {
      if (typeof who !== 'string') return new DriftActor(walletFrom(who), sender, price);
      const actor = new DriftActor(walletFrom(seededBytes(seed, 'actor', who)), sender, price);
      if (chain.bank.accountAt(chain.head, actor.address) === null) {
        net.airdrop(actor.address, HELPER_LAMPORTS);
        faucet.give(actor.address, 100_000n * USDC_ONE);
      }
      return actor;
    },
    jump: jumpOver(chain, funding, net.jump),
    state: (): object => ({ ...plainState(), drift: describe(drift) }),
  });
  if (options.paused !== true) drift.resume();
  return drift;
}

/** The state for people and programs that control it from outside. */
function describe(drift: DriftLocalnet): object {
  const { accounts, funding, keeper, oracles, wallet } = drift;
  return {
    programId: drift.programId,
    usdcMint: drift.usdcMint,
    wallet: wallet.address,
    maker: drift.maker.address,
    oracles: { sol: oracles.sol.describe(), usdc: oracles.usdc.describe() },
    keeper: keeper.rules,
    orders: keeper.orders.length,
    funding: { hourly: funding.hourly, secondsLeft: funding.secondsLeft() },
    exchangeStatus: Number(accounts.read({ kind: 'State' }, 'exchangeStatus') ?? 0n),
  };
}

function programOf(path: string | undefined): Uint8Array {
  const found = path ?? findDriftProgram(process.env);
  if (found === null) throw new ValidationError('LOCALNET_DRIFT_PROGRAM', NO_DRIFT_PROGRAM);
  const elf = readProgramFile(found);
  checkDriftProgram(elf, found);
  return elf;
}

/** Waits until keeper and maker have accounts at Drift and the markets are finalized. */
async function makeReady(chain: Chain, sender: Sender, maker: DriftActor, keeper: DriftActor): Promise<void> {
  makeBlock(chain);
  await landInBlock(chain, sender, keeper.initialize('keeper'), maker.initialize('maker'));
  await landInBlock(chain, sender, maker.deposit('USDC', MAKER_USDC));
  finalizeHead(chain);
}

function addLookupTables(accounts: AccountMap): void {
  const known = [DRIFT_PROGRAM_ID, stateAddress(), signerAddress()[0], SOL_ORACLE, USDC_ORACLE, ...accounts.keys()];
  for (const address of lookupTableAddresses()) accounts.set(address, lookupTable([...new Set(known)]));
}
