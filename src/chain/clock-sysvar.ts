/** The clock account: slot and time of the chain as programs see them, written by the runtime at the start of each slot. */
import { isFields } from './answer-shapes.ts';
import type { RpcNode } from './rpc-node.ts';

export const CLOCK_SYSVAR = 'SysvarC1ock11111111111111111111111111111111';

export interface ChainClock {
  readonly slot: number;
  readonly timeMs: number;
}

const TIME_OFFSET = 32;
const CLOCK_BYTES = TIME_OFFSET + 8;

/** Null when the bytes are no clock. */
export function readChainClock(bytes: Buffer): ChainClock | null {
  if (bytes.length < CLOCK_BYTES) return null;
  const slot = Number(bytes.readBigUInt64LE(0));
  const timeMs = Number(bytes.readBigInt64LE(TIME_OFFSET)) * 1_000;
  return Number.isSafeInteger(slot) && Number.isSafeInteger(timeMs) ? { slot, timeMs } : null;
}

const readClockAnswer = (result: unknown): ChainClock | undefined => {
  if (!isFields(result) || !Array.isArray(result.value) || !isFields(result.value[0])) return undefined;
  const { data } = result.value[0];
  if (!Array.isArray(data) || typeof data[0] !== 'string') return undefined;
  return readChainClock(Buffer.from(data[0], 'base64')) ?? undefined;
};

/** Null: the node does not say. */
export async function askChainClock(
  node: RpcNode,
  commitment: 'confirmed' | 'finalized' = 'confirmed',
): Promise<ChainClock | null> {
  const config = { commitment, encoding: 'base64' };
  const answer = await node.ask('getMultipleAccounts', [[CLOCK_SYSVAR], config], readClockAnswer);
  return answer.kind === 'answer' ? answer.value : null;
}
