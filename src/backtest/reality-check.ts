/**
 * How likely the best of many policies looks this good although none is worth anything: White's reality check (Econometrica
 * 68, 2000). Each run keeps what its mean became in the same resamples of the same hours, less the mean itself.
 */
import { NOISE_RESAMPLES } from './bootstrap.ts';
import type { RunReport } from './run-report.ts';

/** 0 to 1, of runs on one market; null for fewer than two, or when none of them traded. */
function realityCheck(runs: readonly RunReport[]): number | null {
  const tried = runs.filter(({ summary }) => summary.trades > 0);
  if (tried.length === 0 || runs.length < 2) return null;
  const best = Math.max(0, ...tried.map(({ meanReturn }) => meanReturn));
  const most = new Float64Array(NOISE_RESAMPLES);
  for (const { noise } of tried) {
    const bytes = Buffer.from(noise, 'base64');
    for (let index = 0; index < NOISE_RESAMPLES; index += 1) {
      const value = bytes.readFloatLE(index * Float32Array.BYTES_PER_ELEMENT);
      if (value > (most[index] as number)) most[index] = value;
    }
  }
  let asGood = 0;
  for (const each of most) if (each >= best) asGood += 1;
  return asGood / NOISE_RESAMPLES;
}

export interface MarketCheck {
  readonly market: string;
  readonly policies: number;
  /** 0 to 1. */
  readonly p: number | null;
}

/** For each market. */
export function realityChecks(runs: readonly RunReport[]): readonly MarketCheck[] {
  const places = [...new Set(runs.map(({ place }) => place))];
  return places.map((at) => {
    const here = runs.filter(({ place }) => place === at);
    return { market: here[0]?.market ?? '', policies: here.length, p: realityCheck(here) };
  });
}
