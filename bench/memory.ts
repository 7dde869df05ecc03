/** The resident memory of the product's processes without the Temporal server: the peak while starting, and idle. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Product, productEnv } from '../tests/support/product.ts';
import { inBenchFolder } from './support/bench-folder.ts';
import { median } from './support/measure.ts';
import { type Finding, say } from './support/report.ts';
import { residentMegabytes } from './support/resident-memory.ts';

const ROUNDS = 5;
const IDLE_AFTER_MS = 60_000;
const SAMPLE_EVERY_MS = 100;
/** Measured with the code of version 0.1.0: a first start, a second one, and the peak of a first. */
const BEFORE = { first: 812, second: 471, peak: 1_190 };
const GOALS = { idle: 350, peak: 700 };

interface Weight {
  readonly idle: number;
  readonly peak: number;
}

async function weigh(folder: string): Promise<Weight> {
  const product = new Product(folder, await productEnv());
  const { pid } = product.child;
  if (pid === undefined) throw new Error('the product could not be run');
  let peak = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, residentMegabytes(pid));
  }, SAMPLE_EVERY_MS);
  try {
    await product.ready();
    await sleep(IDLE_AFTER_MS);
    return { idle: residentMegabytes(pid), peak };
  } finally {
    clearInterval(timer);
    await product.end();
  }
}

export async function benchMemory(): Promise<readonly Finding[]> {
  if (process.platform !== 'linux') {
    say('  skipped: resident memory is read from /proc, which this system does not have');
    return [];
  }
  const first: Weight[] = [];
  const second: Weight[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    await inBenchFolder(async (folder) => {
      first.push(await weigh(folder));
      second.push(await weigh(folder));
    });
  }
  const finding = (what: string, values: readonly number[], atMost: number, before: number): Finding => {
    say(`  ${what}: ${values.map((value) => value.toFixed(0)).join(' ')} MB`);
    const yardstick = { what: 'of version 0.1.0', figure: before };
    return { what, figure: median(values), unit: 'MB', yardstick, goal: { of: 'figure', atMost } };
  };
  const { idle, peak } = GOALS;
  return [
    finding(
      'idle, a minute after a first start',
      first.map((one) => one.idle),
      idle,
      BEFORE.first,
    ),
    finding(
      'idle, a minute after a second start',
      second.map((one) => one.idle),
      idle,
      BEFORE.second,
    ),
    finding(
      'peak of a first start',
      first.map((one) => one.peak),
      peak,
      BEFORE.peak,
    ),
  ];
}
