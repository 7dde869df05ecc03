/**
 * The books of live accounts count in the quote asset. Until now equity and the sources that are on no receipt of the venue
 * were USD. What is converted how: docs/architecture/books.md, "Rows from before".
 */
import { Buffer } from 'node:buffer';
import { type Kysely, sql } from 'kysely';

/** Were USD; the others were in the quote asset already, and `price` is the rest of the sum. */
const IN_USD = ['interest', 'gas', 'transfers', 'external', 'unexplained'] as const;
const IN_QUOTE = ['basis', 'slippage', 'funding', 'fees'] as const;
/** The first names of a span of a series, by their place. */
const CHARTED = [
  ...['equity', 'price', 'basis', 'slippage', 'funding', 'interest', 'fees', 'gas'],
  ...['transfers', 'external', 'unexplained'],
];

const ONE = 1_000_000n;
const FEMTO_PER_MICRO = 1_000_000_000n;
const FLOATS_EACH = 3;
const FLOAT_BYTES = 8;
const PAGE = 500;

type Figures = Readonly<Record<string, bigint>>;
/** What a row's figures were changed by, from its time on. */
interface Shift {
  readonly atMs: number;
  readonly by: Figures;
}

export async function up(db: Kysely<unknown>): Promise<void> {
  const { rows: books } = await sql<{ readonly engine_id: string; readonly state: StateInUsd }>`
    SELECT engine_id, state FROM drift_books`.execute(db);
  const { rows: others } = await sql<{ readonly engine_id: string }>`
    SELECT DISTINCT engine_id FROM equity
    WHERE quote_price <> ${sql.lit(Number(ONE))} AND engine_id NOT IN (SELECT engine_id FROM drift_books)`.execute(db);
  // What is converted is no news to a listener.
  await sql`ALTER TABLE equity DISABLE TRIGGER tell`.execute(db);
  for (const { engine_id: engineId, state } of books) {
    const newest = await newestRow(db, engineId);
    const shifts = await convertRows(db, engineId, state.prices.quote);
    await convertSeries(db, engineId, shifts);
    const converted = stateInQuote(state, newest, await newestRow(db, engineId));
    await sql`UPDATE drift_books SET state = ${JSON.stringify(converted)}::jsonb WHERE engine_id = ${engineId}`.execute(
      db,
    );
  }
  for (const { engine_id: engineId } of others)
    await convertSeries(db, engineId, await convertRows(db, engineId, null));
  await sql`ALTER TABLE equity ENABLE TRIGGER tell`.execute(db);
}

const FIGURES = ['equity', 'baseline', 'price', ...IN_QUOTE, ...IN_USD] as const;
const columns = (names: readonly string[], each: (column: ReturnType<typeof sql.ref>) => ReturnType<typeof sql>) =>
  sql.join(names.map((name) => sql`${each(sql.ref(name))} AS ${sql.ref(name)}`));

async function newestRow(db: Kysely<unknown>, engineId: string): Promise<Figures | null> {
  const { rows } = await sql<Record<string, string>>`
    SELECT ${sql.join(FIGURES.map((name) => sql.ref(name)))} FROM equity
    WHERE engine_id = ${engineId} ORDER BY ts_ms DESC, market_time_ms DESC LIMIT 1`.execute(db);
  return rows[0] === undefined ? null : figuresOf(rows[0]);
}

const figuresOf = (row: Readonly<Record<string, unknown>>): Figures =>
  Object.fromEntries(Object.entries(row).map(([name, value]) => [name, BigInt(String(value))]));

/** By how much each row was changed, oldest first. */
async function convertRows(db: Kysely<unknown>, engineId: string, lastPrice: string | null): Promise<readonly Shift[]> {
  const steps = ['baseline', ...IN_USD];
  const shifted = ['equity', 'price', ...IN_USD];
  const { rows } = await sql<Readonly<Record<string, unknown>> & { readonly market_time_ms: number }>`
    WITH priced AS (
      SELECT e.*, coalesce(
        e.quote_price::numeric,
        (SELECT later.quote_price::numeric FROM equity later
          WHERE later.engine_id = e.engine_id AND later.quote_price IS NOT NULL AND later.ts_ms >= e.ts_ms
          ORDER BY later.ts_ms, later.market_time_ms LIMIT 1),
        ${lastPrice}::numeric
      ) AS at
      FROM equity e WHERE e.engine_id = ${engineId}
    ), stepped AS (
      SELECT ts_ms, market_time_ms, equity::numeric * ${sql.lit(Number(ONE))} / at AS equity,
        ${columns(steps, (one) => sql`(${one}::numeric - coalesce(lag(${one}::numeric) OVER along, 0)) * ${sql.lit(Number(ONE))} / at`)}
      FROM priced WHERE at > 0 WINDOW along AS (ORDER BY ts_ms, market_time_ms)
    ), whole AS (
      SELECT ts_ms, market_time_ms, round(equity) AS equity, ${columns(steps, (one) => sql`round(sum(${one}) OVER along)`)}
      FROM stepped WINDOW along AS (ORDER BY ts_ms, market_time_ms)
    )
    UPDATE equity e SET equity = w.equity, baseline = w.baseline,
      ${sql.join(IN_USD.map((name) => sql`${sql.ref(name)} = w.${sql.ref(name)}`))},
      price = w.equity - w.baseline - ${sql.join(
        [...IN_QUOTE.map((name) => sql`b.${sql.ref(name)}::numeric`), ...IN_USD.map((name) => sql`w.${sql.ref(name)}`)],
        sql` - `,
      )}
    FROM whole w, equity b
    WHERE e.engine_id = ${engineId} AND e.ts_ms = w.ts_ms AND e.market_time_ms = w.market_time_ms
      AND b.engine_id = e.engine_id AND b.ts_ms = e.ts_ms AND b.market_time_ms = e.market_time_ms
    RETURNING e.market_time_ms, ${sql.join(
      shifted.map((name) => sql`(e.${sql.ref(name)}::numeric - b.${sql.ref(name)}::numeric)::text AS ${sql.ref(name)}`),
    )}`.execute(db);
  return rows
    .map(({ market_time_ms: atMs, ...by }) => ({ atMs, by: figuresOf(by) }))
    .sort((one, other) => one.atMs - other.atMs);
}

