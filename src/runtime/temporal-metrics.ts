/**
 * Temporal's own metrics, under our names' neighbours `temporal_…`, in our registry. The SDK hands over each change; labels that
 * have no bound (the sticky queues have an id of each process in their name) are left out.
 */
import { type BufferedMetricUpdate, MetricsBuffer } from '@temporalio/worker';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { repeatEvery } from '../lib/repeat.ts';

const LABELS = [
  'operation',
  'workflow_type',
  'activity_type',
  'worker_type',
  'poller_type',
  'failure_reason',
  'status_code',
] as const;
const BUCKETS = [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
/** A change is about 100 bytes; a busy worker makes some hundred a second. */
const BUFFERED = 100_000;
const DRAIN_MS = 5_000;

export const temporalMetricsBuffer = (): MetricsBuffer =>
  new MetricsBuffer({ maxBufferSize: BUFFERED, useSecondsForDurations: true });

export interface TemporalMetrics {
  /** Takes over what the SDK has counted until now. */
  drain(): void;
  stop(): Promise<void>;
}

export function addTemporalMetrics(
  buffer: Pick<MetricsBuffer, 'retrieveUpdates'>,
  registry: Registry,
): TemporalMetrics {
  const known = new Map<string, (value: number, labels: Partial<Record<string, string>>) => void>();

  const makerOf = ({ name, kind, unit, description }: BufferedMetricUpdate['metric']) => {
    const options = { help: description || name, labelNames: LABELS, registers: [registry] };
    const plain = name.startsWith('temporal_') ? name : `temporal_${name}`;
    if (kind === 'counter') {
      const counter = new Counter({ ...options, name: plain.endsWith('_total') ? plain : `${plain}_total` });
      return (value: number, labels: Partial<Record<string, string>>) => counter.inc(labels, value);
    }
    if (kind === 'histogram') {
      const suffix = unit === 's' || unit === 'duration' || plain.endsWith('latency') ? '_seconds' : '';
      const histogram = new Histogram({ ...options, name: plain + suffix, buckets: BUCKETS });
      return (value: number, labels: Partial<Record<string, string>>) => histogram.observe(labels, value);
    }
    const gauge = new Gauge({ ...options, name: plain });
    return kind === 'gauge'
      ? (value: number, labels: Partial<Record<string, string>>) => gauge.set(labels, value)
      : (value: number, labels: Partial<Record<string, string>>) => gauge.inc(labels, value);
  };

  const drain = (): void => {
    for (const { metric, value, attributes } of buffer.retrieveUpdates()) {
      let take = known.get(metric.name);
      if (take === undefined) {
        take = makerOf(metric);
        known.set(metric.name, take);
      }
      take(
        value,
        Object.fromEntries(LABELS.flatMap((name) => (name in attributes ? [[name, String(attributes[name])]] : []))),
      );
    }
  };
  const rounds = repeatEvery(DRAIN_MS, async () => drain());
  return { drain, stop: rounds.stop };
}
