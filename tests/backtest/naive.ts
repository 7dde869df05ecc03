/**
 * The backtest once more, as plainly as the definitions are written: floating point, no margin, no gates, every window
 * summed anew. Nothing of the product's code. For histories without gaps.
 */
export interface NaiveRow {
  readonly ts: number;
  /** USD per SOL. */
  readonly rate: number;
  readonly oracle: number;
  readonly mark: number;
}

export interface NaiveTerms {
  readonly sol: number;
  /** Fractions. */
  readonly fee: number;
  readonly slippage: number;
  /** SOL of a transaction. */
  readonly gas: number;
  readonly horizon: number;
  readonly start: number;
}

/** After row k: hold from now on? */
export type NaivePolicy = (fractions: readonly number[], k: number, holding: boolean, heldSince: number) => boolean;

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const window = (values: readonly number[], k: number, hours: number): readonly number[] =>
  values.slice(Math.max(0, k + 1 - hours), k + 1);
const known = (values: readonly number[], hours: number): boolean => values.length >= 0.9 * hours;
const apr = (fraction: number): number => fraction * 8766 * 100;

export const naiveAlways: NaivePolicy = () => true;

export const naiveMean =
  (hours: number, enter: number, exit: number): NaivePolicy =>
  (fractions, k, holding) => {
    const past = window(fractions, k, hours);
    if (!known(past, hours)) return holding;
    return holding ? apr(mean(past)) >= exit : apr(mean(past)) >= enter;
  };

export const naiveEwma =
  (halfLife: number, enter: number, exit: number): NaivePolicy =>
  (fractions, k, holding) => {
    if (k + 1 < halfLife) return holding;
    let weighted = 0;
    let weights = 0;
    for (let age = 0; age <= k; age += 1) {
      const weight = 0.5 ** (age / halfLife);
      weighted += weight * (fractions[k - age] as number);
      weights += weight;
    }
    return holding ? apr(weighted / weights) >= exit : apr(weighted / weights) >= enter;
  };

export const naiveConfidence =
  (hours: number, block: number, z: number, horizon: number, roundTrip: number): NaivePolicy =>
  (fractions, k, holding) => {
    const past = window(fractions, k, hours);
    if (!known(past, hours)) return holding;
    const m = mean(past);
    if (holding) return m >= 0;
    const blocks = Array.from({ length: hours / block }, (_, index) => window(fractions, k - index * block, block)).map(
      mean,
    );
    const middle = mean(blocks);
    const variance = blocks.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (blocks.length - 1);
    return (m - z * (Math.sqrt(variance) / Math.sqrt(blocks.length))) * horizon >= roundTrip;
  };

export interface NaiveResult {
  readonly hours: number;
  readonly netAprPct: number;
  readonly coreAprPct: number;
  readonly grossAprPct: number;
  readonly basisAprPct: number;
  readonly trades: number;
  readonly heldPct: number;
  readonly maxDrawdownPct: number;
  readonly monthsPct: Readonly<Record<string, number>>;
  readonly interval: readonly [number, number];
  readonly coreInterval: readonly [number, number];
  readonly aboveZero: number;
}

export function naiveBacktest(rows: readonly NaiveRow[], policy: NaivePolicy, terms: NaiveTerms): NaiveResult {
  const { sol, fee, slippage, gas, start } = terms;
  const fractions = rows.map((row) => row.rate / row.oracle);
  const net: number[] = [];
  const core: number[] = [];
  const months: Record<string, number> = {};
  const total = { funding: 0, costs: 0, basis: 0 };
  let held = 0;
  let since = 0;
  let trades = 0;
  let heldHours = 0;
  let carried = { costs: 0, basis: 0 };
  for (let k = start; k < rows.length; k += 1) {
    const { rate, oracle, mark, ts } = rows[k] as NaiveRow;
    const funding = k === start ? 0 : held * rate;
    if (held > 0) heldHours += 1;
    const wants = k === rows.length - 1 ? false : policy(fractions.slice(0, k + 1), k, held > 0, since);
    if (wants !== held > 0) {
      const size = wants ? sol : held;
      const fill = mark * (wants ? 1 - slippage : 1 + slippage);
      carried.costs -= size * mark * slippage + size * fill * fee + gas * oracle;
      carried.basis += (wants ? 1 : -1) * size * (mark - oracle);
      held = wants ? sol : 0;
      since = k;
      trades += 1;
    }
    if (k === start) continue;
    const worth = sol * oracle;
    core.push((funding + carried.costs) / worth);
    const hour = (funding + carried.costs + carried.basis) / worth;
    net.push(hour);
    total.funding += funding / worth;
    total.costs += carried.costs / worth;
    total.basis += carried.basis / worth;
    carried = { costs: 0, basis: 0 };
    const month = new Date(ts * 1_000).toISOString().slice(0, 7);
    months[month] = (months[month] ?? 0) + hour * 100;
  }
  const yearly = (8766 / net.length) * 100;
  const resampled = naiveBootstrap(net);
  const resampledCore = naiveBootstrap(core);
  return {
    hours: net.length,
    netAprPct: net.reduce((sum, each) => sum + each, 0) * yearly,
    coreAprPct: (total.funding + total.costs) * yearly,
    grossAprPct: total.funding * yearly,
    basisAprPct: total.basis * yearly,
    trades,
    heldPct: (heldHours / net.length) * 100,
    maxDrawdownPct: drawdown(net) * 100,
    monthsPct: months,
    interval: resampled.interval,
    coreInterval: resampledCore.interval,
    aboveZero: resampled.aboveZero,
  };
}

function drawdown(returns: readonly number[]): number {
  let sum = 0;
  let peak = 0;
  let worst = 0;
  for (const each of returns) {
    sum += each;
    peak = Math.max(peak, sum);
    worst = Math.max(worst, peak - sum);
  }
  return worst;
}

/** Block by block, return by return. */
function naiveBootstrap(returns: readonly number[]): { interval: readonly [number, number]; aboveZero: number } {
  let seed = 1;
  const random = (): number => {
    seed = (seed + 0x6d2b79f5) >>> 0;
    let t = seed;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const n = returns.length;
  const means: number[] = [];
  for (let resample = 0; resample < 2_000; resample += 1) {
    let sum = 0;
    let taken = 0;
    while (taken < n) {
      const start = Math.floor(random() * n);
      for (let offset = 0; offset < 336 && taken < n; offset += 1, taken += 1)
        sum += returns[(start + offset) % n] as number;
    }
    means.push(sum / n);
  }
  means.sort((a, b) => a - b);
  const at = (quantile: number): number => (means[Math.floor(quantile * 1_999)] as number) * 8766 * 100;
  return { interval: [at(0.05), at(0.95)], aboveZero: means.filter((each) => each > 0).length / 2_000 };
}
