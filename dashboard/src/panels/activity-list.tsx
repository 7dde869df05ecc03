/** What happened, newest first: commands, refusals, the engine's operations and decisions. A row opens to its figures. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { clock, dateTime, fieldTime } from '../format/time.ts';
import { secondsLeft } from '../state/activity.ts';
import { dismissConfirmation } from '../state/commands.ts';
import { type ActivityBooks, books, keepBooksRead, readBooksSoon, shownBooks, until } from '../state/journal-books.ts';
import { kept } from '../state/kept.ts';
import { journalVersion, nowMs } from '../state/store.ts';
import { type Entry, type EntryFilter, type EntryStatus, matches, withoutRepeats } from '../state/timeline.ts';
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
const ENOUGH_ROWS = 10;
const FILL_TRIES = 3;

const MINUTE_MS = 60_000;
const filterChosen = kept<EntryFilter>('activity', { kind: 'all', text: '' }, isFilter);

function isFilter(value: unknown): boolean {
  const { kind, text } = (value ?? {}) as Partial<EntryFilter>;
  return typeof text === 'string' && KINDS.some(([name]) => name === kind);
}

export function ActivityPanel() {
  const version = journalVersion.value;
  const shelf = shownBooks.value;
  useEffect(keepBooksRead, []);
  useEffect(readBooksSoon, [version]);
  useEffect(() => {
    // The past is read once; with the next news where that failed.
    if (until.peek() !== null && !shelf.isLoaded.peek()) void shelf.read();
  }, [shelf, version]);
  const filter = filterChosen.value;
  const all = shelf.entries.value;
  const matching = all.filter((entry) => matches(entry, filter));
  const shown = filter.kind === 'decision' ? matching : withoutRepeats(matching);
  useFilled(shelf, shown.length, all.length);
  return (
    <Panel id="activity" title="Activity" aside={<AtTime />}>
      <Filters
        filter={filter}
        onChange={(chosen) => {
          filterChosen.value = chosen;
        }}
      />
      <UntilField />
      {shown.length === 0 ? (
        <p class="note" data-testid="activity-empty">
          {emptyWords(shelf, all.length)}
        </p>
      ) : (
        <ol class="activity" data-testid="results">
          {shown.map((entry) => (
            <Item entry={entry} key={entry.key} />
          ))}
        </ol>
      )}
      <div class="history-foot">
        <span class="note">{all.length > 0 ? (shelf.problem.value ?? '') : ''}</span>
        {shelf.older.value === null ? null : (
          <button
            type="button"
            class="button button-quiet"
            onClick={() => void shelf.readOlder()}
            data-testid="activity-more"
          >
            Older
          </button>
        )}
      </div>
    </Panel>
  );
}

/** A first page that is full of the same decision shows little: a few older ones are read without being asked. */
function useFilled(shelf: ActivityBooks, shown: number, read: number): void {
  const tries = useRef({ shelf, left: FILL_TRIES });
  const older = shelf.older.value;
  const { isLoaded } = shelf;
  useEffect(() => {
    if (tries.current.shelf !== shelf) tries.current = { shelf, left: FILL_TRIES };
    if (!isLoaded.value || older === null || shown >= ENOUGH_ROWS || tries.current.left === 0) return;
    tries.current.left -= 1;
    void shelf.readOlder();
  }, [shelf, isLoaded.value, older, shown >= ENOUGH_ROWS, read]);
}

function emptyWords({ older, problem, isLoaded }: ActivityBooks, count: number): string {
  if (count > 0) return older.value === null ? 'Nothing matches.' : 'Nothing matches in what is loaded. Load older.';
  if (problem.value !== null) return `Could not load the activity. ${problem.value}`;
  if (!isLoaded.value) return 'Loading…';
  return until.value === null ? 'Nothing has happened yet.' : 'Nothing had happened until then.';
}

/** Why did it not trade at 14:05? Shows the activity as it stood then. */
function AtTime() {
  const isPast = until.value !== null;
  return (
    <button
      type="button"
      class="button button-quiet"
      aria-pressed={isPast}
      data-testid="activity-past"
      onClick={() => {
        until.value = isPast ? null : endOfMinute(nowMs.peek());
      }}
    >
      {isPast ? 'Back to now' : 'At a time…'}
    </button>
  );
}

const endOfMinute = (ms: number): number => Math.floor(ms / MINUTE_MS) * MINUTE_MS + MINUTE_MS - 1;

function UntilField() {
  const end = until.value;
  if (end === null) return null;
  return (
    <label class="activity-until">
      Up to{' '}
      <input
        type="datetime-local"
        value={fieldTime(end)}
        data-testid="activity-until"
        onChange={(event) => {
          const at = Date.parse(event.currentTarget.value);
          if (!Number.isNaN(at)) until.value = endOfMinute(at);
        }}
      />
      <span class="note">The newest decision below was the one in force.</span>
    </label>
  );
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
        <time>{when(entry.atMs)}</time>
      </button>
      <p class="item-message" data-testid="result-message">
        {messageOf(entry)}
      </p>
      {entry.sinceMs === null ? null : (
        <p class="note" data-testid="result-repeats">
          The same {entry.times} times since {when(entry.sinceMs)}
        </p>
      )}
      {entry.error === null || entry.status === 'confirmation_required' ? null : (
        <ErrorLines error={entry.error} message={entry.message} />
      )}
      <ConfirmAgain entry={entry} />
      {isOpen ? <EntryDetails entry={entry} now={newestGates()} /> : null}
    </li>
  );
}

const when = (ms: number): string => (nowMs.value - ms > DAY_MS ? dateTime(ms) : clock(ms));

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
