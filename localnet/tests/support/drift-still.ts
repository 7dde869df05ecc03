/** Drift on a chain whose time only moves with `advance`, so everything happens in a known slot. */

import { userAddress } from '../../drift/addresses.ts';
import { decode } from '../../drift/coder.ts';
import {
  type DriftActor,
  type DriftLocalnet,
  type DriftLocalnetOptions,
  startDriftLocalnet,
} from '../../drift/index.ts';
import { onTestFinished } from './on-test-finished.ts';

export const SOL = 1_000_000_000n;
export const USDC = 1_000_000n;

/** Ends with the test. */
export async function stillDrift(options: DriftLocalnetOptions = {}): Promise<DriftLocalnet> {
  const net = await startDriftLocalnet({ paused: true, skipShare: 0, ...options });
  onTestFinished(() => net.stop());
  return net;
}

/** Makes a block and resolves when the transaction is in it. @throws with the program's logs if it failed there */
export async function land(net: DriftLocalnet, actor: DriftActor, signature: string): Promise<void> {
  await net.advance(1);
  await actor.done(signature);
}

/** Somebody with a Drift account and that much in it. */
export async function trader(
  net: DriftLocalnet,
  name: string,
  { usdc = 20_000n * USDC, sol = 0n }: { readonly usdc?: bigint; readonly sol?: bigint } = {},
): Promise<DriftActor> {
  const actor = net.actor(name);
  await net.advance(1);
  await land(net, actor, actor.initialize(name));
  if (usdc > 0n) await land(net, actor, actor.deposit('USDC', usdc));
  if (sol > 0n) await land(net, actor, actor.deposit('SOL', sol));
  return actor;
}

/** Of SOL-PERP, as of the newest block: base at 1e9, quote at 1e6. */
export function positionOf(net: DriftLocalnet, authority: string) {
  const account = net.chain.bank.accountAt(net.chain.head, userAddress(authority));
  const user = account === null ? null : decode('User', account.data);
  const position = user?.perpPositions[0];
  return {
    base: BigInt(position?.baseAssetAmount.toString() ?? 0),
    quote: BigInt(position?.quoteAssetAmount.toString() ?? 0),
    openOrders: user?.openOrders ?? 0,
    status: user?.status ?? 0,
  };
}

/** The number of the program's error in what `done` refused with, null when it went through. */
export async function errorOf(work: Promise<void>): Promise<number | null> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (error === null) return null;
  const { details } = error as { details?: { error?: string } };
  return Number(/"Custom":(\d+)/.exec(details?.error ?? '')?.[1] ?? Number.NaN);
}
