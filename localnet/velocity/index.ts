/** Velocity on the local chain: the real program, markets of mainnet, moving oracles, a keeper, and a wallet to begin with. */
import { ValidationError } from '../../src/lib/errors.ts';
import {
  type AccountLayout,
  type DecodedAccount,
  decodeAccount,
  readPath,
  withFields,
} from '../../src/venues/solana-perps/account-layout.ts';
import type { AnyScalar } from '../../src/venues/solana-perps/wire-types.ts';
import { VELOCITY_PROGRAM_ID } from '../../src/venues/velocity/program/accounts.ts';
import type { BlockOpening, Chain } from '../chain/chain.ts';
import { type Localnet, type LocalnetOptions, startLocalnet } from '../localnet.ts';
import { jumpOver } from '../perps/clock-jump.ts';
import type { KeeperRules } from '../perps/keeper-rules.ts';
import { finalizeHead, landInBlock, makeBlock } from '../perps/make-blocks.ts';
import { Oracle, type PricePath } from '../perps/oracles.ts';
import { type FundedWallet, Sender, walletFrom } from '../perps/sender.ts';
import { checkStartPrice } from '../perps/start-price.ts';
import { TokenFaucet } from '../perps/token-faucet.ts';
import { seededBytes } from '../seeded.ts';
import { VelocityActor } from './actor.ts';
import { makeSolMarket } from './admin.ts';
import { type ControlledVelocity, velocityCommands } from './control.ts';
import { VelocityKeeper } from './keeper.ts';
import { depositRoom, dumpedPrice, lazerAccount, loadedAccounts } from './loaded-accounts.ts';
import { SOL_ORACLE, USDT_MINT, USDT_ORACLE } from './markets.ts';
import { findVelocity, NO_VELOCITY_PROGRAM, type VelocityFiles } from './program.ts';

const SOL_ONE = 1_000_000_000n;
const USDT_ONE = 1_000_000n;
const HELPER_LAMPORTS = 1_000n * SOL_ONE;
/** Both together stay below the market's cap of deposits. */
const HELPER_USDT = 50_000n * USDT_ONE;
const ACTOR_USDT = 100_000n * USDT_ONE;
const LONG_USDT = 10_000n * USDT_ONE;

export interface VelocityLocalnetOptions extends LocalnetOptions {
  /** Else `findVelocity`. */
  readonly files?: VelocityFiles;
  /** USD of SOL, or a path of them, from the price of the dumps ($76.34) on. */
  readonly solPrice?: number | PricePath;
  /** Of the ready wallet: 100 SOL and 10,000 USDT by default. */
  readonly walletLamports?: bigint;
  readonly walletUsdt?: bigint;
  readonly keeper?: Partial<KeeperRules>;
  /**
   * SOL at 1e9 that somebody holds long from the start. Funding follows from positions alone, and in the dump shorts outweigh
   * longs, so that shorts pay; from about 60 SOL on they receive.
   */
  readonly longBase?: bigint;
}

export interface VelocityLocalnet extends Localnet, ControlledVelocity {
  readonly programId: string;
  readonly usdtMint: string;
}

