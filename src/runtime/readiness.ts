/** What /readyz tells: each part by asking it, never a figure. */
import type { EngineGateway } from '../bridge/gateway.ts';
import type { PartReadiness, Readiness } from '../bridge/ports.ts';
import type { Journal } from '../journal/journal.ts';
import type { Clock } from '../lib/clock.ts';
import { within } from '../lib/within.ts';
import { type EngineReads, lateAfterMs, partsOfReads } from './engine-reads.ts';

const ASK_MS = 2_000;
/** Besides the own engine so many others are asked whether a worker answers for them. */
const OTHERS_ASKED = 2;
const SOON_MS = 300;

interface ReadinessPorts {
  readonly gateway: EngineGateway;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly engineId: string;
  readonly pollIntervalMs: number;
  /** Of all engines of the process; absent: there is only this one. */
  readonly reads?: EngineReads;
  /** Whether the engine's workflow runs. */
  readonly engineRuns: () => Promise<boolean>;
  /** The worker in this process; null when it runs elsewhere. */
  readonly localWorker: (() => string) | null;
  /** Why the folder below our own Temporal and journal cannot be written; null when it can, or when they are not ours. */
  readonly whyUnwritable: () => Promise<string | null>;
}

const JOURNAL_SILENT = 'not known: the journal does not answer';

const ok = (detail: string): PartReadiness => ({ ok: true, detail });
const missing = (detail: string): PartReadiness => ({ ok: false, detail });

async function asked(work: () => Promise<PartReadiness>, silent: string): Promise<PartReadiness> {
  const answer = await within(ASK_MS, work);
  return answer.kind === 'value' ? answer.value : missing(silent);
}

/** The first that is well; else what the first argument says. */
async function firstOk(first: Promise<PartReadiness>, second: Promise<PartReadiness>): Promise<PartReadiness> {
  const well = async (asked: Promise<PartReadiness>): Promise<PartReadiness> => {
    const found = await asked;
    return found.ok ? found : await Promise.reject(new Error(found.detail));
  };
  const found = await Promise.any([well(first), well(second)]).catch(() => null);
  if (found === null) return await first;
  // Where both are well the first says it, if it does soon.
  const soon = await within(SOON_MS, () => first);
  return soon.kind === 'value' && soon.value.ok ? soon.value : found;
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
      // One engine that somebody ended, or that is stuck, does not make the process unable to serve the others.
      return await (ports.reads === undefined ? ofOwn() : firstOk(ofOwn(), ofAnother(ports.reads)));
    }, 'no worker answers for the engine');

  const ofOwn = async (): Promise<PartReadiness> => {
    const runs = await ports.engineRuns().catch(() => null);
    if (runs === null) return missing('not known: Temporal does not answer');
    if (!runs) return missing('the engine is not running');
    await gateway.state(engineId, clock.nowMs() + ASK_MS);
    return ok(ports.localWorker === null ? 'answers' : 'running');
  };

  /** @throws when none of them answers */
  const ofAnother = async (reads: EngineReads): Promise<PartReadiness> => {
    const { inTime } = await reads.judged();
    const others = inTime.filter((one) => one.engineId !== engineId).slice(0, OTHERS_ASKED);
    return await Promise.any(
      others.map(async (one) => {
        await gateway.state(one.engineId, clock.nowMs() + ASK_MS);
        return ok(`answers for ${one.name}`);
      }),
    );
  };

  const partsOfAll = async (reads: EngineReads): Promise<readonly [PartReadiness, PartReadiness]> => {
    const found = await within(ASK_MS, () => reads.judged());
    if (found.kind !== 'value') return [missing(JOURNAL_SILENT), missing(JOURNAL_SILENT)];
    const { feed, venue } = partsOfReads(found.value);
    return [feed, venue];
  };

  const feedAndVenue = async (): Promise<readonly [PartReadiness, PartReadiness]> => {
    if (ports.reads !== undefined) return await partsOfAll(ports.reads);
    let latest: Awaited<ReturnType<Journal['latestSnapshot']>> | undefined;
    const venue = await asked(async () => {
      latest = await journal.latestSnapshot(engineId);
      if (latest === null) return missing('not read yet');
      const lateMs = lateAfterMs(ports.pollIntervalMs);
      return clock.nowMs() - latest.snapshot.takenAtMs <= lateMs ? ok('read in time') : missing('not read lately');
    }, JOURNAL_SILENT);
    if (latest === undefined) return [missing(JOURNAL_SILENT), venue];
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
