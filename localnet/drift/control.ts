/** The Drift calls of the control endpoint; localnet/README.md lists them. */
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
import type { ActorAsset, DriftActor } from './actor.ts';
import type {
  AccountOfDrift,
  DriftAccounts,
  ExchangePause,
  MarketStatusName,
  Pauses,
  PerpPause,
  SpotPause,
} from './drift-accounts.ts';
import type { Funding } from './funding.ts';
import type { Keeper } from './keeper.ts';

/** The local Drift as the calls use it. */
export interface ControlledDrift extends Pick<ControlledChain, 'jump' | 'airdrop'> {
  /** Funded with SOL and USDC; it has no Drift account yet. */
  readonly wallet: FundedWallet;
  readonly keeper: Keeper;
  /** Makes markets where the keeper's rules say so, and liquidates. */
  readonly maker: DriftActor;
  readonly oracles: { readonly sol: Oracle; readonly usdc: Oracle };
  readonly pauses: Pauses;
  readonly funding: Funding;
  /** Any field of the program's accounts. */
  readonly accounts: DriftAccounts;
  /** From the next block on: USDC at 1e6, made out of nothing, into the owner's associated token account. */
  giveUsdc(owner: string, amount: bigint): void;
  /** Somebody by name, funded (1,000 SOL, 100,000 USDC) in the next block, or the owner of this secret key, as they are. */
  actor(who: string | Uint8Array): DriftActor;
}

const oracle = (drift: ControlledDrift, body: Body): object =>
  steerOracle(body.asset === 'USDC' ? drift.oracles.usdc : drift.oracles.sol, body);

function pause(drift: ControlledDrift, body: Body): void {
  const { exchange, perp, spot, perpStatus, spotStatus } = body;
  const index = Number(body.market ?? 0);
  if (exchange !== undefined) drift.pauses.exchange(exchange as readonly ExchangePause[] | 'all');
  if (perp !== undefined) drift.pauses.perp(perp as readonly PerpPause[], index);
  if (spot !== undefined) drift.pauses.spot(spot as readonly SpotPause[], index);
  if (perpStatus !== undefined) drift.pauses.perpStatus(perpStatus as MarketStatusName, index);
  if (spotStatus !== undefined) drift.pauses.spotStatus(spotStatus as MarketStatusName, index);
}

function funding(drift: ControlledDrift, body: Body): void {
  const { hourly } = body;
  if (hourly !== null && typeof hourly !== 'number') throw wrongBody('hourly is a share of the price, or null.');
  drift.funding.steer(hourly);
}

function faucet(drift: ControlledDrift, body: Body): object {
  const owner = bodyAddress(body);
  const lamports = bodyWhole(body, 'lamports', 0n);
  const usdc = bodyWhole(body, 'usdc', 0n);
  if (usdc > 0n) drift.giveUsdc(owner, usdc);
  return { signature: lamports > 0n ? drift.airdrop(owner, lamports) : null };
}

function field(drift: ControlledDrift, body: Body): object {
  const { account, path, value } = body;
  if (typeof path !== 'string') throw wrongBody('path names a field, as amm.minOrderSize.');
  const of = account as AccountOfDrift;
  if (value !== undefined) drift.accounts.write(of, path, String(value));
  return { value: drift.accounts.read(of, path) };
}

function actorOf(drift: ControlledDrift, who: unknown): DriftActor {
  if (who === 'wallet') return drift.actor(drift.wallet.secretKey);
  return who === 'maker' ? drift.maker : drift.actor(bodyKey(who));
}

const DEEDS: Deeds<DriftActor> = {
  initialize: (actor) => actor.initialize(),
  deposit: (actor, body) => actor.deposit(body.asset as ActorAsset, bodyWhole(body, 'amount')),
  withdraw: (actor, body) =>
    actor.withdraw(body.asset as ActorAsset, bodyWhole(body, 'amount'), body.reduceOnly !== false),
  trade: (actor, body) =>
    actor.trade({
      direction: body.direction === 'long' ? 'long' : 'short',
      size: bodyWhole(body, 'size'),
      reduceOnly: body.reduceOnly === true,
      ...(typeof body.limit === 'number' ? { limit: body.limit } : {}),
    }),
  cancel: (actor) => actor.cancelOrders(),
  'settle-pnl': (actor, body) => actor.settlePnl(settledAddress(actor, body)),
  'settle-funding': (actor, body) => actor.settleFunding(settledAddress(actor, body)),
  liquidate: (actor, body) => actor.liquidate(bodyAddress(body)),
};

/** @param drift read when a command comes: the chain listens before Drift is laid over it */
export function driftCommands(drift: () => ControlledDrift): Readonly<Record<string, ControlCommand>> {
  return {
    'POST /jump': (_, body) => drift().jump(body),
    'GET /drift/wallet': () => ({ address: drift().wallet.address, secretKey: [...drift().wallet.secretKey] }),
    'POST /drift/oracle': (_, body) => oracle(drift(), body),
    'POST /drift/keeper': (_, body) => drift().keeper.set(body as Partial<KeeperRules>),
    'GET /drift/orders': () => drift().keeper.orders,
    'POST /drift/fill': () => drift().keeper.orders.map((order) => drift().keeper.fillNow(order)),
    'POST /drift/pause': (_, body) => pause(drift(), body),
    'POST /drift/funding': (_, body) => funding(drift(), body),
    'POST /drift/faucet': (_, body) => faucet(drift(), body),
    'POST /drift/field': (_, body) => field(drift(), body),
    'POST /drift/act': (_, body) => act(DEEDS, (who) => actorOf(drift(), who), body),
  };
}
