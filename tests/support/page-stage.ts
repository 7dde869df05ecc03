/**
 * The page in any state within a second: the real bridge and a real journal with a written history, and an engine record
 * that a scene gives. For screenshots, for measuring, and for what a whole product could show only after an accident.
 */
import { encodeSnapshot, type Snapshot } from '../../src/domain/account/snapshot.ts';
import type { Alert } from '../../src/domain/alerts/alert.ts';
import { DEFAULT_CONFIDENCE, rateWindow } from '../../src/domain/carry/confidence.ts';
import { RateHistory, sumRates } from '../../src/domain/carry/rate-history.ts';
import type { Hold } from '../../src/domain/engine/hold.ts';
import type { ChartPoint } from '../../src/domain/figures/chart-point.ts';
import { chartPoint } from '../../src/domain/figures/chart-point.ts';
import { DEFAULT_POLICY, decodePolicy, Policy, type PolicyJson } from '../../src/domain/hedge/policy.ts';
import type { CommandAnswer } from '../../src/domain/order/command.ts';
import type { Journal } from '../../src/journal/journal.ts';
import type { AttemptRecord, CommandRecord, EngineRecord, OperationRecord } from '../../src/journal/records.ts';
import { addToSeries } from '../../src/journal/series.ts';
import * as z from '../../src/lib/codec.ts';
import { hashJson } from '../../src/lib/ids.ts';
import { ENGINE_ID, type TestBridge, TOKEN, testBridge } from './bridge.ts';
import { openTestJournal } from './journal.ts';
import { contextOf, HOUR_MS, type Scenario, snapshotOf } from './snapshots.ts';

const DAY_MS = 24 * HOUR_MS;
const ANSWERED_MS = 400;
const FEMTO = 1_000_000_000_000_000;
export const LIVE_ID =
  'engine:drift:5eykt4Us:dRiftyHA39MWEi3m9aunc5MzRF1JYuBsbn6VPcn33UH:7xKX9wqPq2mQmTt1fXwH4mV1g2kQ3uYpJd5rT8nLs4Ae:0';

export interface Scene {
  readonly name: string;
  readonly mode?: 'paper' | 'live';
  readonly scenario?: Scenario;
  readonly policy?: Partial<Policy>;
  readonly engine?: Partial<EngineRecord>;
  readonly holds?: readonly Hold[];
  /** Days of written history. */
  readonly days?: number;
  /** How long ago the account was read. */
  readonly agedMs?: number;
  /** No read of the account has come yet. */
  readonly unread?: true;
  /** Where the page is opened. */
  readonly path?: string;
  /** Shown after the engine's side went away (`Stage.cut`). */
  readonly cut?: true;
  readonly commands?: readonly SceneCommand[];
  readonly operations?: readonly SceneOperation[];
  readonly alerts?: readonly Omit<Alert, 'engineId'>[];
  /** Other engines of the same data folder, each with its account. */
  readonly others?: readonly (Scene & { readonly engineId: string })[];
}

/** A person's command and its final answer. */
type SceneCommand = Pick<CommandRecord, 'commandId' | 'action' | 'request' | 'receivedAtMs'> & {
  /** Null: it has none yet. */
  readonly answer: CommandAnswer | null;
};

type SceneOperation = Omit<OperationRecord, 'engineId' | 'attempts' | 'error' | 'answer'> & {
  readonly attempt?: Omit<AttemptRecord, 'operationId'>;
};

export interface Stage {
  /** With the token. */
  readonly url: string;
  readonly bridge: TestBridge;
  /** The engine's side goes away, as when its process ends. */
  cut(): Promise<void>;
  close(): Promise<void>;
}

/** @param pageDir the built page */
export async function openStage(scene: Scene, pageDir: string, nowMs = Date.now()): Promise<Stage> {
  const { mode = 'paper', days = 0 } = scene;
  const engineId = mode === 'paper' ? ENGINE_ID : LIVE_ID;
  const policy: Policy = { ...decodePolicy(DEFAULT_POLICY), mode, ...scene.policy };
  const policyJson = z.encode(Policy, policy);
  const journal = await openTestJournal();
  const short = Number(scene.scenario?.perp ?? 0);
  const sources = await writeHistory(journal, engineId, policy, { days, nowMs, short });
  await writeEvents(journal, engineId, scene);
  for (const other of scene.others ?? []) await writeOther(journal, other, policyJson);
  const bridge = await testBridge({
    journal,
    policy: policyJson,
    settings: {
      ...{ pageDir, mode, engineId },
      explorerUrl: mode === 'live' ? 'https://explorer.solana.com/tx/{signature}' : null,
    },
  });
  let generation = 0;
  let ended = false;
  let isCut = false;
  const write = async (): Promise<void> => {
    generation += 1;
    if (scene.unread !== true) {
      const snapshot = sceneSnapshot(scene, sources, engineId, Date.now() - (scene.agedMs ?? 0));
      await journal.recordSnapshot({ engineId, generation, attempt: 1 }, encodeSnapshot(snapshot));
    }
    await journal.publishEngine(engineRecord(scene, engineId, generation, policyJson));
  };
  await write();
  // A stale scene stays as it is; every other one is read again, as by a running engine.
  const timer =
    scene.agedMs === undefined ? setInterval(() => void (ended || write().catch(() => undefined)), 2_000) : undefined;
  return {
    url: `${bridge.url}${scene.path ?? '/'}?token=${TOKEN}`,
    bridge,
    async cut() {
      isCut = true;
      await bridge.close();
    },
    async close() {
      ended = true;
      clearInterval(timer);
      if (!isCut) await bridge.close();
      await journal.close();
    },
  };
}

