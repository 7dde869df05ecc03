/**
 * Which slot a chain can have come to by now. A node's own clock account names slot and time in one place; from there a
 * chain goes on no faster than its slots take. What a node claims beyond that is refused, and moves nothing of ours.
 */
import type { ChainClock } from './clock-sysvar.ts';

/** Half of a slot's usual time on Solana, so that a fast chain is never doubted. */
const SHORTEST_SLOT_MS = 200;
/** Nodes behind one address differ by so much, and so does what one node says in two calls. */
export const SLOT_SLACK = 150;
/** One for each node; the oldest makes way. */
const MAX_NODES = 32;

interface Anchor {
  readonly slot: number;
  /** How far the chain may be past that slot already, since its time lies behind our clock. */
  readonly behindMs: number;
  readonly atMs: number;
}

interface SlotBoundsPorts {
  readonly nowMs: () => number;
  readonly monotonicMs: () => number;
}

export class SlotBounds {
  readonly #ports: SlotBoundsPorts;
  readonly #anchors = new Map<string, Anchor>();

  constructor(ports: SlotBoundsPorts) {
    this.#ports = ports;
  }

  /** Slot and time of a node's clock account. */
  anchor(node: string, { slot, timeMs }: ChainClock): void {
    const { nowMs, monotonicMs } = this.#ports;
    this.#anchors.delete(node);
    this.#anchors.set(node, { slot, behindMs: Math.max(0, nowMs() - timeMs), atMs: monotonicMs() });
    const [oldest] = this.#anchors.keys();
    if (this.#anchors.size > MAX_NODES && oldest !== undefined) this.#anchors.delete(oldest);
  }

  /** The highest slot that a clock account named; 0 before the first. */
  get foremost(): number {
    return Math.max(0, ...[...this.#anchors.values()].map(({ slot }) => slot));
  }

  /** Null: a chain can have come so far, or no clock account was read yet; else why not, in words. */
  doubt(slot: number): string | null {
    if (this.#anchors.size === 0) return null;
    const now = this.#ports.monotonicMs();
    const reach = ({ slot: from, behindMs, atMs }: Anchor) => from + (behindMs + now - atMs) / SHORTEST_SLOT_MS;
    const highest = Math.floor(Math.max(...[...this.#anchors.values()].map(reach))) + SLOT_SLACK;
    return slot <= highest ? null : `slot ${slot}, but the chain cannot be past slot ${highest} yet`;
  }
}
