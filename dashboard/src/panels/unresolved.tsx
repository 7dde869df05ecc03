/** Transactions whose outcome is unknown: what is known, where to look, and the person's verdict. */
import { useState } from 'preact/hooks';
import { age } from '../format/time.ts';
import type { UnresolvedView } from '../socket/messages.ts';
import { blockedBy } from '../state/availability.ts';
import { sendCommand } from '../state/commands.ts';
import { connected, nowMs, stats, transactions } from '../state/store.ts';
import { Choice } from './amount-field.tsx';
import { ActionButton, ExternalLink, Identifier } from './parts.tsx';

type Verdict = 'landed' | 'failed' | 'retry';

const MEANING: Readonly<Record<Verdict, string>> = {
  landed:
    'You saw it on chain. The hold ends; proof is still awaited, and a contradiction corrects the journal and halts.',
  failed: 'You are sure that it did not and will not land. Taken only once its blockhash has expired.',
  retry: 'Try again: runs only when it is proven that the first can never land, through gates and confirmation again.',
};
const MAX_NOTE_CHARS = 500;

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
        Money may or may not have moved. The engine goes on looking for proof, and trades nothing but ways out until it
        has it, or until you tell what happened.
      </p>
      {unresolved.map((operation) => (
        <Unresolved operation={operation} key={operation.operationId} />
      ))}
    </section>
  );
}

function Unresolved({ operation }: { readonly operation: UnresolvedView }) {
  const [verdict, setVerdict] = useState<Verdict>('landed');
  const [note, setNote] = useState('');
  const update = transactions.value.get(operation.operationId);
  const signature = operation.signature ?? update?.signature ?? null;
  const explorerUrl = operation.explorerUrl ?? update?.explorerUrl ?? null;
  const temporalUrl = operation.temporalUrl ?? update?.temporalUrl ?? null;
  const view = { connected: connected.value, engine: stats.value?.engine ?? null, drift: stats.value?.drift ?? null };
  const noteId = `note-${operation.operationId}`;
  const submit = (event: Event): void => {
    event.preventDefault();
    if (blockedBy('resolve', view) !== null) return;
    sendCommand('RESOLVE_TRANSACTION', { operation_id: operation.operationId, verdict, note: note.trim() });
  };
  return (
    <form class="unresolved" onSubmit={submit} data-testid="unresolved" data-operation-id={operation.operationId}>
      <div class="unresolved-facts">
        <span>
          <strong>{operation.kind ?? 'operation'}</strong>
          {operation.sinceMs === null ? '' : `, unknown for ${age(nowMs.value - operation.sinceMs)}`}
        </span>
        <Identifier name="operation" id={operation.operationId} />
        {signature === null ? (
          <span class="is-unknown">signature unknown</span>
        ) : (
          <Identifier name="signature" id={signature} />
        )}
        {explorerUrl === null ? null : <ExternalLink href={explorerUrl}>Explorer</ExternalLink>}
        {temporalUrl === null ? null : <ExternalLink href={temporalUrl}>Temporal</ExternalLink>}
      </div>
      {operation.summary === null ? null : <p>{operation.summary}</p>}
      <Choice
        name={`verdict-${operation.operationId}`}
        legend="What happened to it"
        value={verdict}
        onChange={setVerdict}
        options={[
          { value: 'landed', label: 'It landed', testid: 'verdict-landed' },
          { value: 'failed', label: 'It failed', testid: 'verdict-failed' },
          { value: 'retry', label: 'Retry it', testid: 'verdict-retry' },
        ]}
      />
      <p class="note verdict-meaning">{MEANING[verdict]}</p>
      <div class="field">
        <label for={noteId}>Note (what you saw, for the journal)</label>
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
        label={`Tell the engine: ${verdict}`}
        testid="verdict-submit"
        kind="primary"
        type="submit"
        onPress={() => undefined}
        blocked={blockedBy('resolve', view)}
      />
    </form>
  );
}
