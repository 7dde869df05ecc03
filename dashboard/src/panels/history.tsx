/** The journal: operations, trades and funding, newest first, and the same as CSV. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { plain, ratio, shortId, sol, toneOf, usd, usdFine } from '../format/number.ts';
import { dateTime } from '../format/time.ts';
import { type Fields, fields, list, number, text, time, webUrl } from '../socket/read.ts';
import { spaced } from '../state/command-words.ts';
import { journalVersion } from '../state/store.ts';
import { ExternalLink, Panel } from './parts.tsx';

const PAGE_ROWS = 20;

interface Column {
  readonly name: string;
  readonly cell: (row: Fields) => ComponentChildren;
}

interface Book {
  readonly title: string;
  readonly path: string;
  readonly empty: string;
  readonly key: (row: Fields) => string;
  readonly columns: readonly Column[];
}

const at = (row: Fields, name: string): string => dateTime(time(row[name]));

/** `−0.3750 SOL` of a correction, `0.5 SOL` of a deposit, `short 7.5 SOL`; empty where there is no amount. */
function intentWords(intent: Fields): string {
  const delta = number(intent.delta);
  if (delta !== null) return sol(delta, 'always');
  const size = number(intent.size);
  if (size !== null) return `${text(intent.direction) ?? ''} ${sol(size)}`.trim();
  const amount = number(intent.amount);
  return amount === null ? '' : `${plain(amount, 4)} ${text(intent.asset) ?? ''}`;
}

function IdLink({ id, href }: { readonly id: string | null; readonly href: string | null }) {
  if (id === null) return <span class="is-unknown">unknown</span>;
  const short = <code title={id}>{shortId(id)}</code>;
  return href === null ? short : <ExternalLink href={href}>{short}</ExternalLink>;
}

const BOOKS = {
  operations: {
    title: 'Operations',
    path: '/api/operations',
    empty: 'No operations yet.',
    key: (row) => String(row.operation_id),
    columns: [
      { name: 'Started', cell: (row) => at(row, 'created_at') },
      { name: 'Kind', cell: (row) => text(row.kind) ?? 'unknown' },
      { name: 'Amount', cell: (row) => intentWords(fields(row.intent)) },
      { name: 'Status', cell: (row) => spaced(text(row.status) ?? 'unknown') },
      { name: 'By', cell: (row) => (row.command_id === null ? 'engine' : 'you') },
      { name: 'Attempts', cell: (row) => plain(list(row.attempts).length, 0) },
      { name: 'Error', cell: (row) => text(fields(row.error).code) ?? '' },
      {
        name: 'Operation',
        cell: (row) => <IdLink id={text(row.operation_id)} href={webUrl(row.temporal_url)} />,
      },
    ],
  },
  trades: {
    title: 'Trades',
    path: '/api/trades',
    empty: 'No trades yet.',
    key: (row) => `${row.signature}/${row.index ?? ''}/${row.size}`,
    columns: [
      { name: 'Time', cell: (row) => at(row, 'ts') },
      { name: 'Market', cell: (row) => text(row.market) ?? 'unknown' },
      { name: 'Side', cell: (row) => text(row.side) ?? 'unknown' },
      { name: 'Size', cell: (row) => sol(number(row.size)) },
      { name: 'Price', cell: (row) => usd(number(row.price)) },
      { name: 'Fee', cell: (row) => usdFine(number(row.fee)) },
      {
        name: 'Signature',
        cell: (row) => <code title={text(row.signature) ?? ''}>{shortId(text(row.signature) ?? 'unknown')}</code>,
      },
    ],
  },
  funding: {
    title: 'Funding',
    path: '/api/funding',
    empty: 'No funding payments yet.',
    key: (row) => `${row.market}/${row.period_ts}`,
    columns: [
      { name: 'Period', cell: (row) => at(row, 'period_ts') },
      { name: 'Market', cell: (row) => text(row.market) ?? 'unknown' },
      { name: 'Rate', cell: (row) => ratio(number(row.rate), 5, 'always') },
      { name: 'Position', cell: (row) => sol(number(row.position), 'always') },
      {
        name: 'Amount',
        cell: (row) => (
          <span class={`tone-${toneOf(number(row.amount))}`}>{usdFine(number(row.amount), 'always')}</span>
        ),
      },
    ],
  },
} as const satisfies Record<string, Book>;

type BookName = keyof typeof BOOKS;
const NAMES = Object.keys(BOOKS) as readonly BookName[];

interface Loaded {
  readonly book: BookName;
  readonly rows: readonly Fields[];
  readonly next: string | null;
  readonly problem: string | null;
}

async function load(book: BookName, cursor: string | null): Promise<Omit<Loaded, 'book'>> {
  const query = new URLSearchParams({ limit: String(PAGE_ROWS), ...(cursor === null ? {} : { cursor }) });
  try {
    const response = await fetch(`${BOOKS[book].path}?${query}`);
    if (!response.ok) return { rows: [], next: null, problem: `Could not load the history (HTTP ${response.status}).` };
    const page = fields(await response.json());
    return { rows: list(page.items).map(fields), next: text(page.next_cursor), problem: null };
  } catch {
    return { rows: [], next: null, problem: 'Could not load the history. The server is not reachable.' };
  }
}

export function HistoryPanel() {
  const [book, setBook] = useState<BookName>('operations');
  const [loaded, setLoaded] = useState<Loaded | null>(null);
  const version = journalVersion.value;
  // What was asked last wins: a slow answer for another tab is not shown under this one.
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
  const { columns, key, empty, path, title } = BOOKS[book] as Book;
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
