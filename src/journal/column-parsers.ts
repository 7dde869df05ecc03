/** How column values are read on both PGlite and node-postgres; types that are not listed are text on both. */
const INT8 = 20;
const NUMERIC = 1700;

/** Times, slots and sequences stay below 2^53; amounts are numeric and keep every digit as text. */
export const COLUMN_PARSERS: Readonly<Record<number, (text: string) => unknown>> = {
  [INT8]: Number,
  [NUMERIC]: (text) => text,
};