/** Charts show what the rows have, so their points move as the nearest row before them did. */
async function convertSeries(db: Kysely<unknown>, engineId: string, shifts: readonly Shift[]): Promise<void> {
  if (shifts.every(({ by }) => Object.values(by).every((amount) => amount === 0n))) return;
  for (let after: readonly [number, number] = [0, -1]; ; ) {
    const { rows } = await sql<{ span_ms: number; start_ms: number; last_ms: number; figures: string }>`
      SELECT span_ms, start_ms, last_ms, encode(figures, 'hex') AS figures FROM series
      WHERE engine_id = ${engineId} AND (span_ms, start_ms) > (${after[0]}::int8, ${after[1]}::int8)
      ORDER BY span_ms, start_ms LIMIT ${sql.lit(PAGE)}`.execute(db);
    const last = rows.at(-1);
    if (last === undefined) return;
    const moved = rows.map(({ span_ms, start_ms, last_ms, figures }) => {
      const bytes = Buffer.from(figures, 'hex');
      const { by } = shiftAt(shifts, last_ms);
      for (let at = 0; at < CHARTED.length * FLOATS_EACH; at += 1) {
        const shift = Number(by[CHARTED[Math.floor(at / FLOATS_EACH)] ?? ''] ?? 0n) / Number(ONE);
        bytes.writeDoubleBE(bytes.readDoubleBE(at * FLOAT_BYTES) + shift, at * FLOAT_BYTES);
      }
      return sql`(${span_ms}::int8, ${start_ms}::int8, ${`\\x${bytes.toString('hex')}`}::bytea)`;
    });
    await sql`
      UPDATE series SET figures = moved.figures FROM (VALUES ${sql.join(moved)}) AS moved (span_ms, start_ms, figures)
      WHERE series.engine_id = ${engineId} AND series.span_ms = moved.span_ms AND series.start_ms = moved.start_ms`.execute(
      db,
    );
    after = [last.span_ms, last.start_ms];
  }
}

/** Points from before the first row have that row's. */
function shiftAt(shifts: readonly Shift[], atMs: number): Shift {
  let [low, high] = [0, shifts.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((shifts[middle] as Shift).atMs <= atMs) low = middle;
    else high = middle - 1;
  }
  return shifts[low] as Shift;
}

interface Tokens {
  readonly tokens: string;
  readonly moved: string;
}

interface StateInUsd {
  readonly wallet: { readonly sol: string; readonly quote?: string; readonly usdc?: string };
  readonly base: Tokens;
  readonly quote: Tokens;
  readonly perp: { readonly base: string; readonly quote: string };
  readonly other: string;
  readonly prices: { readonly base: string; readonly quote: string; readonly perp: string };
  readonly baseline: string;
  readonly sources: Readonly<Record<string, string>>;
}

/** Continues from the newest row, and from what the state knew more exactly than the row. */
function stateInQuote(state: StateInUsd, before: Figures | null, after: Figures | null) {
  const at = BigInt(state.prices.quote);
  if (at <= 0n) throw new Error(`the books have ${at} as the price of their quote asset`);
  const { baseline, ...sources } = figuresOf({ ...state.sources, baseline: state.baseline });
  const converted = (name: string, femtoUsd: bigint): bigint => {
    const rest = femtoUsd - (before?.[name] ?? 0n) * FEMTO_PER_MICRO;
    return (after?.[name] ?? 0n) * FEMTO_PER_MICRO + (rest * ONE) / at;
  };
  const begun = converted('baseline', baseline ?? 0n);
  const next: Record<string, bigint> = { ...sources };
  for (const name of IN_USD) next[name] = converted(name, sources[name] ?? 0n);
  const explained = [...IN_QUOTE, ...IN_USD].reduce((sum, name) => sum + (next[name] ?? 0n), 0n);
  next.price = worthInQuote(state) - begun - explained;
  return {
    ...state,
    version: 2,
    baseline: begun.toString(),
    sources: Object.fromEntries(Object.entries(next).map(([name, amount]) => [name, amount.toString()])),
  };
}

function worthInQuote({ wallet, base, quote, perp, other, prices }: StateInUsd): bigint {
  const held = ({ tokens, moved }: Tokens): bigint => BigInt(tokens) + BigInt(moved);
  const cash = held(quote) + BigInt(wallet.quote ?? wallet.usdc ?? '0') + BigInt(perp.quote);
  const inQuote = cash * FEMTO_PER_MICRO + BigInt(perp.base) * BigInt(prices.perp);
  const inUsd = ((held(base) + BigInt(wallet.sol)) * BigInt(prices.base) + BigInt(other)) * ONE;
  const at = BigInt(prices.quote);
  // Toward minus infinity, as the books do.
  const quotient = inUsd / at;
  return inQuote + (inUsd % at < 0n ? quotient - 1n : quotient);
}
