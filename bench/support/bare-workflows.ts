/** The yardsticks' workflows: only the cost of Temporal itself. */
import { proxyActivities, sleep } from '@temporalio/workflow';

const { nothing } = proxyActivities<{ nothing(): Promise<void> }>({ startToCloseTimeout: '30 s' });

/** Four activities that do nothing, one after the other. */
export async function fourActivities(): Promise<void> {
  await nothing();
  await nothing();
  await nothing();
  await nothing();
}

/** A workflow that polls: a timer and an activity each time. As long as it runs, it is an entity with an engine's timers. */
export async function poller(pollMs: number, times: number): Promise<void> {
  for (let done = 0; done < times; done += 1) {
    await sleep(pollMs);
    await nothing();
  }
}
