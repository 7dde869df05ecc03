/**
 * Whether the window in which a signature may land is over. A node's finalized height says so, but it is a counter that one
 * node reports: docs/architecture/chain.md, "When the window is over".
 */
import type { SignedAttempt } from '../domain/transaction/attempt.ts';
import { BLOCKHASH_LIFETIME_BLOCKS } from './blockhash.ts';
import { askChainClock } from './clock-sysvar.ts';
import { impossible, type RpcAnswer } from './rpc-answer.ts';
import { readEpochInfo } from './rpc-methods.ts';
import type { RpcNode } from './rpc-node.ts';
import { SLOT_SLACK } from './slot-bounds.ts';

/** What one node says of an attempt's window. */
export interface WindowView {
  readonly slot: number;
  readonly isOver: boolean;
  /** Block time of the node's own finalized accounts, at that slot or later. Null: they do not bear the height out. */
  readonly timeMs: number | null;
}

/** A finalized account of this slot or a later one shows all that the attempt did. */
export interface WindowEnd {
  readonly slot: number;
  readonly timeMs: number;
}

/** Nodes whose slots differ by no more than this see the same chain (20 s of slots). */
export const LEVEL_SLOTS = 50;

export interface AskedHeight extends WindowView {
  readonly height: number;
}

/** @param doubt why a slot that the node names cannot be; null: it can */
export async function askWindow(
  node: RpcNode,
  attempt: SignedAttempt,
  doubt: (slot: number) => Promise<string | null>,
): Promise<RpcAnswer<AskedHeight>> {
  const epoch = await node.ask('getEpochInfo', [{ commitment: 'finalized' }], readEpochInfo);
  if (epoch.kind !== 'answer') return epoch;
  const { height, slot } = epoch.value;
  const wrong = (await doubt(slot)) ?? heightDoubt(attempt, epoch.value);
  if (wrong !== null) return impossible(wrong);
  const isOver = height > attempt.lastValidBlockHeight;
  const clock = isOver ? await askChainClock(node, 'finalized') : null;
  const timeMs = clock !== null && clock.slot >= slot ? clock.timeMs : null;
  return { kind: 'answer', value: { height, slot, isOver, timeMs } };
}

/** A chain makes at most one block a slot, so a height grows no faster than the slots since signing. */
function heightDoubt(attempt: SignedAttempt, { height, slot }: { height: number; slot: number }): string | null {
  const signedAt = attempt.lastValidBlockHeight - BLOCKHASH_LIFETIME_BLOCKS;
  const highest = signedAt + Math.max(0, slot - attempt.slot) + SLOT_SLACK;
  return height <= highest ? null : `block height ${height} at slot ${slot}, which cannot be past ${highest}`;
}

/** Null: it is open, or one node's word stands against another's. A node that is far behind contradicts none. */
export function windowEnd(views: readonly WindowView[]): WindowEnd | null {
  const open = views.filter(({ isOver }) => !isOver);
  const ends = views.flatMap(({ isOver, slot, timeMs }) => (isOver && timeMs !== null ? [{ slot, timeMs }] : []));
  const believed = ends.filter((end) => open.every(({ slot }) => slot < end.slot - LEVEL_SLOTS));
  const newest = Math.max(...believed.map(({ slot }) => slot));
  const level = believed.filter(({ slot }) => slot >= newest - LEVEL_SLOTS);
  // The earliest time of those that are level proves the least.
  return level.length === 0 ? null : { slot: newest, timeMs: Math.min(...level.map(({ timeMs }) => timeMs)) };
}
