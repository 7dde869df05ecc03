/** The account as it is now, for a command that a person waits for. */
import { isCancellation } from '@temporalio/workflow';
import { decodeSnapshot, type Snapshot } from '../../src/domain/account/snapshot.ts';
import type { OneAtATime } from '../one-at-a-time.ts';
import { local } from './activities.ts';

export class AccountReader {
  readonly #engineId: string;
  readonly #locally: OneAtATime;

  constructor(engineId: string, locally: OneAtATime) {
    this.#engineId = engineId;
    this.#locally = locally;
  }

  async read(): Promise<Snapshot> {
    const input = { engineId: this.#engineId, commitment: 'confirmed' } as const;
    return decodeSnapshot(await this.#locally.run(() => local.readSnapshot(input), true));
  }

  /** Null: it cannot be read now. */
  async tryRead(): Promise<Snapshot | null> {
    try {
      return await this.read();
    } catch (error) {
      if (isCancellation(error)) throw error;
      return null;
    }
  }
}