/** What happened: operations with their transactions, and alerts. */
async function writeEvents(journal: Journal, engineId: string, scene: Scene): Promise<void> {
  for (const { answer, ...command } of scene.commands ?? []) {
    const requestHash = hashJson(command.request);
    await journal.admitCommand({ ...command, engineId, requestHash, operationId: null });
    if (answer !== null) await journal.recordAnswer(command.commandId, answer, command.receivedAtMs + ANSWERED_MS);
  }
  for (const { attempt, ...operation } of scene.operations ?? []) {
    await journal.openOperation({ ...operation, engineId });
    if (attempt !== undefined) await journal.recordAttempt({ ...attempt, operationId: operation.operationId });
    const { operationId, status, endedAtMs } = operation;
    if (endedAtMs !== null) await journal.updateOperation(operationId, { status, endedAtMs });
  }
  for (const alert of scene.alerts ?? []) await journal.raiseAlert({ ...alert, engineId });
}

/** Another process serves it: it has written its figures once. */
async function writeOther(
  journal: Journal,
  { engineId, ...scene }: Scene & { readonly engineId: string },
  policyJson: PolicyJson,
): Promise<void> {
  const snapshot = sceneSnapshot(scene, NO_SOURCES, engineId, Date.now() - (scene.agedMs ?? 0));
  await journal.recordSnapshot({ engineId, generation: 1, attempt: 1 }, encodeSnapshot(snapshot));
  await journal.publishEngine(engineRecord(scene, engineId, 1, policyJson));
}

function engineRecord(scene: Scene, engineId: string, sequence: number, policyJson: PolicyJson): EngineRecord {
  const holds = scene.holds ?? [];
  const halted = holds.some((hold) => hold.permits === 'nothing');
  const hedgeTarget = scene.engine?.hedgeTarget ?? (Number(scene.scenario?.perp ?? 0) < 0 ? 1 : 0);
  return {
    engineId,
    mode: scene.mode ?? 'paper',
    feed: scene.mode === 'live' ? 'live' : 'synthetic:7',
    state: 'running',
    tradingState: halted ? 'halted' : holds.length > 0 ? 'reducing' : 'active',
    reason: holds[0]?.reason ?? '',
    hedgeTarget,
    decisionContext: contextOf({ hedgeTargetPpm: Math.round(hedgeTarget * 1_000_000), holds }),
    policy: policyJson,
    cooldownUntilMs: null,
    cooldownEndsAtMs: null,
    operation: null,
    unresolved: [],
    holds,
    epoch: 'epoch-1',
    sequence,
    updatedAtMs: Date.now(),
    ...scene.engine,
  };
}

const femto = (usd: number): bigint => BigInt(Math.round(usd * 1e6)) * BigInt(FEMTO / 1e6);

/** Rates as of a market that has paid for weeks, so that the confidence rule has its window. */
const RECENT_HOURS = 400;

/** Of the deposits, at the price of the scenes. */
const worthOf = ({ scenario }: Scene): number => Number(scenario?.sol ?? 0) * 150 + (scenario?.usdc ?? 0);

function sceneSnapshot(scene: Scene, sources: typeof NO_SOURCES, engineId: string, takenAtMs: number): Snapshot {
  const { days = 0 } = scene;
  const snapshot = snapshotOf(scene.scenario);
  const lastHourMs = Math.floor(takenAtMs / HOUR_MS) * HOUR_MS;
  const recentRates = Array.from({ length: RECENT_HOURS }, (_, index) => {
    const tsMs = lastHourMs - (RECENT_HOURS - 1 - index) * HOUR_MS;
    return { tsMs, rate: BigInt(Math.round(rateAt(tsMs) * 1e9)) };
  });
  const lastRate = recentRates.at(-1)?.rate ?? null;
  const change = Object.values(sources).reduce((sum, part) => sum + part, 0n);
  const baseline = femto(days === 0 ? worthOf(scene) : 2_750);
  return {
    ...snapshot,
    engineId,
    takenAtMs,
    marketTimeMs: takenAtMs,
    funding: {
      ...{
        ...snapshot.funding,
        recentRates,
        lastRate,
        lastPeriodTsMs: lastHourMs,
        trailingMeanRate: meanOf(recentRates),
        window: rateWindow(historyOf(recentRates), DEFAULT_CONFIDENCE),
      },
      nextPeriodTsMs: lastHourMs + HOUR_MS,
    },
    feed: {
      ...snapshot.feed,
      ...(scene.mode === 'live' ? { feed: 'live', synthetic: false } : { feed: 'synthetic:7' }),
    },
    ...scene.scenario?.snapshot,
    ...(snapshot.account === null ? {} : { sources, equity: baseline + change, equityBaseline: baseline }),
  };
}

