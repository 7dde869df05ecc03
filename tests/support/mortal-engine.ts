/**
 * An engine on its harness whose worker dies at a named step: what the step did stays done, and Temporal never hears of it.
 * Everything else of that worker is gone with it; another one takes over.
 */
import { Context } from '@temporalio/activity';
import { ServiceError } from '@temporalio/client';
import type { EngineRecord } from '../../src/journal/records.ts';
import { type Activities, EngineHarness, type HarnessOptions } from './engine-harness.ts';

export interface DeathPoint {
  readonly activity: string;
  readonly when: 'before' | 'after';
}

export const nameOfDeath = ({ activity, when }: DeathPoint): string => `${when} ${activity}`;

export class MortalEngine extends EngineHarness {
  /** Activities in the order of their first call since they were last forgotten. */
  readonly called = new Set<string>();
  /** Where workers died, and how often each did. */
  readonly deaths: string[] = [];
  #armed: DeathPoint | null = null;
  #worker = 0;
  #reviving: Promise<void> = Promise.resolve();

  static async startMortal(options: HarnessOptions): Promise<MortalEngine> {
    return await EngineHarness.begin(new MortalEngine(options), options);
  }

  /** Once. */
  arm(point: DeathPoint): void {
    this.#armed = point;
  }

  protected override served(activities: Activities): Activities {
    this.#worker += 1;
    const worker = this.#worker;
    const wrapped = Object.entries(activities).map(([name, activity]) => [
      name,
      async (...input: readonly unknown[]): Promise<unknown> => {
        if (worker !== this.#worker) return await never();
        this.called.add(name);
        if (this.#meets(name, 'before')) return await this.#die();
        // What is thrown reaches nobody from a dead worker either.
        const [settled] = await Promise.allSettled([activity(...input)]);
        if (worker !== this.#worker) return await never();
        if (this.#meets(name, 'after')) return await this.#die();
        if (settled.status === 'rejected') throw settled.reason;
        return settled.value;
      },
    ]);
    return Object.fromEntries(wrapped) as Activities;
  }

  /** The next worker has taken over. */
  async revived(): Promise<void> {
    await this.#reviving;
  }

  /** A query needs a worker, and one that has just died answers none. */
  override async state(): Promise<EngineRecord> {
    for (;;) {
      await this.#reviving;
      try {
        return await super.state();
      } catch (error) {
        if (!(error instanceof ServiceError)) throw error;
      }
    }
  }

  override async close(): Promise<void> {
    await this.#reviving;
    await super.close();
  }

  #meets(activity: string, when: DeathPoint['when']): boolean {
    return this.#armed?.activity === activity && this.#armed.when === when;
  }

  #die(): Promise<never> {
    this.deaths.push(nameOfDeath(this.#armed as DeathPoint));
    this.#armed = null;
    this.#worker += 1;
    this.#reviving = this.stopWorker().then(() => this.startWorker());
    return never();
  }
}

/** Until its worker has been taken away: Temporal then gives the task to another one. */
const never = async (): Promise<never> => await Context.current().cancelled;
