/**
 * The engine's figures on /metrics, read when they are asked for. What is not known has no sample: Prometheus then shows a
 * gap, where a zero would look like a healthy figure.
 */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { EQUITY_SOURCES } from '../domain/figures/equity-sources.ts';
import type { OperationCounts } from '../journal/records.ts';
import type * as z from '../lib/codec.ts';
import type { CarryAnswer } from '../protocol/carry.ts';
import type { State } from '../protocol/state.ts';
import type { JournalLookup } from './journal-lookup.ts';
import { METRICS_LOOKUP_MS } from './limits.ts';

interface EngineMetricsPorts {
  readonly engineId: string;
  readonly mode: string;
  readonly version: string;
  readonly registry: Registry;
  readonly lookup: JournalLookup;
  readonly state: () => Promise<z.input<typeof State>>;
  readonly carry: () => Promise<z.input<typeof CarryAnswer>>;
  readonly nowMs: () => number;
}

interface Sample {
  readonly value: number | null | undefined;
  readonly labels?: Readonly<Record<string, string>>;
}

const MS = 1_000;
const PERCENT = 100;
const TRADING_STATES = ['active', 'reducing', 'halted'] as const;

const share = (percent: number | null | undefined): number | null => (percent == null ? null : percent / PERCENT);
const product = (a: number | null | undefined, b: number | null | undefined): number | null =>
  a == null || b == null ? null : a * b;
const seconds = (ms: number | null): number | null => (ms === null ? null : ms / MS);
const one = (value: number | null | undefined): readonly Sample[] => [{ value }];

/** Name, meaning, its samples, and the label that they have besides the engine. */
type GaugeRow = readonly [
  name: string,
  help: string,
  samples: (state: z.input<typeof State>, carry: z.input<typeof CarryAnswer>) => readonly Sample[],
  label?: string,
];

const GAUGES: readonly GaugeRow[] = [
  ['driftless_snapshot_age_seconds', 'How long ago the account was read', ({ age_ms: age }) => one(seconds(age))],
  ['driftless_health_ratio', 'Health of the account, 0 to 1', ({ drift_state: drift }) => one(share(drift.health))],
  ['driftless_leverage_ratio', 'Liabilities against collateral', ({ drift_state: drift }) => one(drift.leverage)],
  [
    'driftless_hedge_deviation_ratio',
    'Distance from the hedge target, as a part of spot',
    ({ account }) => one(share(account?.drift_from_target_pct)),
  ],
  ['driftless_net_delta_sol', 'Spot and perp together', ({ drift_state: drift }) => one(drift.net_delta)],
  ['driftless_spot_sol', 'Deposited SOL', ({ account }) => one(account?.spot_sol)],
  ['driftless_position_sol', 'The perp position; a short is negative', ({ account }) => one(account?.perp_sol)],
  [
    'driftless_liquidation_distance_ratio',
    'How far the oracle price is from liquidation; no sample: no such price, or unknown',
    ({ account }) => one(share(account?.liq_distance_pct)),
  ],
  ['driftless_equity_usd', 'All that the account and its wallet are worth', ({ account }) => one(account?.equity_usd)],
  [
    'driftless_equity_change_usd',
    "Change of equity since the start of the history, by source, at the quote asset's price now",
    ({ account }) =>
      EQUITY_SOURCES.map((source) => ({
        value: product(account?.sources?.[source], account?.quote_price),
        labels: { source },
      })),
    'source',
  ],
  ['driftless_oracle_price_usd', 'Oracle price of SOL', ({ market }) => one(market?.oracle_price)],
  ['driftless_funding_apr_ratio', 'What the last period paid a short, a year', (_, carry) => one(share(carry.apr_now))],
  [
    'driftless_carry_apr_ratio',
    'What hedging is expected to earn a year after costs',
    (_, carry) => one(share(carry.apr_net)),
  ],
  [
    'driftless_carry_pays',
    '1: by the confidence rule the hedge pays; 0: it does not',
    (_, { pays }) => one(pays === null ? null : Number(pays)),
  ],
  [
    'driftless_unresolved_transactions',
    'Transactions whose outcome a person must tell',
    ({ engine }) => one(engine.unresolved?.length),
  ],
  ['driftless_restrictions', 'Restrictions on trading that stand', ({ engine }) => one(engine.holds?.length)],
  [
    'driftless_operation_running',
    '1 while an operation runs',
    ({ engine }) => one(engine.state === null ? null : Number(engine.operation !== null)),
  ],
  [
    'driftless_engine_running',
    '1: the engine runs',
    ({ engine }) => one(engine.state === null ? null : Number(engine.state === 'running')),
  ],
  [
    'driftless_trading_state',
    '1 for the state that trading is in',
    ({ engine: { trading_state: now } }) =>
      TRADING_STATES.map((state) => ({ value: now === null ? null : Number(now === state), labels: { state } })),
    'state',
  ],
];

