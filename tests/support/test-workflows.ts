/** The workflows of the product, and one that stands in the engine's place and keeps what operations report. */
import { condition, setHandler } from '@temporalio/workflow';
import { type OperationReport, operationReport, operationState } from '../../workflows/messages.ts';
import { allReports, sinkDone } from './report-sink-messages.ts';

export * from '../../workflows/index.ts';

/** It has an input, as every workflow of ours: a start without one is refused. */
export async function reportSink(_input: null): Promise<void> {
  const reports: OperationReport[] = [];
  let over = false;
  setHandler(operationReport, (report) => {
    reports.push(report);
  });
  setHandler(allReports, () => reports);
  setHandler(sinkDone, () => {
    over = true;
  });
  setHandler(operationState, () => {
    const last = reports.at(-1);
    if (last === undefined) throw new Error('no report so far');
    return last;
  });
  await condition(() => over);
}
