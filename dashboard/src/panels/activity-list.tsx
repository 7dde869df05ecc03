/** What happened, newest first: commands, refusals, the engine's operations and decisions. A row opens to its figures. */
import { useEffect, useState } from 'preact/hooks';
import { clock, dateTime } from '../format/time.ts';
import { secondsLeft } from '../state/activity.ts';
import { dismissConfirmation } from '../state/commands.ts';
import {
  books,
  booksLoaded,
  booksProblem,
  entries,
  keepBooksRead,
  olderBook,
  readBooksSoon,
  readOlder,
} from '../state/journal-books.ts';
import { journalVersion, nowMs } from '../state/store.ts';
import { type Entry, type EntryFilter, type EntryStatus, matches } from '../state/timeline.ts';
import { EntryDetails, ErrorLines } from './activity-details.tsx';
import { Badge, type BadgeTone, Panel } from './parts.tsx';

const STATUS: Readonly<Record<EntryStatus, readonly [string, BadgeTone]>> = {
  sent: ['sending', 'info'],
  unanswered: ['no answer', 'warn'],
  pending: ['pending', 'info'],
  open: ['no answer yet', 'info'],
  done: ['done', 'good'],
  confirmation_required: ['needs confirmation', 'warn'],
  rejected: ['refused', 'bad'],
  failed: ['failed', 'bad'],
  unknown: ['outcome unknown', 'warn'],
  unresolved: ['outcome unknown', 'warn'],
  none: ['', 'quiet'],
};

const KINDS: readonly (readonly [EntryFilter['kind'], string])[] = [
  ['all', 'Everything'],
  ['command', 'Commands'],
  ['refusal', 'Refusals'],
  ['engine', 'Engine trades'],
  ['decision', 'Decisions'],
];

const DAY_MS = 86_400_000;

export function ActivityPanel() {
  const [filter, setFilter] = useState<EntryFilter>({ kind: 'all', text: '' });
  const version = journalVersion.value;
  useEffect(keepBooksRead, []);
  useEffect(readBooksSoon, [version]);
  const all = entries.value;
  const shown = all.filter((entry) => matches(entry, filter));
  return (
    <Panel id="activity" title="Activity">
      <Filters filter={filter} onChange={setFilter} />
      {shown.length === 0 ? (
        <p class="note" data-testid="activity-empty">
          {emptyWords(all.length)}
        </p>
      ) : (
        <ol class="activity" data-testid="results">
          {shown.map((entry) => (
            <Item entry={entry} key={entry.key} />
          ))}
        </ol>
      )}
      <div class="history-foot">
        <span class="note">{all.length > 0 ? (booksProblem.value ?? '') : ''}</span>
        {olderBook.value === null ? null : (
          <button
            type="button"
            class="button button-quiet"
            onClick={() => void readOlder()}
            data-testid="activity-more"
          >
            Older
          </button>
        )}
      </div>
    </Panel>
  );
}

function emptyWords(count: number): string {
  if (count > 0)
    return olderBook.value === null ? 'Nothing matches.' : 'Nothing matches in what is loaded. Load older.';
  if (booksProblem.value !== null) return `Could not load the activity. ${booksProblem.value}`;
  return booksLoaded.value ? 'Nothing has happened yet.' : 'Loading…';
}

interface FiltersProps {
  readonly filter: EntryFilter;
  readonly onChange: (filter: EntryFilter) => void;
}

function Filters({ filter, onChange }: FiltersProps) {
  return (
    <div class="activity-filters">
      <select
        aria-label="Show"
        value={filter.kind}
        data-testid="activity-kind"
        onChange={(event) => onChange({ ...filter, kind: event.currentTarget.value as EntryFilter['kind'] })}
      >
        {KINDS.map(([kind, label]) => (
          <option value={kind} key={kind}>
            {label}
          </option>
        ))}
      </select>
      <input
        type="search"
        aria-label="Search the activity"
        placeholder="Search"
        maxLength={100}
        value={filter.text}
        data-testid="activity-search"
        onInput={(event) => onChange({ ...filter, text: event.currentTarget.value })}
      />
    </div>
  );
}

function Item({ entry }: { readonly entry: Entry }) {
  const [isOpen, setOpen] = useState(false);
  const [word, tone] = STATUS[entry.status];
  return (
    <li
      class={`item item-${tone} ${entry.kind === 'decision' ? 'item-decision' : ''}`}
      data-testid={entry.kind === 'command' || entry.kind === 'refusal' ? 'result' : `activity-${entry.kind}`}
      data-action={entry.action ?? undefined}
      data-status={entry.status}
      data-command-id={entry.commandId ?? undefined}
    >
      <button
        type="button"
        class="item-head item-toggle"
        aria-expanded={isOpen}
        data-testid="result-toggle"
        onClick={() => setOpen(!isOpen)}
      >
        <strong>
          {entry.kind === 'engine' ? 'Engine · ' : ''}
          {entry.title}
        </strong>
        {word === '' ? null : (
          <Badge tone={tone} testid="result-status">
            {word}
          </Badge>
        )}
        <time>{nowMs.value - entry.atMs > DAY_MS ? dateTime(entry.atMs) : clock(entry.atMs)}</time>
      </button>
      <p class="item-message" data-testid="result-message">
        {messageOf(entry)}
      </p>
      {entry.error === null ? null : <ErrorLines error={entry.error} message={entry.message} />}
      <ConfirmAgain entry={entry} />
      {isOpen ? <EntryDetails entry={entry} now={newestGates()} /> : null}
    </li>
  );
}

/** Of the engine's latest decision: how its gates stand now. */
const newestGates = () => books.value.decisions.rows[0]?.gates ?? [];

function messageOf({ status, message, local }: Entry): string {
  if (status === 'sent') return 'Sent. Waiting for the answer…';
  if (status === 'unanswered') {
    return 'No answer arrived. The engine may or may not have accepted the command. The page does not send it again; its answer appears here when the engine has given one.';
  }
  if (status === 'open')
    return local?.message || 'The engine has it and has not answered yet, or waits for a confirmation.';
  return message;
}

function ConfirmAgain({ entry }: { readonly entry: Entry }) {
  const { local } = entry;
  if (local === null || !local.ours || entry.status !== 'confirmation_required') return null;
  const left = secondsLeft(local, nowMs.value);
  if (left === 0) return <p class="note">The confirmation has expired. Send the command again.</p>;
  return (
    <button
      type="button"
      class="link-button"
      onClick={() => dismissConfirmation(local.commandId, false)}
      data-testid="confirm-reopen"
    >
      Confirm{left === null ? '' : ` (${left} s)`}
    </button>
  );
}