/** Outcome of an operation in a few words that never change. */
const OUTCOMES: Readonly<Record<string, string>> = { resolved_by_human: 'resolved' };
const ATTEMPTS: Readonly<Record<number, string>> = { 1: 'first', 2: 'second' };
const attemptOf = (number: number): string => ATTEMPTS[number] ?? 'later';

/** Adds them to the registry. @returns reads them afresh; call it before the registry is printed. It never rejects */
export function addEngineMetrics(ports: EngineMetricsPorts): () => Promise<void> {
  const { engineId, mode, version, registry, lookup, nowMs } = ports;
  const registers = [registry];
  const engine = engineId;
  new Gauge({
    name: 'driftless_build_info',
    help: 'Version, engine and mode',
    labelNames: ['version', 'engine', 'mode'],
    registers,
  }).set({ version, engine, mode }, 1);
  const gauges = GAUGES.map(([name, help, samples, label]) => {
    const labelNames = ['engine', ...(label === undefined ? [] : [label])];
    return { gauge: new Gauge({ name, help, labelNames, registers }), samples };
  });
  const alerts = new Gauge({
    name: 'driftless_alerts_standing',
    help: 'Alerts that stand, by severity',
    labelNames: ['engine', 'severity'],
    registers,
  });
  const operations = new Counter({
    name: 'driftless_operations_total',
    help: 'Operations by kind and outcome, from the journal',
    labelNames: ['engine', 'kind', 'outcome'],
    registers,
  });
  const transactions = new Counter({
    name: 'driftless_transactions_total',
    help: 'Signed transactions by attempt and outcome, from the journal',
    labelNames: ['engine', 'attempt', 'outcome'],
    registers,
  });
  const operationSeconds = new Histogram({
    name: 'driftless_operation_seconds',
    help: 'From the beginning of an operation to its end',
    labelNames: ['engine', 'kind', 'outcome'],
    buckets: [0.3, 1, 3, 10, 30, 60, 120, 300, 600, 1_800],
    registers,
  });
  const landingSeconds = new Histogram({
    name: 'driftless_transaction_landing_seconds',
    help: 'From a signature to its confirmation',
    labelNames: ['engine', 'attempt'],
    buckets: [0.3, 0.6, 1, 2, 4, 8, 15, 30, 60, 120],
    registers,
  });
  let [endedAfterMs, landedAfterMs] = [nowMs(), nowMs()];

  const set = (gauge: Gauge, samples: readonly Sample[]): void => {
    gauge.reset();
    for (const { value, labels = {} } of samples)
      if (value != null && Number.isFinite(value)) gauge.set({ engine, ...labels }, value);
  };

  const count = ({ operations: byKind, transactions: byAttempt, ended, landed }: OperationCounts): void => {
    operations.reset();
    for (const { kind, status, count: total } of byKind)
      operations.inc({ engine, kind, outcome: OUTCOMES[status] ?? status }, total);
    transactions.reset();
    for (const { number, outcome, count: total } of byAttempt)
      transactions.inc({ engine, attempt: attemptOf(number), outcome: outcome ?? 'open' }, total);
    for (const { kind, status, tookMs, endedAtMs } of ended) {
      if (endedAtMs <= endedAfterMs) continue;
      operationSeconds.observe({ engine, kind, outcome: OUTCOMES[status] ?? status }, tookMs / MS);
    }
    endedAfterMs = Math.max(endedAfterMs, ...ended.map(({ endedAtMs }) => endedAtMs));
    for (const { number, tookMs, atMs } of landed) {
      if (atMs > landedAfterMs)
        landingSeconds.observe({ engine, attempt: attemptOf(number) }, Math.max(0, tookMs) / MS);
    }
    landedAfterMs = Math.max(landedAfterMs, ...landed.map(({ atMs }) => atMs));
  };

  const read = async (): Promise<void> => {
    const [state, carry, counts, standing] = await Promise.all([
      ports.state(),
      ports.carry(),
      lookup(METRICS_LOOKUP_MS, (journal) => journal.operationCounts(engineId, Math.min(endedAfterMs, landedAfterMs))),
      lookup(METRICS_LOOKUP_MS, (journal) => journal.standingBySeverity(engineId)),
    ]);
    for (const { gauge, samples } of gauges) set(gauge, samples(state, carry));
    if (counts.known) count(counts.value);
    const bySeverity = standing.known ? new Map(standing.value.map((row) => [row.severity, row.count])) : null;
    const known = ['critical', 'warning', 'info'].map((severity) => ({
      ...{ value: bySeverity === null ? null : (bySeverity.get(severity) ?? 0), labels: { severity } },
    }));
    set(alerts, known);
  };

  const readOk = new Gauge({
    name: 'driftless_metrics_read_ok',
    help: '1: the figures of the engine could be read for this answer',
    registers,
  });
  return async () => {
    try {
      await read();
      readOk.set(1);
    } catch {
      for (const { gauge } of gauges) gauge.reset();
      readOk.set(0);
    }
  };
}
