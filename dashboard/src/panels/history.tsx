/** The journal's books by date, newest first, and each of them in full as CSV; and the tax file. */
import type { ComponentChildren } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { alertTitle } from '../../../src/domain/alerts/alert-table.ts';
import type { ListItem } from '../../../src/protocol/api.ts';
import { plain, ratio, shortId, sol, toneOf, usd } from '../format/number.ts';
import { dateTime, timeZone } from '../format/time.ts';
import { csvAddress, fetchList, type TimeRange } from '../socket/lists.ts';
import { spaced } from '../state/command-words.ts';
import { dayRange } from '../state/day-range.ts';
import { kept } from '../state/kept.ts';
import { extended, type Paged, type ReadPage, refreshed } from '../state/paged-list.ts';
import { journalVersion, nowMs } from '../state/store.ts';
import { operationWords } from '../state/timeline.ts';
import { ExternalLink, Panel, ScrollRegion } from './parts.tsx';

const PAGE_ROWS = 20;

interface Column<Row> {
  readonly name: string;
  /** A figure stands at the right, its digits below each other. */
  readonly figure?: true;
  readonly cell: (row: Row) => ComponentChildren;
}

interface Book<Row> {
  readonly title: string;
  readonly empty: string;
  readonly key: (row: Row) => string;
  readonly columns: readonly Column<Row>[];
}

function IdLink({ id, href }: { readonly id: string; readonly href: string | null }) {
  const short = <code title={id}>{shortId(id)}</code>;
  return href === null ? short : <ExternalLink href={href}>{short}</ExternalLink>;
}

type BookName = 'operations' | 'trades' | 'funding' | 'equity' | 'alerts' | 'decisions';

