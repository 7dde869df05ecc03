import type { Block } from '../ledger/block.ts';
import type { Node, NodeCommitment } from '../nodes/node.ts';
import { addressBytes, fromBase58 } from '../wire/base58.ts';
import { invalidParams, minContextSlot } from './rpc-error.ts';

export type Params = readonly unknown[];
export type Config = Readonly<Record<string, unknown>>;

/** The old names are still sent by some. */
const COMMITMENTS: Readonly<Record<string, NodeCommitment>> = {
  processed: 'processed',
  recent: 'processed',
  confirmed: 'confirmed',
  single: 'confirmed',
  singleGossip: 'confirmed',
  finalized: 'finalized',
  root: 'finalized',
  max: 'finalized',
};

export function configAt(params: Params, index: number): Config {
  const value = params[index];
  if (value === undefined || value === null) return {};
  if (typeof value === 'string') return { encoding: value };
  if (typeof value !== 'object' || Array.isArray(value)) throw invalidParams(`parameter ${index} is not an object`);
  return value as Config;
}

export function commitmentIn(
  config: Config,
  name = 'commitment',
  fallback: NodeCommitment = 'finalized',
): NodeCommitment {
  const value = config[name];
  if (value === undefined || value === null) return fallback;
  const commitment = COMMITMENTS[String(value)];
  if (commitment === undefined) throw invalidParams(`${String(value)} is no commitment`);
  return commitment;
}

/** The block that answers: of the wanted commitment, and not before `minContextSlot`. */
export function blockFor(node: Node, config: Config, name = 'commitment'): Block {
  const block = node.at(commitmentIn(config, name));
  const least = config.minContextSlot;
  if (typeof least === 'number' && block.slot < least) throw minContextSlot(block.slot);
  return block;
}

export function addressAt(params: Params, index: number): string {
  const value = params[index];
  if (typeof value !== 'string' || addressBytes(value) === null)
    throw invalidParams('Invalid param: WrongSize or Invalid base58: not an address');
  return value;
}

export function signatureAt(params: Params, index: number): string {
  return signature(params[index]);
}

export function signature(value: unknown): string {
  if (typeof value !== 'string' || value.length > 88 || fromBase58(value)?.length !== 64)
    throw invalidParams('Invalid param: WrongSize or Invalid base58: not a signature');
  return value;
}

export function wholeAt(params: Params, index: number): number {
  const value = params[index];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw invalidParams(`parameter ${index} is not a whole number`);
  return value;
}

export function listAt(params: Params, index: number, most: number): readonly unknown[] {
  const value = params[index];
  if (!Array.isArray(value)) throw invalidParams(`parameter ${index} is not a list`);
  if (value.length > most) throw invalidParams(`Too many inputs provided; max ${most}`);
  return value;
}

const API_VERSION = '2.3.0';

/** A value with the slot at which it held. */
export const inContext = (block: Block, value: unknown) => ({
  context: { apiVersion: API_VERSION, slot: block.slot },
  value,
});
