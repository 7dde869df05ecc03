/** Types of the failures of a workflow's activities, local ones too, over all of its runs. */
import type { Client } from '@temporalio/client';

export async function failureTypes(client: Client, workflowId: string): Promise<readonly string[]> {
  const types: string[] = [];
  const { events: latest } = await client.workflow.getHandle(workflowId).fetchHistory();
  let runId = latest?.[0]?.workflowExecutionStartedEventAttributes?.firstExecutionRunId;
  while (runId) {
    const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    for (const event of events ?? []) {
      const failed = event.activityTaskFailedEventAttributes ?? event.markerRecordedEventAttributes;
      const type =
        failed?.failure?.applicationFailureInfo?.type ?? failed?.failure?.cause?.applicationFailureInfo?.type;
      if (type) types.push(type);
    }
    runId = events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
  }
  return types;
}
