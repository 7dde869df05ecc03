/**
 * What time it is on the chain, by every node, beside our own clock. A node an hour behind answers no slower than the others,
 * and our own clock may be wrong: the age of a reading is known only where the two agree somewhere.
 */
import type { Clock } from '../lib/clock.ts';
import { askChainClock } from './clock-sysvar.ts';
import type { RpcPool } from './rpc-pool.ts';

/** Positive: its chain is ahead of our clock. */
export interface NodeClock {
  readonly node: string;
  readonly aheadMs: number;
}

/** Beyond this a clock and a chain do not agree. */
const MAX_CLOCK_GAP_MS = 30_000;
const ASK_EVERY_MS = 10_000;

/** The nodes' clocks as last asked, in the background: a node that does not answer delays no reading. */
export class ChainTime {
  readonly #pool: RpcPool;
  readonly #clock: Clock;
  #askedAtMs = Number.NEGATIVE_INFINITY;
  #known: readonly NodeClock[] = [];

  constructor(pool: RpcPool, clock: Clock) {
    this.#pool = pool;
    this.#clock = clock;
  }

  get nodes(): readonly NodeClock[] {
    if (this.#pool.nodes.length > 1 && this.#pool.monotonicMs() - this.#askedAtMs >= ASK_EVERY_MS) void this.refresh();
    return this.#known;
  }

  async refresh(): Promise<void> {
    this.#askedAtMs = this.#pool.monotonicMs();
    const told = await Promise.all(
      this.#pool.nodes.map(async (node): Promise<readonly NodeClock[]> => {
        const told = await askChainClock(node);
        return told === null ? [] : [{ node: `Node ${node.name}`, aheadMs: told.timeMs - this.#clock.nowMs() }];
      }),
    );
    this.#known = told.flat();
  }
}

export interface ChainAge {
  /** How far the chain that was read lay behind the time of the reading; null: unknown. */
  readonly ageMs: number | null;
  /** Which clock differs, in words; null: none. */
  readonly doubt: string | null;
}

const seconds = (ms: number): string => `${Math.round(Math.abs(ms) / 1_000)} s`;
const direction = (aheadMs: number): string => (aheadMs < 0 ? 'behind' : 'ahead of');
const agrees = ({ aheadMs }: NodeClock): boolean => Math.abs(aheadMs) <= MAX_CLOCK_GAP_MS;
const says = ({ node, aheadMs }: NodeClock): string =>
  `${node} is ${seconds(aheadMs)} ${direction(aheadMs)} this computer`;

/**
 * @param readAheadMs the block time of what was read, less our clock at that reading
 * @param nodes every node's own, as last asked; none where there is one node only
 */
export function chainAge(readAheadMs: number, nodes: readonly NodeClock[]): ChainAge {
  const read: NodeClock = { node: 'The node that was read', aheadMs: readAheadMs };
  const off = nodes.filter((one) => !agrees(one));
  if ([read, ...nodes].some(agrees)) {
    if (agrees(read)) return { ageMs: Math.max(0, -readAheadMs), doubt: null };
    const doubt = `${(off.length > 0 ? off : [read]).map(says).join('; ')}. The others agree with this computer.`;
    // Ahead of a clock that others confirm: no block is of the future.
    return { ageMs: readAheadMs > 0 ? null : -readAheadMs, doubt };
  }
  if (nodes.length < 2) {
    return { ageMs: null, doubt: `${says(nodes[0] ?? read)}, and no other node says which of the two is right.` };
  }
  const aheads = nodes.map(({ aheadMs }) => aheadMs);
  const together = Math.max(...aheads) - Math.min(...aheads) <= MAX_CLOCK_GAP_MS;
  const list = nodes.map(says).join('; ');
  return {
    ageMs: null,
    doubt: `${together ? "This computer's clock differs from every node's" : 'No two clocks agree'}: ${list}.`,
  };
}

/** A local chain's time is moved at will: what is ahead of our clock there is no fault, and the foremost node is the clock. */
export function localChainAge(readAheadMs: number, nodes: readonly NodeClock[]): ChainAge {
  const ahead = Math.max(0, readAheadMs, ...nodes.map(({ aheadMs }) => aheadMs));
  return chainAge(
    readAheadMs - ahead,
    nodes.map(({ node, aheadMs }) => ({ node, aheadMs: aheadMs - ahead })),
  );
}
