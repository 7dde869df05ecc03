/** The journal: operations, trades and funding, newest first, and the same as CSV. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ListItem } from '../../../src/protocol/api.ts';
import type { IntentInfo } from '../../../src/protocol/operation.ts';
import { plain, ratio, shortId, sol, toneOf, usd, usdFine } from '../format/number.ts';
import { dateTime } from '../format/time.ts';
import { fetchList } from '../socket/lists.ts';
import { spaced } from '../state/command-words.ts';
import { journalVersion } from '../state/store.ts';
import { ExternalLink, Panel } from './parts.tsx';

const PAGE_ROWS = 20;

interface Column<Row> {
  readonly name: string;
  readonly cell: (row: Row) => ComponentChildren;
}

interface Book<Row> {
  readonly title: string;
  readonly empty: string;
  readonly key: (row: Row) => string;
  readonly columns: readonly Column<Row>[];
}

/** `−0.3750 SOL` of a correction, `0.5 SOL` of a deposit, `short 7.5 SOL`; empty where there is no amount. */
function intentWords({ size, amount, asset }: IntentInfo): string {
  if (size !== undefined) return sol(size, 'always');
  return amount === undefined ? '' : `${plain(amount, 4)} ${asset ?? ''}`;
}

function IdLink({ id, href }: { readonly id: string; readonly href: string | null }) {
  const short = <code title={id}>{shortId(id)}</code>;
  return href === null ? short : <ExternalLink href={href}>{short}</ExternalLink>;
}

type BookName = 'operations' | 'trades' | 'funding';

const BOOKS: { readonly [Name in BookName]: Book<ListItem<Name>> } = {
  operations: {
    title: 'Operations',
    empty: 'No operations yet.',
    key: (row) => row.operation_id,
    columns: [
      { name: 'Started', cell: (row) => dateTime(row.created_at) },
      { name: 'Kind', cell: (row) => row.kind },
      { name: 'Amount', cell: (row) => intentWords(row.intent) },
      { name: 'Status', cell: (row) => spaced(row.status) },
      { name: 'By', cell: (row) => (row.command_id === null ? 'engine' : 'you') },
      { name: 'Attempts', cell: (row) => plain(row.attempts.length, 0) },
      { name: 'Error', cell: (row) => row.error?.code ?? '' },
      {
        name: 'Operation',
        cell: (row) => <IdLink id={row.operation_id} href={row.temporal_url} />,
      },
    ],
  },
  trades: {
    title: 'Trades',
    empty: 'No trades yet.',
    key: (row) => `${row.signature}/${row.index}`,
    columns: [
      { name: 'Time', cell: (row) => dateTime(row.ts) },
      { name: 'Market', cell: (row) => row.market },
      { name: 'Side', cell: (row) => row.side },
      { name: 'Size', cell: (row) => sol(row.size) },
      { name: 'Price', cell: (row) => usd(row.price) },
      { name: 'Fee', cell: (row) => usdFine(row.fee) },
      { name: 'Signature', cell: (row) => <code title={row.signature}>{shortId(row.signature)}</code> },
    ],
  },
  funding: {
    title: 'Funding',
    empty: 'No funding payments yet.',
    key: (row) => `${row.market}/${row.period_ts}`,
    columns: [
      { name: 'Period', cell: (row) => dateTime(row.period_ts) },
      { name: 'Market', cell: (row) => row.market },
      { name: 'Rate', cell: (row) => ratio(row.rate, 5, 'always') },
      { name: 'Position', cell: (row) => sol(row.position, 'always') },
      {
        name: 'Amount',
        cell: (row) => <span class={`tone-${toneOf(row.amount)}`}>{usdFine(row.amount, 'always')}</span>,
      },
    ],
  },
};
const NAMES = Object.keys(BOOKS) as readonly BookName[];

type Row = ListItem<BookName>;

interface Loaded {
  readonly book: BookName;
  readonly rows: readonly Row[];
  readonly next: string | null;
  readonly problem: string | null;
}

