/** Many accounts in one answer of one node, so all of the same slot. */
import { isFields } from '../../../chain/answer-shapes.ts';
import { CLOCK_SYSVAR, readChainClock } from '../../../chain/clock-sysvar.ts';
import { type RawAccount, rawAccountOf } from '../../../chain/raw-account.ts';
import { behind, impossible, type RpcAnswer } from '../../../chain/rpc-answer.ts';
import type { ReadCommitment } from '../../../chain/rpc-methods.ts';
import type { RpcNode } from '../../../chain/rpc-node.ts';
import type { RpcPool } from '../../../chain/rpc-pool.ts';
import { SLOT_SLACK } from '../../../chain/slot-bounds.ts';

export interface AccountBatch {
  readonly slot: number;
  /** By address; null: there is no such account. */
  readonly accounts: ReadonlyMap<string, RawAccount | null>;
}

/** The most accounts that a node returns at once. */
export const MAX_BATCH = 100;
const NO_BYTES = Buffer.alloc(0);

const batchOf =
  (addresses: readonly string[]) =>
  (result: unknown): AccountBatch | undefined => {
    if (!isFields(result) || !isFields(result.context) || !Array.isArray(result.value)) return undefined;
    const { slot } = result.context;
    if (typeof slot !== 'number' || !Number.isSafeInteger(slot) || result.value.length !== addresses.length) {
      return undefined;
    }
    const accounts = new Map<string, RawAccount | null>();
    for (const [index, address] of addresses.entries()) {
      const account = rawAccountOf(result.value[index]);
      if (account === undefined) return undefined;
      accounts.set(address, account);
    }
    return { slot, accounts };
  };

export interface BatchTerms {
  readonly commitment: ReadCommitment;
  /** A node that has not reached this slot counts as not responding. */
  readonly minSlot: number;
}

/**
 * One node's answer. It has the slot twice, in its context and in the clock account. If the two differ, or no chain can
 * have reached that slot, it does not count. @throws RangeError above `MAX_BATCH`
 */
export async function askAccounts(
  pool: RpcPool,
  node: RpcNode,
  addresses: readonly string[],
  { commitment, minSlot }: BatchTerms,
): Promise<RpcAnswer<AccountBatch>> {
  const asked = [...new Set([CLOCK_SYSVAR, ...addresses])];
  if (asked.length > MAX_BATCH) throw new RangeError(`${asked.length} accounts do not fit one answer`);
  const config = { commitment, encoding: 'base64', ...(minSlot > 0 ? { minContextSlot: minSlot } : {}) };
  const answer = await node.ask('getMultipleAccounts', [asked, config], batchOf(asked));
  if (answer.kind !== 'answer') return answer;
  const { slot, accounts } = answer.value;
  const clock = readChainClock(accounts.get(CLOCK_SYSVAR)?.data ?? NO_BYTES);
  if (clock === null) return behind('it did not return the clock account');
  if (Math.abs(clock.slot - slot) > SLOT_SLACK) {
    return impossible(`slot ${slot}, while its own clock account says ${clock.slot}`);
  }
  pool.slots.anchor(node.name, clock);
  if (slot < minSlot) return behind(`it is at slot ${slot}, and slot ${minSlot} was read already`);
  pool.sawSlot(slot);
  return answer;
}
