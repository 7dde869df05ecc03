/** Transactions whose outcome is unknown: what is known, where to look, and the person's verdict. */
import { useState } from 'preact/hooks';
import type { Verdict } from '../../../src/domain/order/command.ts';
import { MAX_NOTE_CHARS } from '../../../src/protocol/command.ts';
import { age } from '../format/time.ts';
import { blockedBy } from '../state/availability.ts';
import { question } from '../state/commands.ts';
import { connected, nowMs, stats, transactions } from '../state/store.ts';
import { Choice } from './amount-field.tsx';
import { ActionButton, ExternalLink, Identifier } from './parts.tsx';

const VERDICT_WORDS: Readonly<Record<Verdict, string>> = {
  landed: 'Confirmed on chain',
  failed: 'Never landed',
  retry: 'Try again',
};
const MEANING: Readonly<Record<Verdict, string>> = {
  landed:
    'You saw the transaction on chain. The restriction ends. Driftless keeps looking for proof; if the chain contradicts you, it corrects the record and halts trading.',
  failed:
    'You are sure that the transaction did not land and cannot land any more. Accepted only after its blockhash has expired.',
  retry:
    'Driftless sends a new transaction once it is proven that the first one can never land. All checks and the confirmation run again.',
};

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
            ? 'A transaction has an unknown outcome'
            : `${unresolved.length} transactions have an unknown outcome`}
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

function Unresolved({ operationId }: { readonly operationId: string }) {
  const [verdict, setVerdict] = useState<Verdict | null>(null);
  const [note, setNote] = useState('');
  const view = {
    connected: connected.value,
    engine: stats.value?.engine ?? null,
    drift: stats.value?.drift_state ?? null,
  };
  const blocked = blockedBy('resolve', view) ?? (verdict === null ? 'Choose what happened first.' : null);
  const noteId = `note-${operationId}`;
  const submit = (event: Event): void => {
    event.preventDefault();
    if (blocked !== null || verdict === null) return;
    question.value = {
      title: `Submit outcome: ${VERDICT_WORDS[verdict]}?`,
      lines: [MEANING[verdict], `Operation ${operationId}`],
      confirmLabel: 'Submit outcome',
      danger: true,
      action: 'RESOLVE_TRANSACTION',
      data: { operation_id: operationId, verdict, note: note.trim() },
    };
  };
  return (
    <form class="unresolved" onSubmit={submit} data-testid="unresolved" data-operation-id={operationId}>
      <Facts operationId={operationId} />
      <Choice
        name={`verdict-${operationId}`}
        legend="What happened to the transaction"
        value={verdict}
        onChange={setVerdict}
        options={[
          { value: 'landed', label: VERDICT_WORDS.landed, testid: 'verdict-landed' },
          { value: 'failed', label: VERDICT_WORDS.failed, testid: 'verdict-failed' },
          { value: 'retry', label: VERDICT_WORDS.retry, testid: 'verdict-retry' },
        ]}
      />
      <p class="note verdict-meaning">{verdict === null ? 'What does the explorer show?' : MEANING[verdict]}</p>
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

/** What is known about the transaction, and where to look. */
function Facts({ operationId }: { readonly operationId: string }) {
  const update = transactions.value.get(operationId);
  const hold = stats.value?.engine.holds?.find((other) => other.code === 'unresolved' && other.key === operationId);
  const signature = update?.signature ?? null;
  const explorerUrl = update?.explorer_url ?? null;
  const temporalUrl = update?.temporal_url ?? null;
  return (
    <>
      <div class="unresolved-facts">
        <span>
          <strong>transaction</strong>
          {hold === undefined ? '' : `, unknown for ${age(nowMs.value - hold.since)}`}
        </span>
        <Identifier name="operation" id={operationId} />
        {signature === null ? (
          <span class="is-unknown">Signature unknown</span>
        ) : (
          <Identifier name="signature" id={signature} />
        )}
        {explorerUrl === null ? null : <ExternalLink href={explorerUrl}>Explorer</ExternalLink>}
        {temporalUrl === null ? null : <ExternalLink href={temporalUrl}>Temporal</ExternalLink>}
      </div>
      {hold === undefined ? null : <p>{hold.reason}</p>}
    </>
  );
}
