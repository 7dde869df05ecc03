/** The few methods that we ask, and what each must look like: anything else is no answer. */

import type { Json } from '../lib/errors.ts';
import { isCount, isFields, isTexts } from './answer-shapes.ts';
import { type RawAccount, rawAccountOf } from './raw-account.ts';

export type Commitment = 'processed' | 'confirmed' | 'finalized';
/** The venue's commitment for reads: never a block that most of the cluster has not voted for. */
export type ReadCommitment = Exclude<Commitment, 'processed'>;

/** `{context: {slot}, value}` */
function inContext<T>(
  result: unknown,
  read: (value: unknown) => T | undefined,
): { readonly slot: number; readonly value: T } | undefined {
  if (!isFields(result) || !isFields(result.context) || !isCount(result.context.slot)) return undefined;
  const value = read(result.value);
  return value === undefined ? undefined : { slot: result.context.slot, value };
}

export interface SignatureStatus {
  readonly slot: number;
  readonly commitment: Commitment;
  readonly error: Json;
}

/** One per signature asked for, null for one that the node does not know. */
export const readStatuses = (count: number) => (result: unknown) =>
  inContext(result, (value): readonly (SignatureStatus | null)[] | undefined => {
    if (!Array.isArray(value) || value.length !== count) return undefined;
    const statuses = value.map(readStatus);
    return statuses.includes(undefined) ? undefined : (statuses as (SignatureStatus | null)[]);
  });

function readStatus(value: unknown): SignatureStatus | null | undefined {
  if (value === null) return null;
  if (!isFields(value) || !isCount(value.slot)) return undefined;
  const { confirmationStatus, confirmations } = value;
  const error = (value.err ?? null) as Json;
  if (confirmationStatus === 'processed' || confirmationStatus === 'confirmed' || confirmationStatus === 'finalized') {
    return { slot: value.slot, commitment: confirmationStatus, error };
  }
  // Old nodes leave the word out; a rooted block has no count of confirmations.
  return { slot: value.slot, commitment: confirmations === null ? 'finalized' : 'processed', error };
}

export const readLatestBlockhash = (result: unknown) =>
  inContext(result, (value) =>
    isFields(value) && typeof value.blockhash === 'string' && isCount(value.lastValidBlockHeight)
      ? { blockhash: value.blockhash, lastValidBlockHeight: value.lastValidBlockHeight }
      : undefined,
  );

export interface SimulationResult {
  readonly error: Json;
  readonly logs: readonly string[];
  /** Compute units; null when the node does not say. */
  readonly units: number | null;
  /** As it leaves the accounts asked for, in their order; null: it does not say. */
  readonly accounts: readonly (RawAccount | null)[] | null;
}

export const readSimulation = (result: unknown) =>
  inContext(result, (value): SimulationResult | undefined => {
    if (!isFields(value) || !('err' in value)) return undefined;
    const { logs, unitsConsumed } = value;
    return {
      error: (value.err ?? null) as Json,
      logs: isTexts(logs) ? logs : [],
      units: isCount(unitsConsumed) ? unitsConsumed : null,
      accounts: Array.isArray(value.accounts) ? accountsIn(value.accounts) : null,
    };
  });

function accountsIn(values: readonly unknown[]): readonly (RawAccount | null)[] | null {
  const accounts = values.map(rawAccountOf);
  return accounts.includes(undefined) ? null : (accounts as (RawAccount | null)[]);
}

/** Of the slot at the asked commitment. */
export const readEpochInfo = (result: unknown) =>
  isFields(result) && isCount(result.absoluteSlot) && isCount(result.blockHeight)
    ? { slot: result.absoluteSlot, height: result.blockHeight }
    : undefined;

export const readCount = (result: unknown): number | undefined => (isCount(result) ? result : undefined);

export const readText = (result: unknown): string | undefined => (typeof result === 'string' ? result : undefined);

/** Ascending. */
export const readSlots = (result: unknown): readonly number[] | undefined =>
  Array.isArray(result) && result.every(isCount) ? (result as number[]) : undefined;

interface BlockSignatures {
  readonly height: number | null;
  readonly signatures: readonly string[];
}

/** Null: the node has no such block. */
export const readBlock = (result: unknown): BlockSignatures | undefined => {
  if (!isFields(result)) return undefined;
  const { blockHeight, signatures } = result;
  return { height: isCount(blockHeight) ? blockHeight : null, signatures: isTexts(signatures) ? signatures : [] };
};

/** Newest first. */
export const readAddressSignatures = (result: unknown) => {
  if (!Array.isArray(result)) return undefined;
  const rows = result
    .filter(isFields)
    .flatMap(({ signature, slot, confirmationStatus }) =>
      typeof signature === 'string' && isCount(slot) && (confirmationStatus ?? 'finalized') === 'finalized'
        ? [{ signature, slot }]
        : [],
    );
  return rows as readonly { readonly signature: string; readonly slot: number }[];
};

/** Micro-lamports per compute unit, newest slot last. */
export const readPriorityFees = (result: unknown): readonly number[] | undefined => {
  if (!Array.isArray(result) || !result.every(isFields)) return undefined;
  const rows = result.flatMap(({ slot, prioritizationFee }) =>
    isCount(slot) && isCount(prioritizationFee) ? [{ slot, prioritizationFee }] : [],
  );
  return rows.sort((a, b) => a.slot - b.slot).map((row) => row.prioritizationFee);
};
