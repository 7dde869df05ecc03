/** Restores lost journal rows from the histories that Temporal keeps: docs/architecture/two-stores.md. */
import { actionOf, type CommandAnswer, type CommandEnvelope, isFinal } from '../src/domain/order/command.ts';
import type { RebuildingJournal } from '../src/journal/journal.ts';
import type { OperationWrite } from '../src/journal/records.ts';
import { operationIdOf, operationWorkflowId } from '../src/lib/ids.ts';
import type { EngineActivities, Rebuilt } from './contract.ts';

/** What was done according to a kept history, in order. */
export type KeptStep =
  /** An activity that completed. */
  | { readonly kind: 'activity'; readonly name: string; readonly input: unknown; readonly result: unknown }
  /** An update that was accepted and has returned. */
  | {
      readonly kind: 'update';
      readonly name: string;
      readonly input: unknown;
      readonly result: unknown;
      readonly atMs: number;
    }
  | { readonly kind: 'child'; readonly workflowId: string };

interface KeptRun {
  readonly runId: string;
  readonly startedAtMs: number;
}

export interface KeptHistories {
  /** Every run under this id that is kept, oldest first. */
  runs(workflowId: string): Promise<readonly KeptRun[]>;
  /** Read a page at a time. Ends at once for a run that is no longer kept. */
  steps(workflowId: string, runId: string): AsyncIterable<KeptStep>;
}

interface RebuildPorts {
  readonly journal: RebuildingJournal;
  readonly lookup: KeptHistories;
}

/** How far it came: the engine's runs up to and including this start are done. */
export interface Rebuilding {
  readonly doneUntilMs: number;
  readonly rebuilt: Rebuilt;
}

/** Refusals that leave no record, so that the same command may come again. */
const LEAVES_NO_RECORD: ReadonlySet<string> = new Set([
  'ENGINE_BUSY',
  'UNAUTHORIZED',
  'UNAVAILABLE',
  'COMMAND_ID_CONFLICT',
  'CONFIRMATION_INVALID',
]);
const WRITING_ACTIVITIES: ReadonlySet<string> = new Set(['submit', 'confirm', 'follow', 'writeOperation']);
const OPERATION_PREFIX = operationWorkflowId('');

export async function rebuildJournal(
  ports: RebuildPorts,
  engineId: string,
  begun: Rebuilding | null,
  heartbeat: (progress: Rebuilding) => void,
): Promise<Rebuilt> {
  const runs = await ports.lookup.runs(engineId);
  let progress = begun ?? {
    doneUntilMs: -1,
    rebuilt: { keptSinceMs: runs[0]?.startedAtMs ?? null, commands: 0, operations: 0, notKept: 0 },
  };
  for (const { runId, startedAtMs } of runs) {
    if (startedAtMs <= progress.doneUntilMs) continue;
    const alive = () => heartbeat(progress);
    const { commands, operationIds } = await rebuildCommands(ports, engineId, runId, alive);
    const found = { rebuilt: 0, whole: 0, not_kept: 0 };
    for (const operationId of operationIds) found[await rebuildOperation(ports, operationId, alive)] += 1;
    const { rebuilt } = progress;
    progress = {
      doneUntilMs: startedAtMs,
      rebuilt: {
        ...rebuilt,
        commands: rebuilt.commands + commands,
        operations: rebuilt.operations + found.rebuilt,
        notKept: rebuilt.notKept + found.not_kept,
      },
    };
    heartbeat(progress);
  }
  return progress.rebuilt;
}

async function rebuildCommands(ports: RebuildPorts, engineId: string, runId: string, alive: () => void) {
  const { journal, lookup } = ports;
  const operationIds = new Set<string>();
  let commands = 0;
  for await (const step of lookup.steps(engineId, runId)) {
    alive();
    if (step.kind === 'child') {
      if (step.workflowId.startsWith(OPERATION_PREFIX))
        operationIds.add(step.workflowId.slice(OPERATION_PREFIX.length));
    } else if (step.kind === 'update' && step.name === 'command') {
      if (await rebuildCommand(journal, engineId, step)) commands += 1;
    } else if (step.kind === 'activity' && step.name === 'recordAnswer') {
      const { commandId, answer, atMs } = step.input as Parameters<EngineActivities['recordAnswer']>[0];
      await journal.recordAnswer(commandId, answer, atMs);
    } else if (step.kind === 'activity' && step.name === 'writeOperation') {
      for (const write of acknowledged(step)) await journal.writeOperation(write);
    }
  }
  return { commands, operationIds };
}

async function rebuildCommand(
  journal: RebuildPorts['journal'],
  engineId: string,
  { input, result, atMs }: KeptStep & { readonly kind: 'update' },
): Promise<boolean> {
  const { commandId, request, requestHash, receivedAtMs } = input as CommandEnvelope;
  const answer = result as CommandAnswer;
  if (LEAVES_NO_RECORD.has(answer.error?.code ?? '')) return false;
  const action = actionOf(request);
  const operationId = operationIdOf(engineId, commandId);
  const row = { commandId, engineId, action, requestHash, request: request as never, receivedAtMs, operationId };
  const { kind } = await journal.admitCommand(row);
  // An operation brings its answer itself; what stands now is asked for anew each time.
  if (answer.data.operation_id === undefined && action !== 'GET_STATE' && isFinal(answer)) {
    await journal.recordAnswer(commandId, answer, atMs);
  }
  return kind === 'new';
}

/** The workflow wrote unacknowledged rows again later, or gave up. */
function acknowledged(step: KeptStep & { readonly kind: 'activity' }): readonly OperationWrite[] {
  const { written } = (step.result ?? {}) as { readonly written?: boolean };
  return written === false ? [] : (step.input as { readonly writes: readonly OperationWrite[] }).writes;
}

async function rebuildOperation(
  { journal, lookup }: RebuildPorts,
  operationId: string,
  alive: () => void,
): Promise<'rebuilt' | 'whole' | 'not_kept'> {
  const record = await journal.operation(operationId);
  // The end is written with or after all else.
  if (record !== null && record.endedAtMs !== null) return 'whole';
  const workflowId = operationWorkflowId(operationId);
  let wrote = false;
  for (const { runId } of await lookup.runs(workflowId)) {
    for await (const step of lookup.steps(workflowId, runId)) {
      alive();
      if (step.kind !== 'activity' || !WRITING_ACTIVITIES.has(step.name)) continue;
      const writes = acknowledged(step);
      for (const write of writes) await journal.writeOperation(write);
      wrote ||= writes.length > 0;
    }
  }
  if (wrote) return 'rebuilt';
  return record === null ? 'not_kept' : 'whole';
}
