/** Whether a node is still of the cluster that it was: behind one address there may be another chain tomorrow. */
import type { RpcNode } from './rpc-node.ts';
import type { RpcPool } from './rpc-pool.ts';
import { genesisOf } from './testimony.ts';

const ASK_EVERY_MS = 30_000;

export class ClusterWatch {
  readonly #pool: Pick<RpcPool, 'monotonicMs'>;
  readonly #expected: string | null;
  readonly #told = new Map<RpcNode, { readonly genesis: string; readonly atMs: number }>();
  /** All who ask at one time wait for one answer. */
  readonly #asking = new Map<RpcNode, Promise<string | null>>();

  /** @param expected the cluster's genesis hash; null: not known, and nothing is asked */
  constructor(pool: Pick<RpcPool, 'monotonicMs'>, expected: string | null) {
    this.#pool = pool;
    this.#expected = expected;
  }

  /** Null: it belongs, or does not say now. */
  async doubt(node: RpcNode): Promise<string | null> {
    if (this.#expected === null) return null;
    const genesis = await this.#genesisOf(node);
    if (genesis === null || genesis === this.#expected) return null;
    return `its genesis hash is ${genesis}: it belongs to another cluster`;
  }

  async #genesisOf(node: RpcNode): Promise<string | null> {
    const nowMs = this.#pool.monotonicMs();
    const known = this.#told.get(node);
    if (known !== undefined && nowMs - known.atMs < ASK_EVERY_MS) return known.genesis;
    return await (this.#asking.get(node) ?? this.#ask(node, nowMs));
  }

  #ask(node: RpcNode, atMs: number): Promise<string | null> {
    const asking = genesisOf(node)
      .then((genesis) => {
        if (genesis !== null) this.#told.set(node, { genesis, atMs });
        return genesis;
      })
      .finally(() => this.#asking.delete(node));
    this.#asking.set(node, asking);
    return asking;
  }
}
