/** The lists of the journal as HTTP gives them: which rows, under which names, and in CSV in which columns. */
import type { Asset } from '../domain/account/account.ts';
import type { Journal, Page } from '../journal/journal.ts';
import { LISTS, type ListItemJson, type ListName, listColumns } from '../protocol/api.ts';
import type { Links } from './links.ts';
import type { ListRequest } from './list-query.ts';
import {
  commandView,
  decisionRecordView,
  equityView,
  fundingView,
  operationView,
  receivedAlertView,
  tradeView,
} from './record-views.ts';

export interface JournalList<Item> {
  readonly columns: readonly string[];
  readonly page: (journal: Journal, request: ListRequest) => Promise<Page<Item>>;
}
type Pages = { readonly [Name in ListName]: JournalList<ListItemJson<Name>>['page'] };
type Lists = { readonly [Name in ListName]: JournalList<ListItemJson<Name>> };

const viewed = async <Row, Item>(page: Promise<Page<Row>>, view: (row: Row) => Item): Promise<Page<Item>> => {
  const { items, nextCursor } = await page;
  return { items: items.map(view), nextCursor };
};

/** @param quoteAsset of the account; null: not known yet */
export function listsOf(links: Links, quoteAsset: () => Asset | null): Lists {
  const pages: Pages = {
    operations: (journal, { query }) => viewed(journal.operations(query), (row) => operationView(row, links)),
    trades: (journal, { query }) => viewed(journal.trades(query), (row) => tradeView(row, quoteAsset())),
    funding: (journal, { query }) => viewed(journal.funding(query), (row) => fundingView(row, quoteAsset())),
    equity: (journal, { query }) => viewed(journal.equity(query), (row) => equityView(row, quoteAsset())),
    async alerts(journal, { query }) {
      const { items, nextCursor } = await journal.alerts(query);
      const receptions = await journal.alertReception(items.map(({ id }) => id));
      return { items: items.map((alert) => receivedAlertView(alert, links, receptions.get(alert.id))), nextCursor };
    },
    decisions: (journal, { query }) => viewed(journal.decisions(query), decisionRecordView),
    commands: (journal, { query, status }) =>
      viewed(journal.commands({ ...query, ...(status === null ? {} : { status }) }), commandView),
  };
  return Object.fromEntries(
    Object.entries(pages).map(([name, page]) => [name, { page, columns: listColumns(LISTS[name as ListName]) }]),
  ) as unknown as Lists;
}
