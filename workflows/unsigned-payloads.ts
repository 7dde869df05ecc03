/**
 * Workflows act on nothing that our own workers and bridges did not sign: docs/architecture/bridge.md, "Doors". Whether it
 * was signed is seen anew in each replay, perhaps with another key. So each refusal leaves a marker in the history (`patched`),
 * and a replay refuses what has one and nothing else.
 */
import { ApplicationFailure } from '@temporalio/common';
import { log, patched, type WorkflowInterceptorsFactory } from '@temporalio/workflow';
import { isUnsigned, unwrapped } from '../src/lib/unsigned-payload.ts';

/** A person's verdict may come from a terminal. Its handler knows the signed ones by themselves. */
const OPEN_TO_ALL: ReadonlySet<string> = new Set(['resolveTransaction']);

interface MessageFields {
  readonly needed: readonly string[];
  /** What tells another message apart that has them too. */
  readonly none?: readonly string[];
}

/**
 * By which fields each message that carries something is known. A signature says for which workflow a payload is, not for which of its messages: what
 * was signed as one, or nothing at all, must not be taken for another. A handler that met it would fail its task for ever.
 */
const MESSAGES: Readonly<Record<string, MessageFields>> = {
  // The input of a start has them too, and perhaps the limits of long ago.
  configure: { needed: ['policy', 'tuning'], none: ['carried'] },
  command: { needed: ['commandId', 'request', 'requestHash'] },
  operationReport: { needed: ['operationId', 'sequence', 'phase'] },
  standDown: { needed: ['reason'] },
  slotGranted: { needed: ['confirmedPriceLimit', 'exposureConfirmed'] },
};

function isMessage(name: string, args: readonly unknown[]): boolean {
  const fields = MESSAGES[name];
  if (fields === undefined) return true;
  const [value] = args.map(unwrapped);
  if (typeof value !== 'object' || value === null) return false;
  const { needed, none = [] } = fields;
  return needed.every((field) => field in value) && none.every((field) => !(field in value));
}

const REMEDY =
  'Use the page, the socket or the command line. If you did, worker and bridge have different tokens: set the same ' +
  'DRIFTLESS_TOKEN for both.';

const refusal = (what: string): ApplicationFailure =>
  ApplicationFailure.create({
    type: 'UNAUTHORIZED',
    message: `${what} was not sent by a bridge or worker with our token. Send commands to the bridge, not to Temporal.`,
    nonRetryable: false,
  });

/** A start without an input is a stranger's: all of ours have one. */
const isEmpty = (args: readonly unknown[]): boolean => args.length === 0 && patched('empty-start');

const isRefused = (value: unknown): boolean => isUnsigned(value) && patched(`unsigned ${value.$unsigned.digest}`);

/** @throws when one of them is a stranger's */
function checked(args: readonly unknown[], what: string): unknown[] {
  if (args.some(isRefused)) throw refusal(what);
  return args.map(unwrapped);
}

const checkedResult = (result: Promise<unknown>, what: string): Promise<unknown> =>
  result.then((value) => checked([value], what)[0]);

export const interceptors: WorkflowInterceptorsFactory = () => ({
  inbound: [
    {
      execute: (input, next) => {
        if (!isEmpty(input.args) && !input.args.some(isRefused))
          return next({ ...input, args: input.args.map(unwrapped) });
        const { message } = refusal('The start of this workflow');
        return Promise.reject(ApplicationFailure.nonRetryable(message, 'UNAUTHORIZED'));
      },
      handleSignal: (input, next) => {
        const { signalName: name, args } = input;
        const isTaken =
          OPEN_TO_ALL.has(name) || (!args.some(isRefused) && (isMessage(name, args) || !patched(`not a ${name}`)));
        if (isTaken) return next({ ...input, args: args.map(unwrapped) });
        log.warn('a signal without our signature was ignored', { signal: name });
        return Promise.resolve();
      },
      // A refusal here leaves no trace, so what reaches the handler was signed when it came.
      validateUpdate: (input, next) => {
        if (!OPEN_TO_ALL.has(input.name) && (input.args.some(isUnsigned) || !isMessage(input.name, input.args))) {
          throw ApplicationFailure.nonRetryable(refusal('This update').message, 'UNAUTHORIZED', { remedy: REMEDY });
        }
        next({ ...input, args: input.args.map(unwrapped) });
      },
      handleUpdate: (input, next) => next({ ...input, args: input.args.map(unwrapped) }),
    },
  ],
  outbound: [
    {
      scheduleActivity: (input, next) => checkedResult(next(input), `The result of ${input.activityType}`),
      scheduleLocalActivity: (input, next) => checkedResult(next(input), `The result of ${input.activityType}`),
    },
  ],
});
