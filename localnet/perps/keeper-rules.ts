import { ValidationError } from '../../src/lib/errors.ts';

/** A maker takes this share of an order's placed size this many slots after its placement. */
export interface PartialFill {
  readonly afterSlots: number;
  readonly share: number;
}

/** How a keeper treats orders and accounts. Each program has its own defaults. */
export interface KeeperRules {
  /** False: no order is touched. */
  readonly fills: boolean;
  /** Whether the rest of an order goes to the AMM. */
  readonly amm: boolean;
  /** Slots after the placement until the first try at the AMM. */
  readonly fillAfterSlots: number;
  /** Makers within the auction, at the auction's price of the moment. */
  readonly parts: readonly PartialFill[];
  /** Orders past their `maxTs` are taken off, for the flat fee: that is what filling them does. */
  readonly expires: boolean;
  /** A fill goes ahead of whatever else of that account is to stand in the block: a cancel comes too late. */
  readonly racesCancels: boolean;
  /** Updates the funding rate and the interest each period, the AMM in between. */
  readonly cranks: boolean;
  /** Accounts below maintenance are liquidated. */
  readonly liquidates: boolean;
}

export const KEEPER_RULES: KeeperRules = {
  fills: true,
  amm: true,
  fillAfterSlots: 1,
  parts: [],
  expires: true,
  racesCancels: false,
  cranks: true,
  liquidates: true,
};

/** @throws ValidationError LOCALNET_KEEPER */
export function checkKeeperRules(rules: Partial<KeeperRules>): void {
  for (const [name, value] of Object.entries(rules)) {
    const now = KEEPER_RULES[name as keyof KeeperRules];
    const isParts = name === 'parts' && Array.isArray(value) && value.every(isPart);
    if (isParts || (name !== 'parts' && now !== undefined && typeof value === typeof now)) continue;
    throw new ValidationError('LOCALNET_KEEPER', `The keeper has no such rule: ${name} ${JSON.stringify(value)}.`, {
      rules: JSON.stringify(KEEPER_RULES),
    });
  }
}

const isPart = (part: unknown): boolean =>
  typeof part === 'object' &&
  part !== null &&
  'afterSlots' in part &&
  'share' in part &&
  Number(part.afterSlots) >= 1 &&
  Number(part.share) > 0 &&
  Number(part.share) <= 1;

/** An auction as its order has it. */
interface AuctionTerms {
  readonly placedAtSlot: number;
  readonly auctionSlots: number;
  /** USD at 1e6. */
  readonly auctionStart: number;
  readonly auctionEnd: number;
}

/** USD that an auction takes at this slot, as the program counts it. */
export function auctionPriceAt(order: AuctionTerms, slot: number): number {
  const share = order.auctionSlots === 0 ? 1 : Math.min(1, Math.max(0, slot - order.placedAtSlot) / order.auctionSlots);
  return (order.auctionStart + (order.auctionEnd - order.auctionStart) * share) / 1e6;
}
