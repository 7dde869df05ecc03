/** Our instructions on the still local chain: built from what the chain has, sent by the account's own wallet. */
import { PublicKey, type TransactionInstruction } from '@solana/web3.js';
import { SOL_MINT, tokenAccountAddress } from '../../../../localnet/perps/token-addresses.ts';
import { unwrapSol, wrapSol } from '../../../../localnet/perps/wrapped-sol.ts';
import { land } from '../../../../localnet/tests/support/velocity-still.ts';
import type { VelocityActor } from '../../../../localnet/velocity/actor.ts';
import type { VelocityLocalnet } from '../../../../localnet/velocity/index.ts';
import { SPOT_INDEX, USDT_MINT, type VelocityAsset } from '../../../../localnet/velocity/markets.ts';
import type { OrderIntent } from '../../../../src/domain/order/intent.ts';
import type { ProgramInstruction } from '../../../../src/venues/solana-perps/instruction-layout.ts';
import { PERP_MARKET, SPOT_MARKET, STATE, USER_STATS } from '../../../../src/venues/velocity/program/accounts.ts';
import {
  perpMarketAddress,
  spotMarketAddress,
  stateAddress,
  userAddress,
  userStatsAddress,
} from '../../../../src/venues/velocity/program/addresses.ts';
import { USER } from '../../../../src/venues/velocity/program/user.ts';
import { moveInstructions, openInstructions } from '../../../../src/venues/velocity/write/instructions.ts';
import type { VelocityOwner, VelocityRead } from '../../../../src/venues/velocity/write/read.ts';

const HOUR_MS = 3_600_000;

export const ownerOf = (authority: string, subAccount = 0): VelocityOwner => ({
  authority: new PublicKey(authority),
  subAccount,
  user: new PublicKey(userAddress(authority, subAccount)),
  userStats: new PublicKey(userStatsAddress(authority)),
});

function present<T>(account: T | null, name: string): T {
  if (account === null) throw new Error(`there is no ${name}`);
  return account;
}

/** As of the newest block. */
export function readOf(net: VelocityLocalnet, authority: string): VelocityRead {
  const market = { market: present(net.read(PERP_MARKET, perpMarketAddress(0)), 'market') };
  const spot = [0, 1].map((index) => ({ market: present(net.read(SPOT_MARKET, spotMarketAddress(index)), 'market') }));
  return {
    blockTimeMs: net.chain.head.time * 1_000,
    state: present(net.read(STATE, stateAddress()), 'state'),
    user: net.read(USER, userAddress(authority)),
    userStats: net.read(USER_STATS, userStatsAddress(authority)),
    market,
    quote: spot[0] as (typeof spot)[number],
    perps: [market],
    spot,
    markets: { spot: [], perps: [] },
  };
}

const plain = ({ programId, keys, data }: TransactionInstruction): ProgramInstruction => ({
  programId: programId.toBase58(),
  keys: keys.map(({ pubkey, isWritable, isSigner }) => ({
    address: pubkey.toBase58(),
    writable: isWritable,
    signer: isSigner,
  })),
  data,
});

export const sent = (actor: VelocityActor, instructions: readonly TransactionInstruction[]): string =>
  actor.send(...instructions.map(plain));

/** Lands it, and reads its events. @throws with the program's logs */
export const landed = (net: VelocityLocalnet, actor: VelocityActor, instructions: readonly TransactionInstruction[]) =>
  land(net, actor, sent(actor, instructions));

/** A deposit or withdrawal with what it needs around it. */
export function moved(
  net: VelocityLocalnet,
  actor: VelocityActor,
  kind: 'deposit' | 'withdraw',
  asset: VelocityAsset,
  amount: bigint,
) {
  const read = readOf(net, actor.address);
  const owner = ownerOf(actor.address);
  const move = {
    kind,
    marketIndex: SPOT_INDEX[asset],
    amount,
    tokenAccount: new PublicKey(tokenAccountAddress(actor.address, asset === 'SOL' ? SOL_MINT : USDT_MINT)),
  };
  const wrap = asset === 'SOL' ? wrapSol(actor.address, kind === 'deposit' ? amount : 0n) : [];
  const unwrap = asset === 'SOL' ? [unwrapSol(actor.address)] : [];
  return landed(net, actor, [
    ...(kind === 'deposit' ? openInstructions(read, owner) : []),
    ...wrap,
    ...moveInstructions(move, read, owner),
    ...unwrap,
  ]);
}

export const order = (net: VelocityLocalnet, sol: number, over: Partial<OrderIntent> = {}): OrderIntent => ({
  kind: 'order',
  market: 'SOL-PERP',
  size: String(Math.round(sol * 1e9)),
  reduceOnly: false,
  priceLimit: sol < 0 ? '75000000' : '77500000',
  maxTsMs: net.chain.head.time * 1_000 + HOUR_MS,
  cancelOpenOrders: false,
  ...over,
});

export const namesOf = (events: readonly { readonly name: string }[]): readonly string[] =>
  events.map(({ name }) => name);