const BOOKS: { readonly [Name in BookName]: Book<ListItem<Name>> } = {
  operations: {
    title: 'Operations',
    empty: 'No operations yet.',
    key: (row) => row.operation_id,
    columns: [
      { name: 'Started', cell: (row) => dateTime(row.created_at) },
      { name: 'Operation', cell: operationWords },
      { name: 'Status', cell: (row) => spaced(row.status) },
      { name: 'By', cell: (row) => (row.command_id === null ? 'engine' : 'you') },
      { name: 'Attempts', figure: true, cell: (row) => plain(row.attempts.length, 0) },
      { name: 'Error', cell: (row) => row.error?.code ?? '' },
      {
        name: 'Workflow',
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
      { name: 'Size', figure: true, cell: (row) => sol(row.size) },
      { name: 'Price', figure: true, cell: (row) => usd(row.price) },
      { name: 'Fee', figure: true, cell: (row) => usd(row.fee, 'negative', 4) },
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
      { name: 'Rate', figure: true, cell: (row) => ratio(row.rate, 5, 'always') },
      { name: 'Position', figure: true, cell: (row) => sol(row.position, 'always') },
      {
        name: 'Amount',
        figure: true,
        cell: (row) => <span class={`tone-${toneOf(row.amount)}`}>{usd(row.amount, 'always', 4)}</span>,
      },
    ],
  },
  equity: {
    title: 'Equity',
    empty: 'No equity recorded yet.',
    key: (row) => String(row.ts),
    columns: [
      { name: 'Time', cell: (row) => dateTime(row.ts) },
      { name: 'Equity', figure: true, cell: (row) => usd(row.equity) },
      { name: 'Funding', figure: true, cell: (row) => usd(row.funding, 'always') },
      { name: 'Interest', figure: true, cell: (row) => usd(row.interest, 'always') },
      { name: 'Fees', figure: true, cell: (row) => usd(row.fees, 'always') },
      { name: 'Price', figure: true, cell: (row) => usd(row.price, 'always') },
      { name: 'Quote asset at', figure: true, cell: (row) => usd(row.quote_price, 'negative', 4) },
    ],
  },
  alerts: {
    title: 'Alerts',
    empty: 'No alerts.',
    key: (row) => row.id,
    columns: [
      { name: 'Time', cell: (row) => dateTime(row.ts) },
      { name: 'Alert', cell: (row) => alertTitle(row.code) },
      { name: 'Severity', cell: (row) => (row.kind === 'recovered' ? 'resolved' : row.severity) },
      { name: 'Message', cell: (row) => row.message },
    ],
  },
  decisions: {
    title: 'Decisions',
    empty: 'No decisions yet.',
    key: (row) => String(row.ts),
    columns: [
      { name: 'Time', cell: (row) => dateTime(row.ts) },
      { name: 'Decision', cell: (row) => (row.action === 'none' ? 'did not trade' : spaced(row.action)) },
      { name: 'Size', figure: true, cell: (row) => (row.size === null ? '' : sol(row.size, 'always')) },
      { name: 'Why', cell: (row) => row.reasons.map(({ text }) => text).join(' ') },
    ],
  },
};
const NAMES = Object.keys(BOOKS) as readonly BookName[];

type Row = ListItem<BookName>;

interface Loaded extends Paged<Row> {
  readonly book: BookName;
  readonly range: TimeRange;
  readonly problem: string | null;
}

const pagesOf =
  (book: BookName, range: TimeRange): ReadPage<Row> =>
  async (cursor) => {
    const page = await fetchList(book, PAGE_ROWS, cursor, range);
    return typeof page === 'string' ? page : { rows: page.items as readonly Row[], next: page.next };
  };

const keyOf = (book: BookName) => BOOKS[book].key as (row: Row) => string;

const isOf = (loaded: Loaded | null, book: BookName, range: TimeRange): loaded is Loaded =>
  loaded !== null && loaded.book === book && loaded.range === range;

/** What has been read stays when a read fails, and when new rows come. */
function useBook(book: BookName, range: TimeRange) {
  const [loaded, setLoaded] = useState<Loaded | null>(null);
  const latest = useRef<Loaded | null>(null);
  // The last request wins: a slow answer for another tab must not appear under this one.
  const asked = useRef(0);
  const version = journalVersion.value;

  const read = (step: (known: Loaded | null) => Promise<Paged<Row> | string>): void => {
    const ticket = ++asked.current;
    const known = isOf(latest.current, book, range) ? latest.current : null;
    void step(known).then((page) => {
      if (ticket !== asked.current) return;
      const blank = { rows: known?.rows ?? [], next: known?.next ?? null };
      latest.current =
        typeof page === 'string'
          ? { book, range, ...blank, problem: `Could not load the history. ${page}` }
          : { book, range, ...page, problem: null };
      setLoaded(latest.current);
    });
  };
  useEffect(() => read((known) => refreshed(known, pagesOf(book, range), keyOf(book))), [book, range, version]);
  const older = (): void =>
    read((known) =>
      known === null
        ? refreshed(null, pagesOf(book, range), keyOf(book))
        : extended(known, pagesOf(book, range), keyOf(book)),
    );
  return { shown: isOf(loaded, book, range) ? loaded : null, older };
}

interface ChosenDays {
  readonly from: string;
  readonly to: string;
}

const chosen = kept<{ readonly book: BookName; readonly days: ChosenDays }>(
  'history',
  { book: 'operations', days: { from: '', to: '' } },
  isChosen,
);

function isChosen(value: unknown): boolean {
  const { book, days } = (value ?? {}) as { readonly book?: unknown; readonly days?: Partial<ChosenDays> };
  return NAMES.some((name) => name === book) && typeof days?.from === 'string' && typeof days.to === 'string';
}

export function HistoryPanel() {
  const { book, days } = chosen.value;
  const setBook = (name: BookName): void => {
    chosen.value = { book: name, days };
  };
  const setDays = (range: ChosenDays): void => {
    chosen.value = { book, days: range };
  };
  const range = useMemo(() => dayRange(days.from, days.to), [days.from, days.to]);
  const { shown, older } = useBook(book, range);
  return (
    <Panel
      id="history"
      title="History"
      aside={
        <span class="history-exports">
          <a href={csvAddress(book, range)} download={`driftless-${book}.csv`} data-testid="history-csv">
            {BOOKS[book].title} (CSV)
          </a>
          <a href={csvAddress('tax', range)} download="driftless-tax.csv" data-testid="history-tax">
            Tax file (CSV)
          </a>
        </span>
      }
    >
      <Tabs book={book} onChoose={setBook} />
      <Days days={days} onChange={setDays} />
      <div class="history-table" role="tabpanel" id="history-panel" aria-labelledby={`tab-${book}`}>
        <ScrollRegion label={BOOKS[book].title}>
          <BookTable book={book} shown={shown} />
        </ScrollRegion>
      </div>
      <div class="history-foot">
        <span class="note">
          {shown?.problem !== null && (shown?.rows.length ?? 0) > 0
            ? shown?.problem
            : `Times in ${timeZone(nowMs.value)}. A CSV has every row of the dates chosen, in UTC.`}
        </span>
        {shown?.next == null ? null : (
          <button type="button" class="button button-quiet" onClick={older} data-testid="history-more">
            Older
          </button>
        )}
      </div>
    </Panel>
  );
}

interface DaysProps {
  readonly days: ChosenDays;
  readonly onChange: (days: ChosenDays) => void;
}

/** Whole days of the reader's time zone. */
function Days({ days, onChange }: DaysProps) {
  return (
    <div class="history-days">
      <label>
        From{' '}
        <input
          type="date"
          value={days.from}
          data-testid="history-from"
          onChange={(event) => onChange({ ...days, from: event.currentTarget.value })}
        />
      </label>
      <label>
        To{' '}
        <input
          type="date"
          value={days.to}
          data-testid="history-to"
          onChange={(event) => onChange({ ...days, to: event.currentTarget.value })}
        />
      </label>
      {days.from === '' && days.to === '' ? null : (
        <button type="button" class="button button-quiet" onClick={() => onChange({ from: '', to: '' })}>
          All dates
        </button>
      )}
    </div>
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
            <th scope="col" key={column.name} class={column.figure === true ? '' : 'is-text'}>
              {column.name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {shown?.rows.map((row) => (
          <tr key={key(row)} data-testid="history-row">
            {columns.map((column) => (
              <td key={column.name} class={column.figure === true ? '' : 'is-text'}>
                {column.cell(row)}
              </td>
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
