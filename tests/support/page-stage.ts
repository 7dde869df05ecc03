/**
 * The page in any state within a second: the real bridge and a real journal with a written history, and an engine record
 * that a scene gives. For screenshots, for measuring, and for what a whole product could show only after an accident.
 */
import { encodeSnapshot, type Snapshot } from '../../src/domain/account/snapshot.ts';
import type { Hold } from '../../src/domain/engine/hold.ts';
import type { ChartPoint } from '../../src/domain/figures/chart-point.ts';
import { chartPoint } from '../../src/domain/figures/chart-point.ts';
import { DEFAULT_POLICY, decodePolicy, Policy, type PolicyJson } from '../../src/domain/hedge/policy.ts';
import type { Journal } from '../../src/journal/journal.ts';
import type { EngineRecord } from '../../src/journal/records.ts';
import { addToSeries } from '../../src/journal/series.ts';
import * as z from '../../src/lib/codec.ts';
import { ENGINE_ID, type TestBridge, TOKEN, testBridge } from './bridge.ts';
import { openTestJournal } from './journal.ts';
import { contextOf, HOUR_MS, type Scenario, snapshotOf } from './snapshots.ts';

const DAY_MS = 24 * HOUR_MS;
const FEMTO = 1_000_000_000_000_000;
const LIVE_ID =
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
}

export interface Stage {
  /** With the token. */
  readonly url: string;
  readonly bridge: TestBridge;
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
  const write = async (): Promise<void> => {
    generation += 1;
    const snapshot = sceneSnapshot(scene, sources, engineId, Date.now() - (scene.agedMs ?? 0));
    await journal.recordSnapshot({ engineId, generation, attempt: 1 }, encodeSnapshot(snapshot));
    await journal.publishEngine(engineRecord(scene, engineId, generation, policyJson));
  };
  await write();
  // A stale scene stays as it is; every other one is read again, as by a running engine.
  const timer =
    scene.agedMs === undefined ? setInterval(() => void (ended || write().catch(() => undefined)), 2_000) : undefined;
  return {
    url: `${bridge.url}/?token=${TOKEN}`,
    bridge,
    async close() {
      ended = true;
      clearInterval(timer);
      await bridge.close();
      await journal.close();
    },
  };
}

function engineRecord(scene: Scene, engineId: string, sequence: number, policyJson: PolicyJson): EngineRecord {
  const holds = scene.holds ?? [];
  const halted = holds.some((hold) => hold.permits === 'nothing');
  const hedged = Number(scene.scenario?.perp ?? 0) < 0;
  return {
    engineId,
    mode: scene.mode ?? 'paper',
    feed: scene.mode === 'live' ? 'live' : 'synthetic:7',
    state: 'running',
    tradingState: halted ? 'halted' : holds.length > 0 ? 'reducing' : 'active',
    reason: holds[0]?.reason ?? '',
    hedgeTarget: hedged ? 1 : 0,
    decisionContext: contextOf({ hedgeTargetPpm: hedged ? 1_000_000 : 0, holds }),
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

function sceneSnapshot(scene: Scene, sources: typeof NO_SOURCES, engineId: string, takenAtMs: number): Snapshot {
  const snapshot = snapshotOf(scene.scenario);
  const lastHourMs = Math.floor(takenAtMs / HOUR_MS) * HOUR_MS;
  const recentRates = Array.from({ length: RECENT_HOURS }, (_, index) => {
    const tsMs = lastHourMs - (RECENT_HOURS - 1 - index) * HOUR_MS;
    return { tsMs, rate: BigInt(Math.round(rateAt(tsMs) * 1e9)) };
  });
  const lastRate = recentRates.at(-1)?.rate ?? null;
  const change = Object.values(sources).reduce((sum, part) => sum + part, 0n);
  const baseline = femto(2_750);
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
