import type { ParsedTransaction } from './transaction.ts';

const LAMPORTS_PER_SIGNATURE = 5000n;
export const COMPUTE_BUDGET = 'ComputeBudget111111111111111111111111111111';
const DEFAULT_UNITS = 200_000;
const MAX_UNITS = 1_400_000;
const SET_UNIT_LIMIT = 2;
const SET_UNIT_PRICE = 3;
const MICRO_PER_LAMPORT = 1_000_000n;

/** What a transaction asks of the scheduler: compute units, and micro-lamports for each of them. */
export function computeRequest(transaction: ParsedTransaction): { units: number; microLamportsPerUnit: bigint } {
  let limit: number | null = null;
  let microLamportsPerUnit = 0n;
  let others = 0;
  for (const { programIndex, data } of transaction.instructions) {
    if (transaction.keys[programIndex] !== COMPUTE_BUDGET) {
      others++;
      continue;
    }
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    if (data[0] === SET_UNIT_LIMIT && data.length >= 5) limit = view.getUint32(1, true);
    if (data[0] === SET_UNIT_PRICE && data.length >= 9) microLamportsPerUnit = view.getBigUint64(1, true);
  }
  return { units: Math.min(limit ?? others * DEFAULT_UNITS, MAX_UNITS), microLamportsPerUnit };
}

/** Lamports: 5,000 a signature, and the priority fee (units asked for x price, rounded up), charged failed or not. */
export function feeOf(transaction: ParsedTransaction): bigint {
  const { units, microLamportsPerUnit } = computeRequest(transaction);
  const priority = (BigInt(units) * microLamportsPerUnit + MICRO_PER_LAMPORT - 1n) / MICRO_PER_LAMPORT;
  return BigInt(transaction.requiredSignatures) * LAMPORTS_PER_SIGNATURE + priority;
}
