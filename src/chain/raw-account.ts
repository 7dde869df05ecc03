/** An account as a node returns it. */
import { isFields } from './answer-shapes.ts';

export interface RawAccount {
  readonly owner: string;
  readonly lamports: bigint;
  readonly data: Buffer;
}

/** Null: there is no such account. Undefined: the answer does not have the shape of one. */
export function rawAccountOf(value: unknown): RawAccount | null | undefined {
  if (value === null) return null;
  if (!isFields(value)) return undefined;
  const { owner, lamports, data } = value;
  if (typeof owner !== 'string' || typeof lamports !== 'number' || !Number.isFinite(lamports)) return undefined;
  if (!Array.isArray(data) || typeof data[0] !== 'string' || data[1] !== 'base64') return undefined;
  return { owner, lamports: BigInt(lamports), data: Buffer.from(data[0], 'base64') };
}
