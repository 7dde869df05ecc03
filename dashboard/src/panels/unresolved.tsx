/** Transactions whose outcome is unknown: what is known, where to look, and the person's verdict. */
import { useState } from 'preact/hooks';
import type { Verdict } from '../../../src/domain/order/command.ts';
import { MAX_NOTE_CHARS } from '../../../src/protocol/command.ts';
import type { OperationInfo } from '../../../src/protocol/operation.ts';
import { age } from '../format/time.ts';
import { isOpen } from '../state/activity.ts';
import { blockedBy } from '../state/availability.ts';
import { question } from '../state/commands.ts';
import { books } from '../state/journal-books.ts';
import { activities, alerts, availability, nowMs, recentOperations, stats, transactions } from '../state/store.ts';
import { evidence, meaningOf, stuckTitle, VERDICT_WORDS } from '../state/stuck.ts';
import { ActionButton, CopyButton, ExternalLink, Identifier } from './parts.tsx';

const VERDICTS = Object.keys(VERDICT_WORDS) as readonly Verdict[];

export function UnresolvedPanel() {
  const unresolved = stats.value?.engine.unresolved ?? [];
  if (unresolved.length === 0) return null;
  return (
    <section
      class="panel panel-urgent"
      id="unresolved"
      aria-labelledby="unresolved-title"
      data-testid="panel-unresolved"
    >
      <header class="panel-head">
        <h2 id="unresolved-title">
          {unresolved.length === 1
            ? stuckTitle(operationOf(unresolved[0] ?? ''))
            : `${unresolved.length} transactions: not known yet whether they happened`}
        </h2>
      </header>
      <p>
        Money may or may not have moved. Driftless keeps checking; until it knows, you can only close, flatten, settle
        or deposit. If you know what happened, choose an outcome.
      </p>
      {unresolved.map((operationId) => (
        <Unresolved operationId={operationId} key={operationId} />
      ))}
    </section>
  );
}

const operationOf = (operationId: string): OperationInfo | null =>
  [...books.value.operations.rows, ...recentOperations.value].find((row) => row.operation_id === operationId) ?? null;

/** An outcome was submitted, and its answer is awaited: a second one would only be refused. */
const isSubmitted = (operationId: string): boolean =>
  activities.value.some(
    (one) => one.action === 'RESOLVE_TRANSACTION' && one.data.operation_id === operationId && isOpen(one),
  );

function Unresolved({ operationId }: { readonly operationId: string }) {
  const [verdict, setVerdict] = useState<Verdict | null>(null);
  const [note, setNote] = useState('');
  const operation = operationOf(operationId);
  const blocked =
    blockedBy('resolve', availability.value) ??
    (isSubmitted(operationId) ? 'An outcome was submitted. Waiting for the answer.' : null) ??
    (verdict === null ? 'Choose what happened first.' : null);
  const noteId = `note-${operationId}`;
  const submit = (event: Event): void => {
    event.preventDefault();
    if (blocked !== null || verdict === null) return;
    question.value = {
      title: `Submit outcome: ${VERDICT_WORDS[verdict]}?`,
      lines: [stuckTitle(operation), meaningOf(verdict, operation)],
      confirmLabel: 'Submit outcome',
      danger: true,
      action: 'RESOLVE_TRANSACTION',
      data: { operation_id: operationId, verdict, note: note.trim() },
    };
  };
  return (
    <form class="unresolved" onSubmit={submit} data-testid="unresolved" data-operation-id={operationId}>
      <Facts operationId={operationId} />
      <fieldset class="verdicts">
        <legend class="sr-only">What happened to the transaction</legend>
        {VERDICTS.map((one) => (
          <label key={one} class={verdict === one ? 'verdict verdict-chosen' : 'verdict'}>
            <input
              type="radio"
              name={`verdict-${operationId}`}
              value={one}
              checked={verdict === one}
              onChange={() => setVerdict(one)}
              data-testid={`verdict-${one}`}
            />
            <strong>{VERDICT_WORDS[one]}</strong>
            <span>{meaningOf(one, operation)}</span>
          </label>
        ))}
      </fieldset>
      <div class="field">
        <label for={noteId}>Note (what you saw)</label>
        <div class="field-box">
          <input
            id={noteId}
            data-testid="verdict-note"
            type="text"
            maxLength={MAX_NOTE_CHARS}
            value={note}
            onInput={(event) => setNote(event.currentTarget.value)}
          />
        </div>
      </div>
      <ActionButton
        label="Submit outcome…"
        testid="verdict-submit"
        kind="primary"
        type="submit"
        onPress={() => undefined}
        blocked={blocked}
      />
    </form>
  );
}

/** What is known about the transaction, on whose evidence, and where to look. */
function Facts({ operationId }: { readonly operationId: string }) {
  const operation = operationOf(operationId);
  const update = transactions.value.get(operationId);
  const alert = alerts.value.find(
    (other) => other.code === 'TRANSACTION_UNKNOWN' && other.kind === 'alert' && other.operation_id === operationId,
  );
  const hold = stats.value?.engine.holds?.find((other) => other.code === 'unresolved' && other.key === operationId);
  const attempt = operation?.attempts.at(-1);
  const signature = attempt?.signature ?? update?.signature ?? null;
  const explorerUrl = attempt?.explorer_url ?? update?.explorer_url ?? null;
  const temporalUrl = operation?.temporal_url ?? update?.temporal_url ?? null;
  const command = alert?.signal_command ?? null;
  return (
    <>
      <h3>
        {stuckTitle(operation)}
        {hold === undefined ? '' : ` (for ${age(nowMs.value - hold.since)})`}
      </h3>
      <ul class="plain-list" data-testid="unresolved-evidence">
        {evidence(operation, hold?.reason ?? null).map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
      <div class="unresolved-facts">
        <Identifier name="operation" id={operationId} />
        {signature === null ? (
          <span class="is-unknown">Signature unknown</span>
        ) : (
          <Identifier name="signature" id={signature} />
        )}
        {explorerUrl === null ? null : <ExternalLink href={explorerUrl}>Explorer</ExternalLink>}
        {temporalUrl === null ? null : <ExternalLink href={temporalUrl}>Temporal</ExternalLink>}
      </div>
      {command === null ? null : (
        <p class="unresolved-command">
          From a terminal: <code>{command}</code> <CopyButton what="command" text={command} />
        </p>
      )}
    </>
  );
}