/** @throws ValidationError LOCALNET_VELOCITY_FILES when there is no program, or another one */
export async function startVelocityLocalnet(options: VelocityLocalnetOptions = {}): Promise<VelocityLocalnet> {
  const files = options.files ?? filesFound();
  const { solOracle, quoteOracle } = files.dumps;
  const dumped = dumpedPrice(solOracle);
  checkStartPrice(options.solPrice, dumped);
  const seed = options.seed ?? 'driftless';
  const [wallet, keeperWallet, makerWallet, admin] = ['wallet', 'keeper', 'maker', 'admin'].map((name) =>
    walletFrom(seededBytes(seed, `velocity-${name}`)),
  ) as [FundedWallet, FundedWallet, FundedWallet, FundedWallet];
  const net = await startLocalnet({
    ...options,
    commands: { ...velocityCommands(() => velocity), ...options.commands },
    paused: true,
    programs: [...(options.programs ?? []), { address: VELOCITY_PROGRAM_ID, elf: files.elf }],
    accounts: [
      ...(options.accounts ?? []),
      { address: wallet.address, lamports: options.walletLamports ?? 100n * SOL_ONE },
      { address: keeperWallet.address, lamports: HELPER_LAMPORTS },
      { address: makerWallet.address, lamports: HELPER_LAMPORTS },
      { address: admin.address, lamports: HELPER_LAMPORTS },
    ],
  });
  const { chain } = net;
  for (const [address, account] of loadedAccounts(files, {
    slot: chain.slot,
    time: chain.head.time,
    admin: admin.address,
  }))
    chain.writeAccount(address, account);

  const now = (): number => chain.head.time;
  const oracles = {
    SOL: new Oracle(SOL_ORACLE, dumped, now, lazerAccount(solOracle)),
    USDT: new Oracle(USDT_ORACLE, dumpedPrice(quoteOracle), now, lazerAccount(quoteOracle)),
  };
  const sender = new Sender(chain);
  const maker = new VelocityActor(makerWallet, sender);
  const keeper = new VelocityKeeper(chain, new VelocityActor(keeperWallet, sender), maker);
  keeper.set(options.keeper ?? {});
  const faucet = new TokenFaucet(USDT_MINT);
  faucet.give(wallet.address, options.walletUsdt ?? 10_000n * USDT_ONE);
  // A market that is nearly full keeps most of its room for others.
  const room = depositRoom(files.dumps.quoteMarket);
  const deposited = room > 2n * HELPER_USDT ? HELPER_USDT : room / 8n;
  faucet.give(keeperWallet.address, HELPER_USDT);
  faucet.give(maker.address, HELPER_USDT);
  const writes: ((block: BlockOpening) => void)[] = [];
  chain.beforeBlock((block) => {
    oracles.SOL.publish(block);
    oracles.USDT.publish(block);
    faucet.apply(block);
    for (const write of writes.splice(0)) write(block);
    keeper.opening(block);
  });
  const makesSol = files.dumps.baseMarket === undefined;
  const helpers = [new VelocityActor(keeperWallet, sender), maker];
  await makeReady(chain, sender, makesSol ? new VelocityActor(admin, sender) : null, helpers, deposited);
  const { solPrice } = options;
  if (typeof solPrice === 'number') oracles.SOL.follow({ kind: 'fixed', price: solPrice });
  else if (solPrice !== undefined) oracles.SOL.follow(solPrice);
  chain.onChange(() => keeper.turn());

  const { state: plainState } = net;
  const accountAt = (address: string) => chain.bank.accountAt(chain.head, address);
  const velocity: VelocityLocalnet = Object.assign(net, {
    programId: VELOCITY_PROGRAM_ID,
    usdtMint: USDT_MINT,
    wallet,
    keeper,
    oracles,
    giveUsdt: (owner: string, amount: bigint) => faucet.give(owner, amount),
    actor(who: string | Uint8Array): VelocityActor {
      if (typeof who !== 'string') return new VelocityActor(walletFrom(who), sender);
      const actor = new VelocityActor(walletFrom(seededBytes(seed, 'actor', who)), sender);
      if (accountAt(actor.address) === null) {
        net.airdrop(actor.address, HELPER_LAMPORTS);
        faucet.give(actor.address, ACTOR_USDT);
      }
      return actor;
    },
    read<const L extends AccountLayout>(layout: L, address: string): DecodedAccount<L> | null {
      const account = accountAt(address);
      return account === null ? null : decodeAccount(layout, account.data);
    },
    field(layout: AccountLayout, address: string, path: string): AnyScalar | null {
      const account = accountAt(address);
      return account === null ? null : readPath(layout, account.data, path);
    },
    write(layout: AccountLayout, address: string, fields: Readonly<Record<string, AnyScalar>>): void {
      const account = accountAt(address);
      if (account === null)
        throw new ValidationError('LOCALNET_FIELD', `There is no such ${layout.name} on this chain.`, { address });
      // A field that there is not, or a value that does not fit, is refused at once.
      withFields(layout, account.data, fields);
      writes.push((block) => {
        const now = block.account(address);
        if (now !== null) block.write(address, { ...now, data: withFields(layout, now.data, fields) });
      });
    },
    jump: jumpOver(chain, keeper, net.jump),
    state: (): object => ({ ...plainState(), velocity: describe(velocity) }),
  });
  if (options.longBase !== undefined) await goLong(velocity, options.longBase);
  if (options.paused !== true) velocity.resume();
  return velocity;
}

/** Somebody is long, in blocks that only they fill. */
async function goLong(velocity: VelocityLocalnet, base: bigint): Promise<void> {
  const trader = velocity.actor('long trader');
  await velocity.advance(1);
  const deeds = [
    () => trader.initialize('long trader'),
    () => trader.deposit('USDT', LONG_USDT),
    () => trader.placeAndTake({ direction: 'long', base }),
  ];
  for (const deed of deeds) {
    const signature = deed();
    await velocity.advance(1);
    await trader.done(signature);
  }
}

export function filesFound(): VelocityFiles {
  const files = findVelocity(process.env);
  if (files === null) throw new ValidationError('LOCALNET_VELOCITY_FILES', NO_VELOCITY_PROGRAM);
  return files;
}

/** What a person or a program that steers it from outside wants to see. */
const describe = ({ programId, usdtMint, wallet, oracles, keeper }: VelocityLocalnet): object => ({
  programId,
  usdtMint,
  wallet: wallet.address,
  oracles: { sol: oracles.SOL.describe(), usdt: oracles.USDT.describe() },
  keeper: keeper.rules,
  orders: keeper.orders.length,
  funding: { secondsLeft: keeper.secondsLeft() },
});

/**
 * Keeper and maker have accounts before anybody else comes; all of it is final.
 *
 * @param admin makes SOL's spot market; null: there is one
 */
async function makeReady(
  chain: Chain,
  sender: Sender,
  admin: VelocityActor | null,
  helpers: readonly VelocityActor[],
  deposited: bigint,
): Promise<void> {
  makeBlock(chain);
  const opened = helpers.map((helper) => helper.initialize('helper'));
  const made = admin === null ? [] : [admin.send(...makeSolMarket(admin.address))];
  await landInBlock(chain, sender, ...made, ...opened);
  await landInBlock(chain, sender, ...helpers.map((helper) => helper.deposit('USDT', deposited)));
  finalizeHead(chain);
}
