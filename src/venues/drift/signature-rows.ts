/** What a node lists of an address: `getSignaturesForAddress`. */

export interface SignatureRow {
  readonly signature: string;
  readonly slot: number;
  readonly failed: boolean;
}

type Fields = Readonly<Record<string, unknown>>;
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;
const isSlot = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** Newest first, as the node gives them. Undefined: it is no such list. */
export function readSignatureRows(result: unknown): readonly SignatureRow[] | undefined {
  if (!Array.isArray(result)) return undefined;
  const rows = result.map((row: unknown): SignatureRow | null =>
    isFields(row) && typeof row.signature === 'string' && isSlot(row.slot)
      ? { signature: row.signature, slot: row.slot, failed: (row.err ?? null) !== null }
      : null,
  );
  return rows.includes(null) ? undefined : (rows as SignatureRow[]);
}
