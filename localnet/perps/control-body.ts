/** What bodies of control calls hold, read alike for Drift and Velocity. */
import { readFileSync } from 'node:fs';
import { ValidationError } from '../../src/lib/errors.ts';
import type { Body } from '../control.ts';
import { addressBytes, fromBase58 } from '../wire/base58.ts';
import type { Oracle, OracleTrouble, PricePath } from './oracles.ts';
import { readPriceFile } from './price-file.ts';

export const wrongBody = (message: string): ValidationError => new ValidationError('LOCALNET_CONTROL', message);

/** @throws ValidationError LOCALNET_CONTROL */
export function bodyAddress(body: Body): string {
  const value = body.address;
  if (typeof value !== 'string' || addressBytes(value) === null) throw wrongBody('address is a base58 address.');
  return value;
}

/** @throws ValidationError LOCALNET_CONTROL */
export function bodyWhole(body: Body, name: string, fallback?: bigint): bigint {
  const value = body[name];
  if (value === undefined && fallback !== undefined) return fallback;
  if (!/^\d+$/.test(String(value))) throw wrongBody(`${name} is a whole number of base units.`);
  return BigInt(String(value));
}

/** A secret key (base58 of 64 bytes, or the list of numbers that `solana-keygen` writes), else a name. */
export function bodyKey(who: unknown): string | Uint8Array {
  if (Array.isArray(who)) return Uint8Array.from(who as number[]);
  if (typeof who !== 'string' || who === '') throw wrongBody('who is "wallet", "maker", a name, or a secret key.');
  const key = fromBase58(who);
  return key !== null && key.length === 64 ? key : who;
}

/** Somebody who trades, as the control calls use them. */
interface SteeredActor {
  readonly address: string;
  readonly user: string;
  done(signature: string): Promise<void>;
}

/** What an actor can be told to do, by its name in the body's `do`. */
export type Deeds<A> = Readonly<Record<string, (actor: A, body: Body) => string>>;

/** @throws ValidationError LOCALNET_CONTROL, and LOCALNET_ACTOR when it failed on the chain */
export async function act<A extends SteeredActor>(
  deeds: Deeds<A>,
  actorOf: (who: unknown) => A,
  body: Body,
): Promise<object> {
  const deed = deeds[String(body.do)];
  if (deed === undefined) throw wrongBody(`do is one of: ${Object.keys(deeds).join(', ')}.`);
  const actor = actorOf(body.who);
  const signature = deed(actor, body);
  if (body.wait !== false) await actor.done(signature);
  return { signature, address: actor.address, user: actor.user };
}

/** Whose PnL or funding is settled: the actor's own where the body names nobody. */
export const settledAddress = (actor: SteeredActor, body: Body): string =>
  body.address === undefined ? actor.address : bodyAddress(body);

/** @throws ValidationError LOCALNET_ORACLE, LOCALNET_PRICE_FILE */
export function steerOracle(oracle: Oracle, { path, file, trouble }: Body): object {
  if (path !== undefined) oracle.follow(path as PricePath);
  if (typeof file === 'string')
    oracle.follow({ kind: 'replay', rows: readPriceFile(readFileSync(file, 'utf8'), file) });
  if (trouble !== undefined) oracle.trouble(trouble as OracleTrouble);
  return oracle.describe();
}
