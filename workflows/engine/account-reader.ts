/** The account as it is now, for a command that a person waits for. */
import { isCancellation } from '@temporalio/workflow';
import { decodeSnapshot, type Snapshot } from '../../src/domain/account/snapshot.ts';
import type { CommandActivities } from './command-activities.ts';

export class AccountReader {
  readonly #engineId: string;
  readonly #activities: CommandActivities;

  constructor(engineId: string, activities: CommandActivities) {
    this.#engineId = engineId;
    this.#activities = activities;
  }

  /** `urgent`: for an exit, or a control command. */
  async read(urgent: boolean): Promise<Snapshot> {
    const input = { engineId: this.#engineId, commitment: 'confirmed' } as const;
    return decodeSnapshot(
      await this.#activities.run(({ readSnapshot }) => readSnapshot(input), { first: true, urgent }),
    );
  }

  /** Null: it cannot be read now. */
  async tryRead(urgent: boolean): Promise<Snapshot | null> {
    try {
      return await this.read(urgent);
    } catch (error) {
      if (isCancellation(error)) throw error;
      return null;
    }
  }
}
