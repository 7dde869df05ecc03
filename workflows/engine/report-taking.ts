/** Applies an operation's report to the engine's state. */
import { patched } from '@temporalio/workflow';
import { reportContextAt } from '../../src/domain/engine/engine-clock.ts';
import { takeReport } from '../../src/domain/engine/engine-state.ts';
import type { OperationReport } from '../../src/domain/operation/operation-report.ts';
import { OPERATIONS } from '../../src/domain/order/operations.ts';
import type { EngineCore } from './core.ts';

/** Histories of 0.1.0 remember neither what an exit left open nor when the guard tries again. */
export const remembersLeftOpen = (): boolean => patched('left-open');

export function takeOperationReport({ state, settings }: EngineCore, report: OperationReport): void {
  const isOver = report.phase === 'released' || report.phase === 'ended';
  const asIn0_1 = isOver && OPERATIONS[report.kind].reduces && !remembersLeftOpen();
  const context = reportContextAt(state.current, settings.policy, Date.now());
  state.apply(takeReport, report, asIn0_1 ? { ...context, asIn0_1 } : context);
}
