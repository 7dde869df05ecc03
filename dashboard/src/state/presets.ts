/** Sizes that hedge a part of spot with what is held already, to the market's step. */
import { SOL_DECIMALS } from '../../../src/domain/money/amounts.ts';
import { baseToText } from '../format/decimal.ts';

export const SHARES = [25n, 50n, 100n] as const;

export interface PresetBasis {
  /** Lamports that count as spot. */
  readonly spotBase: bigint;
  /** Signed lamports. A short is negative. */
  readonly perpBase: bigint;
  readonly stepBase: bigint | null;
  /** The smallest order. */
  readonly minimumBase: bigint | null;
  readonly tolerancePct: number | null;
}

export interface Preset {
  readonly share: bigint;
  /** What to sell, as a person would type it; null: nothing is missing to this share. */
  readonly size: string | null;
  /** Signed lamports between spot's share and the short that the size leaves. Positive: unhedged. */
  readonly remainingBase: bigint;
}

const PPM = 1_000_000n;

/**
 * The nearest step, so that 100 % is neutral. Where it would leave more short than spot, and that by more than the
 * tolerance, it is one step less: the engine calls it exposed.
 */
export function presetOf(share: bigint, basis: PresetBasis): Preset {
  const { spotBase, perpBase, stepBase, minimumBase } = basis;
  const wanted = spotBase <= 0n ? 0n : (spotBase * share) / 100n;
  const missing = wanted + perpBase;
  const step = stepBase === null || stepBase <= 0n ? 1n : stepBase;
  const nearest = missing <= 0n ? 0n : ((missing + step / 2n) / step) * step;
  const size = isTooShort(spotBase + perpBase - nearest, basis) ? nearest - step : nearest;
  const sent = size <= 0n || (minimumBase !== null && size < minimumBase) ? 0n : size;
  return {
    share,
    size: sent === 0n ? null : baseToText(sent, SOL_DECIMALS),
    remainingBase: missing - sent,
  };
}

function isTooShort(net: bigint, { spotBase, tolerancePct }: PresetBasis): boolean {
  const tolerance = tolerancePct === null ? 0n : BigInt(Math.floor(tolerancePct * 10_000));
  return net < 0n && -net * PPM > spotBase * tolerance;
}

/** What the size of a preset leaves, in a sentence. */
export function presetWords({ share, size, remainingBase }: Preset): string {
  const goal = `${share} % of spot`;
  const left = baseToText(remainingBase < 0n ? -remainingBase : remainingBase, SOL_DECIMALS);
  const rest =
    remainingBase === 0n
      ? 'exactly'
      : remainingBase > 0n
        ? `leaves ${left} SOL unhedged, less than can be traded`
        : `is ${left} SOL more than that, by the market's step`;
  if (size === null) return remainingBase > 0n ? `${goal}: only ${left} SOL is missing` : `${goal} is hedged already`;
  return `${goal}: ${rest}`;
}
