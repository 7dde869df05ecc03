/**
 * To what a log line belongs: operation, command, engine and workflow. An activity's lines get them from its workflow and its input,
 * however deep below they are written; a line that names one of a pair gets the other.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { BoundedMap } from '../lib/bounded.ts';
import { operationWorkflowId } from '../lib/ids.ts';

export interface LogIds {
  readonly operationId?: string;
  readonly commandId?: string;
  readonly engineId?: string;
  readonly workflowId?: string;
}

const NAMES = ['operationId', 'commandId', 'engineId', 'workflowId'] as const;
/** An activity's input names its operation at its top, or within what it writes. */
const MAX_DEPTH = 5;
const REMEMBERED = 10_000;

const scope = new AsyncLocalStorage<LogIds>();

/** Every line that is written below `work`, by whomever, belongs to these. */
export const withLogIds = <T>(ids: LogIds, work: () => T): T => scope.run({ ...scope.getStore(), ...ids }, work);

/** What begins in an activity and goes on for everybody, such as a timer that gathers events, belongs to none. */
export const withoutLogIds = <T>(work: () => T): T => scope.run({}, work);

/** For pino: of each line, unless the line itself says otherwise. A copy, because pino writes into it. */
export const logIdsHere = (): object => ({ ...scope.getStore() });

/** The ids that a value names, the ones nearest to its top. */
export function logIdsIn(value: unknown): LogIds {
  const found: Record<string, string> = {};
  let level: readonly unknown[] = [value];
  for (let depth = 0; depth < MAX_DEPTH && level.length > 0; depth += 1) {
    const next: unknown[] = [];
    for (const one of level) {
      if (typeof one !== 'object' || one === null) continue;
      for (const [name, member] of Object.entries(one)) {
        if (typeof member === 'string') {
          if ((NAMES as readonly string[]).includes(name)) found[name] ??= member;
        } else next.push(member);
      }
    }
    level = next;
  }
  return found;
}

const OPERATION = operationWorkflowId('');
const ENGINE = 'engine:';
/** Which command began an operation, and of which engine it is, as the lines of this process told. */
const known = new BoundedMap<string, Pick<LogIds, 'commandId' | 'engineId'>>(REMEMBERED);

const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/** A line's fields with every id that follows from those that it has. */
export function withEveryId(fields: Record<string, unknown>): Record<string, unknown> {
  const workflow = textOf(fields.workflowId);
  const ofWorkflow = workflow?.startsWith(OPERATION) === true ? workflow.slice(OPERATION.length) : undefined;
  const operationId = textOf(fields.operationId) ?? ofWorkflow;
  const engineOfWorkflow = workflow?.startsWith(ENGINE) === true ? workflow : undefined;
  if (operationId === undefined) {
    // The engine's workflow has its id.
    const engine = textOf(fields.engineId) ?? engineOfWorkflow;
    return engine === undefined ? fields : { ...fields, engineId: engine, workflowId: workflow ?? engine };
  }
  const before = known.get(operationId);
  const commandId = textOf(fields.commandId) ?? before?.commandId;
  const engineId = textOf(fields.engineId) ?? before?.engineId ?? engineOfWorkflow;
  const pair = {
    ...(commandId === undefined ? {} : { commandId }),
    ...(engineId === undefined ? {} : { engineId }),
  };
  if (commandId !== before?.commandId || engineId !== before?.engineId) known.set(operationId, pair);
  return { ...fields, operationId, ...pair, workflowId: workflow ?? operationWorkflowId(operationId) };
}