async function load(book: BookName, cursor: string | null): Promise<Omit<Loaded, 'book'>> {
  const page = await fetchList(book, PAGE_ROWS, cursor);
  return typeof page === 'string'
    ? { rows: [], next: null, problem: `Could not load the history. ${page}` }
    : { rows: page.items, next: page.next, problem: null };
}

export function HistoryPanel() {
  const [book, setBook] = useState<BookName>('operations');
  const [loaded, setLoaded] = useState<Loaded | null>(null);
  const version = journalVersion.value;
  // The last request wins: a slow answer for another tab must not appear under this one.
  const asked = useRef(0);

  useEffect(() => {
    const ticket = ++asked.current;
    void load(book, null).then((page) => {
      if (ticket !== asked.current) return;
      setLoaded((before) =>
        page.problem !== null && before?.book === book ? { ...before, problem: page.problem } : { book, ...page },
      );
    });
  }, [book, version]);

  const more = (): void => {
    if (loaded === null || loaded.next === null) return;
    const ticket = ++asked.current;
    void load(book, loaded.next).then((page) => {
      if (ticket === asked.current) setLoaded({ book, ...page, rows: [...loaded.rows, ...page.rows] });
    });
  };

  const shown = loaded?.book === book ? loaded : null;
  const { title } = BOOKS[book];
  const path = `/api/${book}`;
  return (
    <Panel
      id="history"
      title="History"
      aside={
        <a href={`${path}?format=csv`} download={`driftless-${book}.csv`} data-testid="history-csv">
          Download {title.toLowerCase()} (CSV)
        </a>
      }
    >
      <Tabs book={book} onChoose={setBook} />
      <div class="table-scroll history-table" role="tabpanel" id="history-panel" aria-labelledby={`tab-${book}`}>
        <BookTable book={book} shown={shown} />
      </div>
      <div class="history-foot">
        <span class="note">{shown?.problem !== null && (shown?.rows.length ?? 0) > 0 ? shown?.problem : ''}</span>
        {shown?.next == null ? null : (
          <button type="button" class="button button-quiet" onClick={more} data-testid="history-more">
            Older
          </button>
        )}
      </div>
    </Panel>
  );
}

/** `shown` null: still loading. */
function BookTable({ book, shown }: { readonly book: BookName; readonly shown: Loaded | null }) {
  const { columns, key, empty } = BOOKS[book] as Book<Row>;
  return (
    <table class="table" data-testid={`history-${book}`}>
      <thead>
        <tr>
          {columns.map((column) => (
            <th scope="col" key={column.name}>
              {column.name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {shown?.rows.map((row) => (
          <tr key={key(row)} data-testid="history-row">
            {columns.map((column) => (
              <td key={column.name}>{column.cell(row)}</td>
            ))}
          </tr>
        ))}
        {shown !== null && shown.rows.length > 0 ? null : (
          <tr class="empty-row">
            <td colSpan={columns.length}>{shown === null ? 'Loading…' : (shown.problem ?? empty)}</td>
          </tr>
        )}
      </tbody>
    </table>
  );
}

function Tabs({ book, onChoose }: { readonly book: BookName; readonly onChoose: (book: BookName) => void }) {
  const move = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    const next = NAMES[(NAMES.indexOf(book) + step + NAMES.length) % NAMES.length];
    if (step === 0 || next === undefined) return;
    event.preventDefault();
    onChoose(next);
    document.getElementById(`tab-${next}`)?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label="History" onKeyDown={move}>
      {NAMES.map((name) => (
        <button
          type="button"
          role="tab"
          id={`tab-${name}`}
          key={name}
          class="tab"
          aria-selected={name === book}
          aria-controls="history-panel"
          tabIndex={name === book ? 0 : -1}
          data-testid={`history-tab-${name}`}
          onClick={() => onChoose(name)}
        >
          {BOOKS[name].title}
        </button>
      ))}
    </div>
  );
}
