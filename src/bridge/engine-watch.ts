/** The latest snapshot and the engine's record, read when the journal reports a change. */

import type { SnapshotJson } from '../domain/account/snapshot.ts';
import type { EngineRecord } from '../journal/records.ts';
import type { Clock } from '../lib/clock.ts';
import { coalesced } from './coalesce.ts';
import type { JournalLookup } from './journal-lookup.ts';
import { STATE_LOOKUP_MS } from './limits.ts';

export interface LastKnown {
  /** Null: never read. */
  readonly snapshot: SnapshotJson | null;
  readonly engine: EngineRecord | null;
}

export class EngineWatch {
  readonly #engineId: string;
  readonly #lookup: JournalLookup;
  readonly #clock: Clock;
  #known: LastKnown = { snapshot: null, engine: null };
  #readAtMs = Number.NEGATIVE_INFINITY;
  /** The last read reached the journal. */
  #fresh = false;

  constructor(engineId: string, lookup: JournalLookup, clock: Clock) {
    this.#engineId = engineId;
    this.#lookup = lookup;
    this.#clock = clock;
  }

  get known(): LastKnown {
    return this.#known;
  }

  get fresh(): boolean {
    return this.#fresh;
  }

  /** Milliseconds since the last read that the journal answered. */
  get ageOfReadMs(): number {
    return this.#clock.nowMs() - this.#readAtMs;
  }

  /** If a read fails, the former value stays, and its age is shown. */
  readonly read = coalesced(async () => {
    const [snapshot, engine] = await Promise.all([
      this.#lookup(STATE_LOOKUP_MS, (journal) => journal.latestSnapshot(this.#engineId)),
      this.#lookup(STATE_LOOKUP_MS, (journal) => journal.engine(this.#engineId)),
    ]);
    this.#fresh = snapshot.known && engine.known;
    if (this.#fresh) this.#readAtMs = this.#clock.nowMs();
    this.#known = {
      snapshot: snapshot.known ? (snapshot.value?.snapshot ?? null) : this.#known.snapshot,
      engine: engine.known ? engine.value : this.#known.engine,
    };
  });
}
