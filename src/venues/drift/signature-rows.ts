/** What a node lists of an address: `getSignaturesForAddress`. */
import { isCount, isFields } from '../../chain/answer-shapes.ts';

export interface SignatureRow {
  readonly signature: string;
  readonly slot: number;
  readonly failed: boolean;
}

/** Newest first, as the node gives them. Undefined: it is no such list. */
export function readSignatureRows(result: unknown): readonly SignatureRow[] | undefined {
  if (!Array.isArray(result)) return undefined;
  const rows = result.map((row: unknown): SignatureRow | null =>
    isFields(row) && typeof row.signature === 'string' && isCount(row.slot)
      ? { signature: row.signature, slot: row.slot, failed: (row.err ?? null) !== null }
      : null,
  );
  return rows.includes(null) ? undefined : (rows as SignatureRow[]);
}
