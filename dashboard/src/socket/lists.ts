/** The lists of the journal, over HTTP. */
import * as z from '../../../src/lib/codec.ts';
import { LISTS, type ListItem, type ListName } from '../../../src/protocol/api.ts';

interface ListPage<Name extends ListName> {
  readonly items: readonly ListItem<Name>[];
  /** Null: it is the last page. */
  readonly next: string | null;
}

/** A text says why there is no page. */
export async function fetchList<Name extends ListName>(
  name: Name,
  limit: number,
  cursor: string | null = null,
): Promise<ListPage<Name> | string> {
  const query = new URLSearchParams({ limit: String(limit), ...(cursor === null ? {} : { cursor }) });
  try {
    const response = await fetch(`/api/${name}?${query}`);
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
