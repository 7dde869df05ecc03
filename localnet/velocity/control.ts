/** The Velocity calls of the control endpoint; localnet/README.md lists them. */
import type { AccountLayout, DecodedAccount } from '../../src/venues/solana-perps/account-layout.ts';
import type { AnyScalar } from '../../src/venues/solana-perps/wire-types.ts';
import { PERP_MARKET, SPOT_MARKET, STATE, USER_STATS } from '../../src/venues/velocity/program/accounts.ts';
import {
  perpMarketAddress,
  spotMarketAddress,
  stateAddress,
  userAddress,
  userStatsAddress,
} from '../../src/venues/velocity/program/addresses.ts';
import { USER } from '../../src/venues/velocity/program/user.ts';
import type { Body, ControlCommand, ControlledChain } from '../control.ts';
import {
  act,
  bodyAddress,
  bodyKey,
  bodyWhole,
  type Deeds,
  settledAddress,
  steerOracle,
  wrongBody,
} from '../perps/control-body.ts';
import type { KeeperRules } from '../perps/keeper-rules.ts';
import type { Oracle } from '../perps/oracles.ts';
import type { FundedWallet } from '../perps/sender.ts';
import type { VelocityActor } from './actor.ts';
import type { VelocityKeeper } from './keeper.ts';
import type { VelocityAsset } from './markets.ts';

/** What the commands work on. */
export interface ControlledVelocity extends Pick<ControlledChain, 'jump' | 'airdrop'> {
  readonly wallet: FundedWallet;
  readonly keeper: VelocityKeeper;
  readonly oracles: Readonly<Record<VelocityAsset, Oracle>>;
  /** From the next block on: USDT at 1e6, made out of nothing, into the owner's associated token account. */
  giveUsdt(owner: string, amount: bigint): void;
  /** Somebody by name, funded (1,000 SOL, 100,000 USDT) in the next block, or the owner of this secret key, as they are. */
  actor(who: string | Uint8Array): VelocityActor;
  /** As of the newest block; null: there is no such account. @throws CriticalError ACCOUNT_LAYOUT */
  read<const L extends AccountLayout>(layout: L, address: string): DecodedAccount<L> | null;
  /** One field, as of the newest block. @throws RangeError when there is none; CriticalError ACCOUNT_LAYOUT */
  field(layout: AccountLayout, address: string, path: string): AnyScalar | null;
  /** From the next block on. What the block's transactions then do to the account stands. */
  write(layout: AccountLayout, address: string, fields: Readonly<Record<string, AnyScalar>>): void;
}

function fieldPlace(body: Body): { readonly layout: AccountLayout; readonly address: string } {
  const { kind, index, authority, subAccount } = body as Readonly<Record<string, unknown>>;
  const owner = String(authority);
  if (kind === 'State') return { layout: STATE, address: stateAddress() };
  if (kind === 'PerpMarket') return { layout: PERP_MARKET, address: perpMarketAddress(Number(index ?? 0)) };
  if (kind === 'SpotMarket') return { layout: SPOT_MARKET, address: spotMarketAddress(Number(index ?? 0)) };
  if (kind === 'User') return { layout: USER, address: userAddress(owner, Number(subAccount ?? 0)) };
  if (kind === 'UserStats') return { layout: USER_STATS, address: userStatsAddress(owner) };
  throw wrongBody('account.kind is State, PerpMarket, SpotMarket, User or UserStats.');
}

/** Numbers come as text where they may be large; a flag or an enum as itself. */
const fieldValue = (value: unknown): AnyScalar =>
  typeof value === 'boolean' ? value : /^-?\d+$/.test(String(value)) ? BigInt(String(value)) : String(value);

function field(velocity: ControlledVelocity, body: Body): object {
  const { layout, address } = fieldPlace(body.account as Body);
  if (typeof body.path !== 'string') throw wrongBody('path names a field, as marginRatioInitial.');
  const changes = body.value === undefined ? null : { [body.path]: fieldValue(body.value) };
  try {
    if (changes !== null) velocity.write(layout, address, changes);
    return { value: velocity.field(layout, address, body.path) };
  } catch (error) {
    if (error instanceof RangeError) throw wrongBody(error.message);
    throw error;
  }
}

function faucet(velocity: ControlledVelocity, body: Body): object {
  const owner = bodyAddress(body);
  const lamports = bodyWhole(body, 'lamports', 0n);
  const usdt = bodyWhole(body, 'usdt', 0n);
  if (usdt > 0n) velocity.giveUsdt(owner, usdt);
  return { signature: lamports > 0n ? velocity.airdrop(owner, lamports) : null };
}

const asset = (body: Body): VelocityAsset => (body.asset === 'USDT' ? 'USDT' : 'SOL');

const order = (body: Body) => ({
  direction: body.direction === 'long' ? ('long' as const) : ('short' as const),
  base: bodyWhole(body, 'size'),
  price: bodyWhole(body, 'price', 0n),
  reduceOnly: body.reduceOnly === true,
});

const DEEDS: Deeds<VelocityActor> = {
  initialize: (actor) => actor.initialize(),
  deposit: (actor, body) => actor.deposit(asset(body), bodyWhole(body, 'amount')),
  withdraw: (actor, body) => actor.withdraw(asset(body), bodyWhole(body, 'amount'), body.reduceOnly !== false),
  place: (actor, body) => actor.place(order(body)),
  take: (actor, body) => actor.placeAndTake(order(body)),
  cancel: (actor) => actor.cancelOrders(),
  'settle-pnl': (actor, body) => actor.settlePnl(settledAddress(actor, body)),
  'settle-funding': (actor, body) => actor.settleFunding(settledAddress(actor, body)),
};

const actorOf = (velocity: ControlledVelocity, who: unknown): VelocityActor =>
  velocity.actor(who === 'wallet' ? velocity.wallet.secretKey : bodyKey(who));

/** @param velocity read when a command comes: the chain listens before Velocity is laid over it */
export function velocityCommands(velocity: () => ControlledVelocity): Readonly<Record<string, ControlCommand>> {
  return {
    'POST /jump': (_, body) => velocity().jump(body),
    'GET /velocity/wallet': () => ({ address: velocity().wallet.address, secretKey: [...velocity().wallet.secretKey] }),
    'POST /velocity/oracle': (_, body) => steerOracle(velocity().oracles[asset(body)], body),
    'POST /velocity/keeper': (_, body) => velocity().keeper.set(body as Partial<KeeperRules>),
    'GET /velocity/orders': () => velocity().keeper.orders,
    'POST /velocity/faucet': (_, body) => faucet(velocity(), body),
    'POST /velocity/field': (_, body) => field(velocity(), body),
    'POST /velocity/act': (_, body) => act(DEEDS, (who) => actorOf(velocity(), who), body),
  };
}
