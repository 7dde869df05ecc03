/** An opened row of the activity: fill and cost, attempts and steps with their links, gates then and now. */
import { Fragment } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { ErrorInfo, GateResult } from '../../../src/protocol/error.ts';
import type { OperationInfo, TransactionUpdate } from '../../../src/protocol/operation.ts';
import { clock, dateTime } from '../format/time.ts';
import { fetchSteps } from '../socket/steps.ts';
import { spaced } from '../state/command-words.ts';
import { gatesThenAndNow, operationFacts } from '../state/entry-facts.ts';
import { journalVersion, transactions } from '../state/store.ts';
import type { Entry } from '../state/timeline.ts';
import { Gates } from './gates.tsx';
import { Identifier, ScrollRegion } from './parts.tsx';

interface ErrorLinesProps {
  readonly error: ErrorInfo;
  readonly message: string;
}

export function ErrorLines({ error, message }: ErrorLinesProps) {
  return (
    <div class="item-error" data-testid="result-error">
      <code data-testid="result-code">{error.code}</code>
      {error.message !== '' && error.message !== message ? <span> {error.message}</span> : null}
      {error.details?.remedy === undefined ? null : <p class="remedy">{error.details.remedy}</p>}
      <Gates gates={error.details?.gates ?? []} testid="result-gates" />
    </div>
  );
}

export function EntryDetails({ entry, now }: { readonly entry: Entry; readonly now: readonly GateResult[] }) {
  const { operation, operationId, decision, error, commandId, atMs } = entry;
  return (
    <div class="entry-details" data-testid="entry-details">
      <p class="note">{dateTime(atMs)}</p>
      {operation === null ? null : <OperationFacts operation={operation} />}
      {operationId === null ? null : <Steps operationId={operationId} />}
      {decision === null ? null : (
        <ul class="plain-list">
          {decision.reasons.map(({ code, text }) => (
            <li key={code}>
              {decision.reasons.length > 1 ? `${text} ` : ''}
              <code>{code}</code>
            </li>
          ))}
        </ul>
      )}
      <GateTable then={decision?.gates ?? error?.details?.gates ?? []} now={now} />
      <div class="item-foot">
        {commandId === null ? null : <Identifier name="command" id={commandId} />}
        {operationId === null ? null : (
          <Identifier name="operation" id={operationId} href={workflowOf(operation, operationId)} />
        )}
      </div>
    </div>
  );
}

/** The journal's link; before it has the operation, that of the live step. */
const workflowOf = (operation: OperationInfo | null, operationId: string): string | null =>
  operation?.temporal_url ?? transactions.value.get(operationId)?.temporal_url ?? null;

function OperationFacts({ operation }: { readonly operation: OperationInfo }) {
  return (
    <>
      <dl class="entry-facts">
        {operationFacts(operation).map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {operation.attempts.map((attempt) => (
        <Attempt attempt={attempt} key={attempt.signature} />
      ))}
    </>
  );
}

function Attempt({ attempt }: { readonly attempt: OperationInfo['attempts'][number] }) {
  return (
    <p class="entry-attempt">
      <span>
        Attempt {attempt.number}: {spaced(attempt.intent.kind)}, {attempt.outcome ?? attempt.stage}
        {attempt.outcome === 'confirmed' && attempt.stage === 'finalized' ? ', finalized' : ''}
      </span>
      <Identifier name="signature" id={attempt.signature} href={attempt.explorer_url} />
      {attempt.error === undefined ? null : <span class="item-error">{attempt.error.message}</span>}
    </p>
  );
}

/** Read again with every news of the journal, so that a step appears as it happens. */
function Steps({ operationId }: { readonly operationId: string }) {
  const [steps, setSteps] = useState<readonly TransactionUpdate[]>([]);
  const version = journalVersion.value;
  useEffect(() => {
    let isCurrent = true;
    void fetchSteps(operationId).then((found) => {
      if (isCurrent && found !== null) setSteps(found);
    });
    return () => {
      isCurrent = false;
    };
  }, [operationId, version]);
  if (steps.length === 0) return null;
  return (
    <ol class="entry-steps" data-testid="entry-steps">
      {steps.map(({ sequence, ts, stage, attempt, outcome }) => (
        <li key={sequence}>
          <time>{clock(ts)}</time> {spaced(stage)}
          {attempt !== null && attempt > 1 ? ` (attempt ${attempt})` : ''}
          {outcome === null || outcome === stage ? '' : `: ${spaced(outcome)}`}
        </li>
      ))}
    </ol>
  );
}

function GateTable({ then, now }: { readonly then: readonly GateResult[]; readonly now: readonly GateResult[] }) {
  const rows = gatesThenAndNow(then, now);
  if (rows.length === 0) return null;
  return (
    <ScrollRegion label="Checks then and now">
      <table class="gates" data-testid="entry-gates">
        <thead>
          <tr>
            <th scope="col">Check</th>
            <th scope="col">Then</th>
            <th scope="col">Now</th>
            <th scope="col">Required</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Fragment key={row.code}>
              <tr class={row.failed ? 'gate-failed' : ''}>
                <th scope="row">{spaced(row.code)}</th>
                <td>{row.before}</td>
                <td>{row.now === '' ? <span class="sr-only">not asked</span> : row.now}</td>
                <td>{row.need}</td>
              </tr>
              {row.remedy === '' ? null : (
                <tr class="gate-remedy">
                  <td colSpan={4}>{row.remedy}</td>
                </tr>
              )}
            </Fragment>
          ))}
        </tbody>
      </table>
    </ScrollRegion>
  );
}
