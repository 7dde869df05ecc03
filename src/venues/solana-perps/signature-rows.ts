/** A node's list of an address's signatures: `getSignaturesForAddress`. */
import { isCount, isFields } from '../../chain/answer-shapes.ts';

export interface SignatureRow {
  readonly signature: string;
  readonly slot: number;
  readonly failed: boolean;
}

/** Newest first, as the node returns them. Undefined: the answer is not such a list. */
export function readSignatureRows(result: unknown): readonly SignatureRow[] | undefined {
  if (!Array.isArray(result)) return undefined;
  const rows = result.map((row: unknown): SignatureRow | null =>
    isFields(row) && typeof row.signature === 'string' && isCount(row.slot)
      ? { signature: row.signature, slot: row.slot, failed: (row.err ?? null) !== null }
      : null,
  );
  return rows.includes(null) ? undefined : (rows as SignatureRow[]);
}
