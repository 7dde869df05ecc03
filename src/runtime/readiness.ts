/** What /readyz tells: each part by asking it, never a figure. */
import type { EngineGateway } from '../bridge/gateway.ts';
import type { PartReadiness, Readiness } from '../bridge/ports.ts';
import type { Journal } from '../journal/journal.ts';
import type { Clock } from '../lib/clock.ts';
import { within } from '../lib/within.ts';

const ASK_MS = 2_000;
/** A snapshot is late after so many polls. */
const LATE_POLLS = 3;
const LATE_AT_LEAST_MS = 15_000;

interface ReadinessPorts {
  readonly gateway: EngineGateway;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly engineId: string;
  readonly pollIntervalMs: number;
  /** Whether the engine's workflow runs. */
  readonly engineRuns: () => Promise<boolean>;
  /** The worker in this process; null when it runs elsewhere. */
  readonly localWorker: (() => string) | null;
  /** Why the folder below our own Temporal and journal cannot be written; null when it can, or when they are not ours. */
  readonly whyUnwritable: () => Promise<string | null>;
}

const ok = (detail: string): PartReadiness => ({ ok: true, detail });
const missing = (detail: string): PartReadiness => ({ ok: false, detail });

async function asked(work: () => Promise<PartReadiness>, silent: string): Promise<PartReadiness> {
  const answer = await within(ASK_MS, work);
  return answer.kind === 'value' ? answer.value : missing(silent);
}

export function readinessOf(ports: ReadinessPorts): () => Promise<Readiness> {
  const { gateway, journal, clock, engineId } = ports;

  const temporal = (unwritable: string | null) =>
    asked(async () => {
      await gateway.ping(clock.nowMs() + ASK_MS);
      return unwritable === null ? ok('answers') : missing(unwritable);
    }, 'does not answer');

  const journalPart = (unwritable: string | null) =>
    asked(async () => {
      await journal.ping();
      return unwritable === null ? ok('answers') : missing(unwritable);
    }, 'cannot be written');

  /** Temporal remembers a poller for a minute after its death: so the engine is asked, which only a worker can answer. */
  const worker = () =>
    asked(async () => {
      const state = ports.localWorker?.() ?? 'RUNNING';
      if (state !== 'RUNNING') return missing(state.toLowerCase());
      const runs = await ports.engineRuns().catch(() => null);
      if (runs === null) return missing('not known: Temporal does not answer');
      if (!runs) return missing('the engine is not running');
      await gateway.state(engineId, clock.nowMs() + ASK_MS);
      return ok(ports.localWorker === null ? 'answers' : 'running');
    }, 'no worker answers for the engine');

  const feedAndVenue = async (): Promise<readonly [PartReadiness, PartReadiness]> => {
    const nothing = 'not known: the journal does not answer';
    let latest: Awaited<ReturnType<Journal['latestSnapshot']>> | undefined;
    const venue = await asked(async () => {
      latest = await journal.latestSnapshot(engineId);
      if (latest === null) return missing('not read yet');
      const lateMs = Math.max(LATE_AT_LEAST_MS, LATE_POLLS * ports.pollIntervalMs);
      return clock.nowMs() - latest.snapshot.takenAtMs <= lateMs ? ok('read in time') : missing('not read lately');
    }, nothing);
    if (latest === undefined) return [missing(nothing), venue];
    const feed = latest?.snapshot.feed;
    if (feed === undefined) return [missing('not read yet'), venue];
    return [feed.ended ? missing('its data has ended') : ok(feed.synthetic ? 'made-up prices' : 'prices'), venue];
  };

  return async () => {
    const unwritable = await ports.whyUnwritable();
    const [temporalPart, journalReady, workerPart, [feed, venue]] = await Promise.all([
      temporal(unwritable),
      journalPart(unwritable),
      worker(),
      feedAndVenue(),
    ]);
    return { temporal: temporalPart, journal: journalReady, worker: workerPart, feed, venue };
  };
}
