/**
 * The engine: one entity workflow per venue, authority and sub-account, the only writer of that account. It admits
 * commands, watches, decides, and starts operations as children, one at a time. It awaits no child's end: operations
 * report by signal, so that continue-as-new loses none.
 */
import { ApplicationFailure, makeContinueAsNewFunc, setHandler, workflowInfo } from '@temporalio/workflow';
import { command, configure, configureSignal, type EngineInput, engineState, operationReport } from '../messages.ts';
import { WORKFLOW_TASK_TIMEOUT } from '../retry-policies.ts';
import { EngineRun } from './engine-run.ts';

export async function engine(input: EngineInput): Promise<void> {
  // What a run carries comes from the run before it, never from a start by hand.
  if (input.carried !== null && workflowInfo().continuedFromExecutionRunId === undefined) {
    throw ApplicationFailure.nonRetryable('An engine continues only from itself.', 'UNAUTHORIZED');
  }
  const run = new EngineRun(input);
  setHandler(engineState, () => run.record);
  setHandler(operationReport, (report) => run.takeReport(report));
  // With a validator, because without one the check of signatures is not run before the update is accepted.
  setHandler(configure, (settings) => run.configure(settings), { validator: (_settings) => undefined });
  setHandler(configureSignal, (settings) => run.configure(settings));
  setHandler(command, (envelope) => run.command(envelope), { validator: (envelope) => run.validate(envelope) });
  do {
    await run.open();
    while (run.opened && !run.mayRenew()) await run.turn();
  } while (!run.opened);
  const next = makeContinueAsNewFunc<typeof engine>({ workflowTaskTimeout: WORKFLOW_TASK_TIMEOUT });
  await next(run.end());
}
