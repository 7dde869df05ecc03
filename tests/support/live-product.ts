/** The whole product in live mode, in a process of its own, on a local chain with the real Drift program that outlives it. */
import { type DriftLocalnet, type DriftLocalnetOptions, startDriftLocalnet } from '../../localnet/drift/index.ts';
import { engineChain, engineIdOf } from '../../src/lib/ids.ts';
import type { Message } from './bridge.ts';
import { type LiveRun, liveRun } from './live-run.ts';
import type { Caller } from './product-caller.ts';

export type LiveProduct = LiveRun<DriftLocalnet>;

/** Of the product's engine on this chain. */
export const engineIdOn = (net: DriftLocalnet): string =>
  engineIdOf({
    ...{ venue: 'drift', authority: net.wallet.address, subAccount: 0 },
    chain: engineChain(net.chain.genesis.blockhash, net.programId),
  });

/** The chain runs; the product is not started yet. */
export async function liveProduct(
  settings: NodeJS.ProcessEnv = {},
  chain: DriftLocalnetOptions = {},
): Promise<LiveProduct> {
  const net = await startDriftLocalnet({ slotMs: 200, skipShare: 0, fundingHourly: 0.0001, ...chain });
  return await liveRun(net, 'drift', settings);
}

/** Sends a command, confirms it where that is asked, and gives the question and the end. */
export async function confirmed(
  caller: Caller,
  action: string,
  data: Readonly<Record<string, unknown>>,
): Promise<{ readonly asked: Message | null; readonly end: Message }> {
  const commandId = crypto.randomUUID();
  const first = await caller.end(action, data, commandId);
  if (first.error?.code !== 'CONFIRMATION_REQUIRED') return { asked: null, end: first };
  caller.sent.delete(commandId);
  const { confirmation_token } = first.data as { readonly confirmation_token: string };
  return { asked: first, end: await caller.end(action, { ...data, confirmation_token }, commandId) };
}
