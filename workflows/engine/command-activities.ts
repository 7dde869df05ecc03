/**
 * The activities that a command waits for. They are ordinary ones: a query that comes while a local activity runs makes
 * Temporal's SDK cut the workflow task in two, and a replay then stops at what follows (TMPRL1100).
 */
import { patched } from '@temporalio/workflow';
import { OneAtATime } from '../one-at-a-time.ts';
import { admission, firstAdmission, firstQuick, local, quick } from './activities.ts';

export const NO_LOCAL_ACTIVITIES = 'no-local-activities';

type Quick = typeof quick;

export class CommandActivities {
  /** Local activities, in histories of before. */
  readonly #locally = new OneAtATime();

  /** `first`: before what others wait for. */
  async admit<T>(
    work: (activities: Pick<Quick, 'admitCommand' | 'checkCommand'>) => Promise<T>,
    first: boolean,
  ): Promise<T> {
    return await this.#run(work, first ? firstAdmission : admission, first);
  }

  /** `first`: before local activities, in histories of before. `urgent`: with the priority of an exit. */
  async run<T>(work: (activities: Quick) => Promise<T>, { first = false, urgent = false } = {}): Promise<T> {
    return await this.#run(work, urgent ? firstQuick : quick, first);
  }

  async #run<Activities, T>(
    work: (activities: Activities) => Promise<T>,
    activities: Activities,
    first: boolean,
  ): Promise<T> {
    if (patched(NO_LOCAL_ACTIVITIES)) return await work(activities);
    return await this.#locally.run(() => work(local as unknown as Activities), first);
  }
}
