/** A list that is read page by page, newest first, and stays as long as a person made it while new rows come. */

export interface Paged<Row> {
  readonly rows: readonly Row[];
  /** The cursor of the next older page; null: there is none. */
  readonly next: string | null;
}

/** A text says why there is no page. */
export type ReadPage<Row> = (cursor: string | null) => Promise<Paged<Row> | string>;

/** More pages of news than this, and the list begins anew. */
const MAX_CATCH_UP_PAGES = 5;

/** Rows of `fresh` in the place of what is known of them, the rest behind. Null: they do not meet, and rows may lie between. */
export function joined<Row>(known: Paged<Row>, fresh: Paged<Row>, keyOf: (row: Row) => string): Paged<Row> | null {
  const keys = new Set(fresh.rows.map(keyOf));
  const meet = known.rows.length === 0 || fresh.next === null || known.rows.some((row) => keys.has(keyOf(row)));
  if (!meet) return null;
  const older = known.rows.filter((row) => !keys.has(keyOf(row)));
  return { rows: [...fresh.rows, ...older], next: older.length === 0 ? fresh.next : known.next };
}

/** The list with what is new, as far as a person had read it. */
export async function refreshed<Row>(
  known: Paged<Row> | null,
  read: ReadPage<Row>,
  keyOf: (row: Row) => string,
): Promise<Paged<Row> | string> {
  let fresh = await read(null);
  if (typeof fresh === 'string' || known === null) return fresh;
  for (let page = 1; page <= MAX_CATCH_UP_PAGES; page += 1) {
    const whole: Paged<Row> | null = joined(known, fresh, keyOf);
    if (whole !== null) return whole;
    const older: Paged<Row> | string = await read(fresh.next);
    if (typeof older === 'string') return older;
    fresh = { rows: [...fresh.rows, ...older.rows], next: older.next };
  }
  return fresh;
}

/** With the next older page. */
export async function extended<Row>(
  known: Paged<Row>,
  read: ReadPage<Row>,
  keyOf: (row: Row) => string,
): Promise<Paged<Row> | string> {
  if (known.next === null) return known;
  const older = await read(known.next);
  if (typeof older === 'string') return older;
  const keys = new Set(known.rows.map(keyOf));
  return { rows: [...known.rows, ...older.rows.filter((row) => !keys.has(keyOf(row)))], next: older.next };
}
