/** An engine on paper whose venue behaves in reading as a live one: with a ledger, with books, and away now and then. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Snapshot } from '../../src/domain/account/snapshot.ts';
import { perpOf } from '../../src/domain/engine/reconcile.ts';
import { lamports } from '../../src/domain/money/units.ts';
import type { Venue } from '../../src/venues/venue.ts';
import { EngineHarness, type HarnessOptions } from './engine-harness.ts';

const HANG_LOOK_MS = 50;

/** Paper, with the ledger that a live venue keeps: what moves the position is ours unless the test says otherwise. */
export class LedgerHarness extends EngineHarness {
  foreign = 0n;
  liquidated = 0n;
  /** Moved the position, and no transaction tells of it. */
  mystery = 0n;
  unexplained = 0;
  books: () => Promise<void> = async () => {};
  kept = 0;
  /** So many reads more do not tell yet who moved the position. */
  lagging = 0;
  /** The error of a read; null: it succeeds. */
  failure: Error | null = null;
  /** A read is not answered as long as this stands. */
  hangs = false;
  readonly #venues = new WeakMap<Venue, Venue>();

  static async openEngine(options: HarnessOptions): Promise<LedgerHarness> {
    return await EngineHarness.begin(new LedgerHarness(options), options);
  }

  protected override get anyVenue(): Venue {
    const paper: Venue = this.venue;
    const known = this.#venues.get(paper);
    if (known !== undefined) return known;
    const venue = new Proxy(paper, {
      get: (target, name) => {
        if (name === 'read') {
          return async (commitment: 'confirmed') => {
            while (this.hangs) await sleep(HANG_LOOK_MS);
            if (this.failure !== null) throw this.failure;
            return this.#withLedger(await target.read(commitment));
          };
        }
        if (name === 'keepBooks') {
          return async () => {
            await this.books();
            this.kept += 1;
          };
        }
        const member: unknown = Reflect.get(target, name, target);
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
    this.#venues.set(paper, venue);
    return venue;
  }

  #withLedger(snapshot: Snapshot): Snapshot {
    const own = lamports(perpOf(snapshot) - this.foreign - this.liquidated - this.mystery);
    const lags = this.lagging > 0;
    if (lags) this.lagging -= 1;
    const ledger = {
      own,
      foreign: lamports(lags ? 0n : this.foreign),
      liquidated: lamports(this.liquidated),
      unexplained: this.unexplained,
    };
    return { ...snapshot, ledger };
  }
}
