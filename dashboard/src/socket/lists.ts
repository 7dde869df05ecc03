/** The lists of the journal, over HTTP. */
import * as z from '../../../src/lib/codec.ts';
import { LISTS, type ListItem, type ListName } from '../../../src/protocol/api.ts';
import { engineAddress } from './engine-address.ts';

interface ListPage<Name extends ListName> {
  readonly items: readonly ListItem<Name>[];
  /** Null: it is the last page. */
  readonly next: string | null;
}

/** Milliseconds; null: without a bound. */
export interface TimeRange {
  readonly from: number | null;
  readonly to: number | null;
}
export const ALL_TIME: TimeRange = { from: null, to: null };

const rangeQuery = ({ from, to }: TimeRange): Readonly<Record<string, string>> => ({
  ...(from === null ? {} : { from: String(from) }),
  ...(to === null ? {} : { to: String(to) }),
});

/** Everything of that time, however much it is. */
export const csvAddress = (name: string, range: TimeRange): string =>
  engineAddress(`/api/${name}?${new URLSearchParams({ format: 'csv', ...rangeQuery(range) })}`);

/** A text says why there is no page. */
export async function fetchList<Name extends ListName>(
  name: Name,
  limit: number,
  cursor: string | null = null,
  range: TimeRange = ALL_TIME,
): Promise<ListPage<Name> | string> {
  const query = new URLSearchParams({
    limit: String(limit),
    ...(cursor === null ? {} : { cursor }),
    ...rangeQuery(range),
  });
  try {
    const response = await fetch(engineAddress(`/api/${name}?${query}`));
    if (!response.ok) return `The server answered with HTTP ${response.status}.`;
    const page = z.read(LISTS[name] as z.Codec<unknown, unknown>, await response.json()) as {
      readonly items: readonly ListItem<Name>[];
      readonly next_cursor: string | null;
    } | null;
    return page === null
      ? 'This page cannot read the answer: reload it.'
      : { items: page.items, next: page.next_cursor };
  } catch {
    return 'The server is not reachable.';
  }
}
