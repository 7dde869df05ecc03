import { patched, sleep, workflowInfo } from '@temporalio/workflow';

/**
 * A workflow task that has run for 8 s is cut in two, and the second half may bring other news. Live, a local activity
 * that is still running then resolves after that news, in replay beside it: what follows would issue its commands in
 * another order, and a worker that replays would stop at it (TMPRL1100). Three of at most 2 s each end before that.
 */
const MOST_IN_A_TASK = 3;

/**
 * One local activity at a time, and few in one workflow task. Live, two that run beside each other resolve in two
 * activations, in replay in one, with the same consequence.
 */
export class OneAtATime {
  private readonly waiting: (() => void)[] = [];
  private busy = false;
  /** The history's length at the start of the workflow task: it names the task. */
  private task = 0;
  private inTask = 0;

  /** `first`: before all that waits, as a way out must be. */
  async run<T>(work: () => Promise<T>, first = false): Promise<T> {
    if (this.busy) {
      await new Promise<void>((resolve) => {
        if (first) this.waiting.unshift(resolve);
        else this.waiting.push(resolve);
      });
    }
    this.busy = true;
    try {
      if (this.countInTask() > MOST_IN_A_TASK && patched('few-local-activities-in-a-task')) {
        // Any timer ends the task.
        await sleep(1);
        this.countInTask();
      }
      return await work();
    } finally {
      const next = this.waiting.shift();
      // The place is handed on, never free in between.
      if (next === undefined) this.busy = false;
      else next();
    }
  }

  /** Counts one more; how many this workflow task has run with it. */
  private countInTask(): number {
    const { historyLength } = workflowInfo();
    if (historyLength !== this.task) this.inTask = 0;
    this.task = historyLength;
    this.inTask += 1;
    return this.inTask;
  }
}
