/** The reducer's notes as rows of the journal, written along with the next activity. */

import { newAlert } from '../../src/domain/alerts/alert.ts';
import type { JournalNotes, OperationTask } from '../../src/domain/operation/operation.ts';
import { OPERATIONS } from '../../src/domain/order/operations.ts';
import type { AlertNote, Note } from '../../src/domain/transaction/transaction.ts';
import type { AttemptRef, OperationWrite } from '../../src/journal/records.ts';
import type { Json } from '../../src/lib/errors.ts';

/** Explorer links by signature, as the venue gave them at signing. */
export type ExplorerUrls = Readonly<Record<string, string | null>>;

export function attemptRef(task: OperationTask, attempt: NonNullable<Note['attempt']>): AttemptRef {
  return {
    engineId: task.engineId,
    operationId: task.operationId,
    number: attempt.number,
    attempt: attempt.signed,
    intent: attempt.intent,
  };
}

export function journalWrite(task: OperationTask, notes: JournalNotes, urls: ExplorerUrls): OperationWrite {
  // Of several attempts in one step the last tells; each was noted in its own step.
  const told = notes.transitions.findLast(({ note }) => note.attempt !== null)?.note;
  const last = notes.transitions.at(-1)?.sequence ?? 0;
  return {
    atMs: notes.atMs,
    // Also with each change of status, so that a journal that was lost gets the row back.
    ...(notes.opens || notes.update !== null ? { operation: operationRow(task) } : {}),
    transitions: notes.transitions.map(({ operationId, sequence, atMs, note }) => ({
      operationId,
      sequence,
      atMs,
      stage: note.stage,
      attempt: note.attempt?.number ?? null,
      signature: note.attempt?.signed.signature ?? null,
      outcome: note.outcome,
      detail: note.detail,
    })),
    ...(told?.attempt == null
      ? {}
      : {
          attemptOutcome: {
            ref: attemptRef(task, told.attempt),
            stage: told.stage,
            outcome: told.attempt.outcome,
            error: told.attempt.error,
          },
        }),
    ...(notes.update === null ? {} : { update: { operationId: task.operationId, ...notes.update } }),
    ...(notes.answer === null || task.commandId === null
      ? {}
      : { answer: { commandId: task.commandId, answer: notes.answer } }),
    alerts: notes.alerts.map((alert, index) => alertOf(task, alert, `${last}.${index}`, notes.atMs, urls)),
  };
}

const operationRow = (task: OperationTask): NonNullable<OperationWrite['operation']> => ({
  operationId: task.operationId,
  engineId: task.engineId,
  commandId: task.commandId,
  kind: OPERATIONS[task.request.kind].recordedAs,
  status: 'running',
  createdAtMs: task.acceptedAtMs,
  intent: task.request as unknown as Json,
});

function alertOf(
  task: OperationTask,
  { draft, signature }: AlertNote,
  place: string,
  tsMs: number,
  urls: ExplorerUrls,
) {
  const explorer = signature === null ? null : (urls[signature] ?? null);
  return newAlert({
    id: `${task.operationId}/${place}/${draft.kind}/${draft.code}`,
    engineId: task.engineId,
    operationId: task.operationId,
    tsMs,
    draft,
    context: { signature, explorer_url: explorer, subject: task.operationId },
    whereToLook: [
      ...(signature === null ? [] : [`Transaction: ${signature}.`]),
      ...(explorer === null ? [] : [`Explorer: ${explorer}`]),
      `Workflow: operation:${task.operationId}.`,
    ],
  });
}
