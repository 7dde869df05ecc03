/** Velocity on a chain whose time stands still between `advance`s: what happens, happens in a known slot. */

import { userAddress } from '../../../src/venues/velocity/program/addresses.ts';
import { velocityEvents } from '../../../src/venues/velocity/program/events.ts';
import { USER } from '../../../src/venues/velocity/program/user.ts';
import type { VelocityActor } from '../../velocity/actor.ts';
import { startVelocityLocalnet, type VelocityLocalnet, type VelocityLocalnetOptions } from '../../velocity/index.ts';
import { onTestFinished } from './on-test-finished.ts';

export const SOL = 1_000_000_000n;
export const USDT = 1_000_000n;

/** For several tests: whoever starts it stops it. */
export const startStillVelocity = (options: VelocityLocalnetOptions = {}): Promise<VelocityLocalnet> =>
  startVelocityLocalnet({ paused: true, skipShare: 0, ...options });

/** Ends with the test. */
export async function stillVelocity(options: VelocityLocalnetOptions = {}): Promise<VelocityLocalnet> {
  const net = await startStillVelocity(options);
  onTestFinished(() => net.stop());
  return net;
}

/**
 * Makes a block in which what was sent stands, and reads its events.
 *
 * @throws with the program's logs when it failed there, or an event cannot be read
 */
export async function land(net: VelocityLocalnet, actor: VelocityActor, signature: string) {
  await net.advance(1);
  await actor.done(signature);
  return eventsOf(net, signature);
}

export function eventsOf(net: VelocityLocalnet, signature: string) {
  const logs = net.chain.ledger.landingOn(signature, net.chain.head)?.landed.logs ?? [];
  const { events } = velocityEvents(logs);
  const unreadable = events.find(({ name }) => name === 'unreadable');
  if (unreadable !== undefined) throw new Error(`an event cannot be read: ${JSON.stringify(unreadable)}`);
  return events;
}

/** Every event that the chain has logged after a slot. */
export function eventsSince(net: VelocityLocalnet, slot: number) {
  const events: ReturnType<typeof eventsOf>[number][] = [];
  for (let block = net.chain.head; block.slot > slot && block.parent !== null; block = block.parent)
    for (const { signature, error } of block.transactions) if (error === null) events.push(...eventsOf(net, signature));
  return events;
}

/** Somebody with an account and that much in it. */
export async function velocityTrader(
  net: VelocityLocalnet,
  name: string,
  { usdt = 20_000n * USDT, sol = 0n }: { readonly usdt?: bigint; readonly sol?: bigint } = {},
): Promise<VelocityActor> {
  const actor = net.actor(name);
  await net.advance(1);
  await land(net, actor, actor.initialize(name));
  if (usdt > 0n) await land(net, actor, actor.deposit('USDT', usdt));
  if (sol > 0n) await land(net, actor, actor.deposit('SOL', sol));
  return actor;
}

/** As of the newest block. */
export function userOf(net: VelocityLocalnet, authority: string) {
  const user = net.read(USER, userAddress(authority));
  if (user === null) throw new Error(`${authority} has no account`);
  return user;
}
