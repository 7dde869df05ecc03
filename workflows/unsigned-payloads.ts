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

const REMEDY =
  'Use the page, the socket or the command line. If you did, worker and bridge have different tokens: set the same ' +
  'DRIFTLESS_TOKEN for both.';

const refusal = (what: string): ApplicationFailure =>
  ApplicationFailure.create({
    type: 'UNAUTHORIZED',
    message: `${what} was not sent by a bridge or worker with our token. Send commands to the bridge, not to Temporal.`,
    nonRetryable: false,
  });

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
        if (!input.args.some(isRefused)) return next({ ...input, args: input.args.map(unwrapped) });
        const { message } = refusal('The start of this workflow');
        return Promise.reject(ApplicationFailure.nonRetryable(message, 'UNAUTHORIZED'));
      },
      handleSignal: (input, next) => {
        if (OPEN_TO_ALL.has(input.signalName) || !input.args.some(isRefused))
          return next({ ...input, args: input.args.map(unwrapped) });
        log.warn('a signal without our signature was ignored', { signal: input.signalName });
        return Promise.resolve();
      },
      // A refusal here leaves no trace, so what reaches the handler was signed when it came.
      validateUpdate: (input, next) => {
        if (!OPEN_TO_ALL.has(input.name) && input.args.some(isUnsigned)) {
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
