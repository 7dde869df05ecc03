/** The local chain with Drift and a trader's account, in a separate process so that its work does not count. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { DriftPlace } from '../../localnet/tests/support/drift-client.ts';
import type { ChainReady } from './drift-chain-process.ts';

const CHAIN_PROCESS = fileURLToPath(new URL('./drift-chain-process.ts', import.meta.url));

export class DriftChain {
  readonly place: DriftPlace;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, { secretKey, ...place }: ChainReady) {
    this.#child = child;
    this.place = { ...place, wallet: { address: place.wallet, secretKey: Uint8Array.from(secretKey) } };
  }

  static async start(): Promise<DriftChain> {
    const child = fork(CHAIN_PROCESS, { execArgv: ['--import', 'tsx'] });
    return new DriftChain(child, (await answerOf(child)) as ChainReady);
  }

  /** One more slot, in which everything changes that a busy market changes. */
  async step(): Promise<void> {
    const stepped = answerOf(this.#child);
    this.#child.send('step');
    await stepped;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.disconnect();
    await exited;
  }
}

async function answerOf(child: ChildProcess): Promise<unknown> {
  const over = new AbortController();
  try {
    return await Promise.race([
      once(child, 'message', { signal: over.signal }).then(([message]) => message as unknown),
      once(child, 'exit', { signal: over.signal }).then(([code]) => {
        throw new Error(`the local chain ended with ${code}`);
      }),
    ]);
  } finally {
    over.abort();
  }
}
