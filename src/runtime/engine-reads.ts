/** Which accounts of this process are read in time: what /readyz, the heartbeat and /metrics tell of many engines. */
import { Gauge, type Registry } from 'prom-client';
import type { PartReadiness } from '../bridge/ports.ts';
import type { EngineName } from '../domain/engine/engine-names.ts';
import type { LastRead } from '../journal/last-reads.ts';
import type { Clock } from '../lib/clock.ts';

export interface ReadEngine extends EngineName {
  readonly pollIntervalMs: number;
}

/** An account is late after so many polls. */
const LATE_POLLS = 3;
const LATE_AT_LEAST_MS = 15_000;
/** The journal is asked again after this time, and 10 ms later for each engine: a thousand snapshots are looked through. */
const FRESH_MS = 3_000;
const FRESH_MS_OF_ENGINE = 10;
const MOST_NAMED = 5;

export const lateAfterMs = (pollIntervalMs: number): number => Math.max(LATE_AT_LEAST_MS, LATE_POLLS * pollIntervalMs);

export interface JudgedReads {
  readonly inTime: readonly EngineName[];
  readonly late: readonly EngineName[];
  readonly neverRead: readonly EngineName[];
  /** Read, and their prices are over. */
  readonly ended: readonly EngineName[];
}

export function judgeReads(engines: readonly ReadEngine[], reads: readonly LastRead[], nowMs: number): JudgedReads {
  const lastOf = new Map(reads.map((read) => [read.engineId, read]));
  const judged = { inTime: [], late: [], neverRead: [], ended: [] } as Record<keyof JudgedReads, EngineName[]>;
  for (const { engineId, name, pollIntervalMs } of engines) {
    const last = lastOf.get(engineId);
    if (last === undefined) judged.neverRead.push({ engineId, name });
    else if (nowMs - last.takenAtMs > lateAfterMs(pollIntervalMs)) judged.late.push({ engineId, name });
    else judged.inTime.push({ engineId, name });
    if (last?.feedEnded === true) judged.ended.push({ engineId, name });
  }
  return judged;
}

/**
 * The parts of several engines together. Each fails only where it fails for all of them: to take a process out of service, or
 * to restart it, because one account is late would take the page and the exits from all the others. Who is late is named.
 */
export function partsOfReads({ inTime, late, neverRead, ended }: JudgedReads): {
  readonly feed: PartReadiness;
  readonly venue: PartReadiness;
} {
  const all = inTime.length + late.length + neverRead.length;
  const missing = [...late, ...neverRead];
  const read = inTime.length + late.length;
  return {
    venue: {
      ok: inTime.length > 0,
      detail:
        missing.length === 0 ? 'all read in time' : `${missing.length} of ${all} not read lately: ${named(missing)}`,
    },
    feed: {
      ok: read > ended.length,
      detail:
        read === 0
          ? 'not read yet'
          : ended.length === 0
            ? 'prices'
            : `the data of ${ended.length} of ${all} has ended: ${named(ended)}`,
    },
  };
}

function named(engines: readonly EngineName[]): string {
  const rest = engines.length - MOST_NAMED;
  const shown = engines.slice(0, MOST_NAMED).map(({ name }) => name);
  return `${shown.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

interface EngineReadsPorts {
  readonly engines: readonly ReadEngine[];
  /** @throws while the journal does not answer */
  readonly lastReads: (engineIds: readonly string[]) => Promise<readonly LastRead[]>;
  readonly clock: Clock;
}

/** Asked by several at once and often: the journal is asked seldom. */
export class EngineReads {
  readonly #ports: EngineReadsPorts;
  readonly #freshMs: number;
  #reads: Promise<readonly LastRead[]> | null = null;
  #askedAtMs = Number.NEGATIVE_INFINITY;

  constructor(ports: EngineReadsPorts) {
    this.#ports = ports;
    this.#freshMs = FRESH_MS + FRESH_MS_OF_ENGINE * ports.engines.length;
  }

  get engines(): readonly ReadEngine[] {
    return this.#ports.engines;
  }

  /** @throws while the journal does not answer */
  async judged(): Promise<JudgedReads> {
    const { engines, lastReads, clock } = this.#ports;
    const nowMs = clock.nowMs();
    if (this.#reads === null || nowMs - this.#askedAtMs > this.#freshMs) {
      this.#askedAtMs = nowMs;
      const asked = lastReads(engines.map(({ engineId }) => engineId));
      this.#reads = asked;
      // The next who asks does not get the same failure.
      asked.catch(() => {
        if (this.#reads === asked) this.#reads = null;
      });
    }
    // What is kept may be as old as that: it is judged at the time of the question.
    return judgeReads(engines, await this.#reads, this.#askedAtMs);
  }
}

/** `driftless_engines{state}`: how many, never one sample for each, so that a thousand engines cost three. */
export function addEngineCounts(registry: Registry, reads: Pick<EngineReads, 'judged'>): void {
  const gauge = new Gauge({
    name: 'driftless_engines',
    help: 'Engines of this process, by whether their account is read in time',
    labelNames: ['state'],
    registers: [registry],
    async collect() {
      gauge.reset();
      const found = await reads.judged().catch(() => null);
      if (found === null) return;
      gauge.set({ state: 'in_time' }, found.inTime.length);
      gauge.set({ state: 'late' }, found.late.length);
      gauge.set({ state: 'never_read' }, found.neverRead.length);
    },
  });
}
