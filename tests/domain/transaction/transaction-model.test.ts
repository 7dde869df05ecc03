import { setImmediate as breathe } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { OperationRequest } from '../../../src/domain/order/operation-request.ts';
import type { Weather } from '../../support/chain-model.ts';
import { LONG } from '../../support/long.ts';
import { type ModelOptions, runModel } from '../../support/model-run.ts';

/** MODEL_RUNS=1000000 MODEL_SEED=7 for a soak; without a seed always the same histories, so that a failure repeats. */
const RUNS = Number(process.env.MODEL_RUNS ?? (LONG ? 4_000 : 1_500));
const SEED = Number(process.env.MODEL_SEED ?? 1);
/** A soak goes on in batches, each with the next seed: the test runner hears from it in between. */
const BATCH = 10_000;
/** Generous: a machine under load goes through at least so many a second. */
const SLOWEST_PER_SECOND = 50;

const share = fc.constantFrom(0, 0.1, 0.3, 0.6, 0.9, 0.98);
const weather: fc.Arbitrary<Weather> = fc.record({
  sendLost: share,
  late: share,
  fails: fc.constantFrom(0, 0, 0.3, 0.8),
  fork: fc.constantFrom(0, 0.05, 0.2, 0.4),
  mute: share,
  lagging: share,
  pruned: share,
  death: fc.constantFrom(0, 0.2, 0.5),
  slow: fc.constantFrom(0, 0, 0.3, 0.8),
});
const request: fc.Arbitrary<OperationRequest> = fc.constantFrom<OperationRequest>(
  { kind: 'deposit', asset: 'SOL', amount: '1500000000' },
  { kind: 'open', market: 'SOL-PERP', size: '-5000000000' },
  { kind: 'close', market: 'SOL-PERP' },
  { kind: 'flatten', market: 'SOL-PERP' },
);
const options: fc.Arbitrary<ModelOptions> = fc.record({
  seed: fc.integer(),
  weather,
  request,
  meddling: fc.constantFrom(0, 0.1, 0.3, 0.6),
});

const MUST_BE_SEEN = [
  'end done',
  'end rejected',
  'end failed',
  'end expired',
  'phase unresolved',
  'phase dropped',
  'stage awaiting_slot',
  'verdict landed taken',
  'verdict landed refused',
  'verdict failed taken',
  'verdict failed refused',
  'verdict retry taken',
  'verdict retry refused',
  'alert VERDICT_CONTRADICTED',
  'alert CONFIRMED_THEN_LOST',
  'alert FILL_UNKNOWN',
  'order over, fill unknown',
  'order over, placement unknown',
  'close goes on',
];

describe('the transaction reducer on a chain that does its worst', () => {
  it(
    'never has two live attempts of one intent, never ends without proof, is never stuck without an alert',
    async () => {
      const went = new Map<string, number>();
      const startedAt = performance.now();
      const before = process.cpuUsage();
      const holds = fc.property(options, (given) => {
        const { status, seen } = runModel(given);
        for (const key of [`end ${status}`, ...seen]) went.set(key, (went.get(key) ?? 0) + 1);
      });
      for (let done = 0; done < RUNS; done += BATCH) {
        fc.assert(holds, { numRuns: Math.min(BATCH, RUNS - done), seed: SEED + done / BATCH });
        await breathe();
      }
      const seconds = (performance.now() - startedAt) / 1_000;
      const cpuSeconds = process.cpuUsage(before).user / 1e6;
      const table = [...went].sort().map(([key, count]) => `${key} ${count}`);
      process.stdout.write(
        `${RUNS} histories from seed ${SEED} in ${seconds.toFixed(1)} s, ${Math.round(RUNS / seconds)} a second ` +
          `(${Math.round(RUNS / cpuSeconds)} a second of processor): ${table.join(', ')}\n`,
      );
      // A model that never comes to the hard places would prove little.
      expect(MUST_BE_SEEN.filter((key) => !went.has(key))).toEqual([]);
    },
    Math.max(300_000, (RUNS / SLOWEST_PER_SECOND) * 1_000),
  );
});
