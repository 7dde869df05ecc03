/**
 * A recent blockhash, and the height until which it is good. Both must be possible: a height too far ahead would keep an
 * attempt unresolved for ever, one too low would call it dead while it may land.
 */
import { behind, impossible, type RpcAnswer } from './rpc-answer.ts';
import { readEpochInfo, readLatestBlockhash } from './rpc-methods.ts';
import type { RpcNode } from './rpc-node.ts';
import type { RpcPool } from './rpc-pool.ts';
import { SLOT_SLACK } from './slot-bounds.ts';

export const BLOCKHASH_LIFETIME_BLOCKS = 150;
const CONFIRMED = [{ commitment: 'confirmed' }] as const;

interface RecentBlockhash {
  readonly slot: number;
  readonly blockhash: string;
  readonly lastValidBlockHeight: number;
}

/** @throws TransientError when no node gives one that can be */
export async function recentBlockhash(pool: RpcPool): Promise<RecentBlockhash> {
  return await pool.firstOf(
    'getLatestBlockhash',
    (node) => askBlockhash(pool, node),
    () => true,
  );
}

async function askBlockhash(pool: RpcPool, node: RpcNode): Promise<RpcAnswer<RecentBlockhash>> {
  const [answer, epoch] = await Promise.all([
    node.ask('getLatestBlockhash', CONFIRMED, readLatestBlockhash),
    node.ask('getEpochInfo', CONFIRMED, readEpochInfo),
  ]);
  if (answer.kind !== 'answer') return answer;
  const { slot, value } = answer.value;
  const doubt = await pool.slotDoubt(node, slot);
  if (doubt !== null) return impossible(doubt);
  const { lastValidBlockHeight } = value;
  // Without its height only the slot bounds it: a chain never has more blocks than slots.
  const height = epoch.kind === 'answer' ? epoch.value.height : slot;
  const highest = height + BLOCKHASH_LIFETIME_BLOCKS + SLOT_SLACK;
  if (lastValidBlockHeight > highest) {
    return impossible(`a blockhash good until height ${lastValidBlockHeight}, at height ${height}`);
  }
  if (epoch.kind === 'answer' && lastValidBlockHeight < height) {
    return behind(`its blockhash was good until height ${lastValidBlockHeight}, and it is at ${height}`);
  }
  pool.sawSlot(slot);
  return { kind: 'answer', value: { slot, ...value } };
}