/** The rates are fractions of the price already: as of a coin at one dollar. */
const historyOf = (rates: readonly { readonly tsMs: number; readonly rate: bigint }[]): RateHistory =>
  new RateHistory(
    sumRates(
      rates.map(({ tsMs }) => tsMs),
      rates.map(({ rate }) => Number(rate)),
      rates.map(() => 1_000_000),
      HOUR_MS,
    ),
  );

const meanOf = (rates: readonly { readonly rate: bigint }[]): bigint =>
  rates.slice(-168).reduce((sum, { rate }) => sum + rate, 0n) / 168n;

/** A rate that comes and goes, by the hour of the market. */
function rateAt(ms: number): number {
  const hours = ms / HOUR_MS;
  return 16e-6 + Math.sin(hours / 29) * 14e-6 + Math.sin(hours / 5) * 7e-6;
}

/** What the price is away from its middle. */
function waveAt(ms: number): number {
  const hours = ms / HOUR_MS;
  return Math.sin(hours / 37) * 9 + Math.sin(hours / 11) * 3 + Math.sin(hours * 1.7) * 0.8;
}

const NO_SOURCES = {
  ...{ price: 0n, basis: 0n, slippage: 0n, funding: 0n, interest: 0n, fees: 0n, gas: 0n, transfers: 0n, external: 0n },
  unexplained: 0n,
};

/** A price that wanders and a rate that comes and goes, the same at every run; with a hole where nothing was read. */
async function writeHistory(
  journal: Journal,
  engineId: string,
  policy: Policy,
  { days, nowMs, short }: { readonly days: number; readonly nowMs: number; readonly short: number },
): Promise<typeof NO_SOURCES> {
  if (days === 0) return NO_SOURCES;
  const points: ChartPoint[] = [];
  let funding = 0;
  let sources = NO_SOURCES;
  const start = nowMs - days * DAY_MS;
  const step = Math.max(HOUR_MS, Math.ceil(days / 30) * HOUR_MS);
  const fine = 5 * 60_000;
  for (let at = start; at < nowMs; at += at > nowMs - DAY_MS ? fine : step) {
    const hours = (at - start) / HOUR_MS;
    if (hours > days * 24 * 0.87 && hours < days * 24 * 0.89) continue;
    const wave = waveAt(at) - waveAt(nowMs);
    const rate = rateAt(at);
    funding += -short * 150 * rate * ((at > nowMs - DAY_MS ? fine : step) / HOUR_MS);
    const snapshot = snapshotOf({
      sol: 10,
      perp: short,
      oracleUsd: 150 + wave,
      entryUsd: 150,
      lastRate: BigInt(Math.round(rate * 1e9)),
      snapshot: { takenAtMs: at, marketTimeMs: at },
    });
    sources = {
      ...NO_SOURCES,
      funding: femto(funding),
      interest: femto((hours / 24) * 0.19),
      fees: femto(short * 0.075),
      slippage: femto(short * 0.02),
      price: femto((wave + waveAt(nowMs) - waveAt(start)) * (10 + short)),
    };
    const equity = Object.values(sources).reduce((sum, part) => sum + part, femto(2_750));
    points.push(
      chartPoint({ ...snapshot, sources, equityBaseline: femto(2_750), equity }, policy, short < 0 ? 1_000_000 : 0),
    );
    if (short !== 0 && Math.floor(hours) % 8 === 0) {
      await journal.recordFunding([
        {
          engineId,
          market: 'SOL-PERP',
          periodTsMs: Math.floor(at / HOUR_MS) * HOUR_MS,
          rate: String(Math.round(rate * 1e9)),
          position: String(Math.round(short * 1e9)),
          amount: String(Math.round(-short * 150 * rate * 1e6)),
          tsMs: at,
        },
      ]);
    }
  }
  await journal.db.transaction().execute(async (trx) => {
    for (const point of points) await addToSeries(trx, engineId, point);
  });
  if (short === 0) return sources;
  const trades = [0.1, 0.82, 0.93].map((part, index) => ({
    engineId,
    operationId: `op-${index}`,
    market: 'SOL-PERP',
    side: index === 1 ? ('buy' as const) : ('sell' as const),
    size: String(Math.round(index === 0 ? -short * 1e9 : 0.2e9)),
    price: String(Math.round((150 + waveAt(start + part * days * DAY_MS) - waveAt(nowMs)) * 1e6)),
    fee: '187500',
    signature: `paper-signature-${index}`,
    index: 0,
    tsMs: start + part * days * DAY_MS,
  }));
  await journal.recordTrades(trades);
  return sources;
}
