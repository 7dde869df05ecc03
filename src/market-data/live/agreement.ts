/** What several sources say together: the median of those that are fresh and agree, and in words which are not. */
import type { SourceQuote } from './source.ts';

/** What one source said, or why it said nothing. */
export interface Said {
  readonly name: string;
  readonly quote: SourceQuote | null;
  /** Without a quote. */
  readonly problem: string | null;
}

export interface Agreement {
  /** Null: no source has a fresh price. */
  readonly price: bigint | null;
  readonly mark: bigint | null;
  /** So many fresh sources agree that what adds risk may rest on it. */
  readonly agreed: boolean;
  /** Each source that is missing, stale or apart, with the reason. */
  readonly doubts: readonly string[];
}

/** A price that its source dates further back is not the market's any more. */
export const STALE_MS = 30_000;
/** Sources of one market differ by some hundredths of a per cent, in a rush by tenths. */
const OUTLIER_BPS = 100n;
const LEAST_SOURCES = 2;

function medianOf(values: readonly bigint[]): bigint | null {
  const sorted = [...values].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const middle = sorted.length >> 1;
  const upper = sorted[middle];
  if (upper === undefined) return null;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as bigint) + upper) / 2n;
}

const isApart = (price: bigint, from: bigint): boolean => {
  const distance = price > from ? price - from : from - price;
  return distance * 10_000n > from * OUTLIER_BPS;
};

export function agreementOf(said: readonly Said[], nowMs: number): Agreement {
  const doubts: string[] = [];
  const fresh: { readonly name: string; readonly quote: SourceQuote }[] = [];
  for (const { name, quote, problem } of said) {
    const ageMs = quote === null || quote.atMs === null ? 0 : nowMs - quote.atMs;
    if (quote === null) doubts.push(problem ?? `${name}: no answer`);
    else if (ageMs > STALE_MS) doubts.push(`${name}: its price is ${Math.round(ageMs / 1_000)} s old`);
    else fresh.push({ name, quote });
  }
  const middle = medianOf(fresh.map(({ quote }) => quote.price));
  const near = fresh.filter(({ quote }) => middle !== null && !isApart(quote.price, middle));
  for (const { name } of fresh.filter((each) => !near.includes(each)))
    doubts.push(`${name}: its price is apart from the others`);
  // Of two that differ neither is the outlier.
  const agreeing = near.length >= LEAST_SOURCES || fresh.length === 0 ? near : fresh;
  const marks = agreeing.flatMap(({ quote }) => (quote.mark === null ? [] : [quote.mark]));
  return {
    price: medianOf(agreeing.map(({ quote }) => quote.price)),
    mark: medianOf(marks),
    agreed: near.length >= LEAST_SOURCES,
    doubts,
  };
}
