/**
 * What the live engines of a process share: the nodes with one limit and one health each, sockets, polls, recent fees, and the
 * watches on cluster, clocks and builds. Opened by the first that needs it. Table: docs/architecture/drift-venue.md.
 */
import { endpointsOf } from '../chain/endpoint.ts';
import type { RpcObserver } from '../chain/rpc-observer.ts';
import { RpcPool } from '../chain/rpc-pool.ts';
import type { Signer } from '../chain/signer.ts';
import { SolanaChain } from '../chain/solana-chain.ts';
import type { Clock } from '../lib/clock.ts';
import { BuildWatch } from '../venues/solana-perps/deployed-program.ts';
import type { PerpsDeployment } from '../venues/solana-perps/deployment.ts';
import { AccountPolls } from '../venues/solana-perps/read/account-polls.ts';
import { nodesOfCluster } from './cluster-check.ts';
import type { Settings } from './config.ts';
import type { Logger } from './logger.ts';

export interface LiveNodesPorts {
  readonly live: Settings['live'];
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'warn'>;
  readonly observe?: RpcObserver | undefined;
}

/** Nodes of the cluster, by address. */
interface OpenNodes {
  readonly rpcUrls: readonly string[];
  readonly pool: RpcPool;
  readonly polls: AccountPolls;
}

export class LiveNodes {
  readonly #ports: LiveNodesPorts;
  #open: Promise<OpenNodes> | null = null;
  /** By the signer's address; null: nothing is signed over it. */
  readonly #chains = new Map<string | null, SolanaChain>();
  readonly #builds = new Map<string, BuildWatch>();
  #users = 0;

  constructor(ports: LiveNodesPorts) {
    this.#ports = ports;
  }

  /** For one more engine. It is released once. @throws CriticalError WRONG_CLUSTER; then the next who asks looks again */
  async use(signer: Signer | null, genesis: string): Promise<LiveNodesOfEngine> {
    const { polls, ...nodes } = await this.#nodes(genesis);
    const name = signer?.publicKey.toBase58() ?? null;
    const chain = this.#chains.get(name) ?? this.#chainOf(signer, genesis, nodes);
    this.#chains.set(name, chain);
    this.#users += 1;
    return { chain, polls, release: once(() => this.#release()) };
  }

  /** Undefined: builds of this program are not told apart. */
  buildOf({ program, programId }: PerpsDeployment, { pool }: Pick<SolanaChain, 'pool'>): BuildWatch | undefined {
    const { testedBuilds: tested } = program;
    if (tested.length === 0) return undefined;
    const address = programId.toBase58();
    const { acceptProgram: accepted } = this.#ports.live;
    const build = this.#builds.get(address) ?? new BuildWatch({ pool, programId: address, tested, accepted });
    this.#builds.set(address, build);
    return build;
  }

  async #nodes(genesis: string): Promise<OpenNodes> {
    this.#open ??= this.#openNodes(genesis);
    try {
      return await this.#open;
    } catch (error) {
      this.#open = null;
      throw error;
    }
  }

  async #openNodes(genesis: string): Promise<OpenNodes> {
    const { live, clock, logger, observe } = this.#ports;
    const asked = new RpcPool({ endpoints: endpointsOf(live.rpcUrls), clock });
    const kept = await nodesOfCluster(asked, {
      ...{ env: live.driftEnv, genesis },
      warn: (text) => logger.warn({ setting: 'RPC_URL' }, text),
    });
    const rpcUrls = live.rpcUrls.filter((_, index) => kept.includes(index));
    const pool = new RpcPool({ endpoints: endpointsOf(rpcUrls, live.rpcWsUrl), clock, observe });
    return { rpcUrls, pool, polls: new AccountPolls(pool, clock) };
  }

  #chainOf(signer: Signer | null, expectedGenesis: string, nodes: Omit<OpenNodes, 'polls'>): SolanaChain {
    const { live, ...ports } = this.#ports;
    const { rpcWsUrl, jito } = live;
    return new SolanaChain({ ...nodes, ...ports, rpcWsUrl, signer, jito, expectedGenesis });
  }

  /** The last engine closes them; another one may open them anew. */
  #release(): void {
    this.#users -= 1;
    if (this.#users > 0) return;
    for (const chain of this.#chains.values()) chain.close();
    this.#chains.clear();
    this.#builds.clear();
    this.#open = null;
  }
}

function once(work: () => void): () => void {
  let done = false;
  return () => {
    if (!done) work();
    done = true;
  };
}

interface LiveNodesOfEngine {
  readonly chain: SolanaChain;
  readonly polls: AccountPolls;
  readonly release: () => void;
}
