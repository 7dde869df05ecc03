/**
 * What a person was shown before they confirmed. A confirmation covers that and what is better; whatever is worse is asked
 * again. Plain JSON, carried by the engine.
 */
import { deltaSlack, reservedFor } from '../hedge/delta.ts';
import type { Policy } from '../hedge/policy.ts';
import { abs, type Lamports, lamports } from '../money/units.ts';

export type ConfirmationReason =
  | 'CONFIRM_ABOVE_USD'
  | 'DELTA_EXPOSED'
  /** ADOPT_POSITION of a position that is no hedge. */
  | 'LONG_POSITION'
  | 'SHORT_BEYOND_SPOT'
  /** ENABLE_AUTO_CARRY, always. */
  | 'AUTO_CARRY'
  /** RESUME of an engine that was restored from a backup: the original is stopped. */
  | 'ORIGINAL_STOPPED';

export interface ShownTerms {
  readonly reasons: readonly ConfirmationReason[];
  /** Of a trade: signed lamports. */
  readonly size: string | null;
  /** Spot and perp together as they would stand after, signed lamports; null: unknown. */
  readonly netDelta: string | null;
  /** The worst price, 1e-6 USD per SOL: better may happen, worse never. */
  readonly priceLimit: string | null;
}

/** The net delta after that a person confirmed as an exposure, as it travels. Undefined: they confirmed none. */
export const confirmedNetDelta = (shown: ShownTerms | null): string | null | undefined =>
  shown?.reasons.includes('DELTA_EXPOSED') === true ? shown.netDelta : undefined;

/** A net delta as it travels. Null: unknown. */
export const readNetDelta = (text: string | null): Lamports | null => (text === null ? null : lamports(BigInt(text)));

/** Farther from neutral than what was shown, or on the other side. Null: unknown. `spot`: what interest makes grow. */
export function isWorseDelta(
  now: Lamports | null,
  shown: Lamports | null,
  spot: Lamports | null,
  policy: Policy,
): boolean {
  if (now === null || shown === null || spot === null) return now !== shown;
  const slack = deltaSlack(spot, reservedFor(policy));
  if (abs(now) <= slack) return false;
  return abs(now) > abs(shown) + slack || now < 0n !== shown < 0n;
}
