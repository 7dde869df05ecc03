/**
 * Where the fields of a `User` stand. Two layouts exist: 4,496 bytes in the build that the tests ran on, and 4,560 in later
 * builds, whose perp positions are 8 bytes wider (they count orders in two bytes), so that all that follows them stands 64
 * bytes later. Length chooses the table, and what every account of that layout must hold is checked after it.
 */
import { CriticalError } from '../../../lib/errors.ts';
import { type AccountLayout, type DecodedAccount, decodeAccount } from '../../solana-perps/account-layout.ts';
import { BALANCE, ORDER_BYTES, ORDER_FIELDS } from './accounts.ts';

const SLOTS = 8;
const SPOT_POSITION_BYTES = 40;
const PERP_POSITIONS_AT = 424;
const ORDER_SLOTS = 32;

const SPOT_POSITIONS = {
  at: 104,
  count: SLOTS,
  bytes: SPOT_POSITION_BYTES,
  fields: {
    scaledBalance: [0, 'u64'],
    openBids: [8, 'i64'],
    openAsks: [16, 'i64'],
    /** Tokens deposited less tokens withdrawn, over the position's life. */
    cumulativeDeposits: [24, 'i64'],
    marketIndex: [32, 'u16'],
    balanceType: [34, BALANCE],
    openOrders: [35, 'u8'],
  },
} as const;

/** Up to the place where the two layouts part. */
const PERP_POSITION_FIELDS = {
  lastCumulativeFunding: [0, 'i64'],
  base: [8, 'i64'],
  quote: [16, 'i64'],
  quoteBreakEven: [24, 'i64'],
  quoteEntry: [32, 'i64'],
  openBids: [40, 'i64'],
  openAsks: [48, 'i64'],
  settledPnl: [56, 'i64'],
  /** Quote that is collateral of this position alone. */
  isolatedScaled: [64, 'u64'],
  maxMarginRatio: [74, 'u16'],
  marketIndex: [76, 'u16'],
} as const;

const OWNER_FIELDS = { authority: [8, 'address'], delegate: [40, 'address'] } as const;

/** The fields after the orders. */
const fieldsAfter = (at: number) =>
  ({
    /** Quote value at the moment of each, over the account's life. */
    totalDeposits: [at, 'u64'],
    totalWithdraws: [at + 8, 'u64'],
    settledPerpPnl: [at + 24, 'i64'],
    cumulativePerpFunding: [at + 40, 'i64'],
    /** At least 1: a new account begins with it. */
    nextOrderId: [at + 64, 'u32'],
    maxMarginRatio: [at + 68, 'u32'],
    subAccount: [at + 74, 'u16'],
    status: [at + 76, 'u8'],
    equityFloor: [at + 88, 'u64'],
  }) as const;

export const USER = {
  name: 'User',
  bytes: 4496,
  fields: { ...OWNER_FIELDS, ...fieldsAfter(4392) },
  lists: {
    spotPositions: SPOT_POSITIONS,
    perpPositions: {
      at: PERP_POSITIONS_AT,
      count: SLOTS,
      bytes: 80,
      fields: { ...PERP_POSITION_FIELDS, openOrders: [78, 'u8'], flags: [79, 'u8'] },
    },
    orders: { at: 1064, count: ORDER_SLOTS, bytes: ORDER_BYTES, fields: ORDER_FIELDS },
  },
} as const satisfies AccountLayout;

export const WIDE_USER = {
  name: 'User',
  bytes: 4560,
  grows: true,
  fields: { ...OWNER_FIELDS, ...fieldsAfter(4456) },
  lists: {
    spotPositions: SPOT_POSITIONS,
    perpPositions: {
      at: PERP_POSITIONS_AT,
      count: SLOTS,
      bytes: 88,
      fields: { ...PERP_POSITION_FIELDS, openOrders: [78, 'u16'], flags: [80, 'u8'] },
    },
    orders: { at: 1128, count: ORDER_SLOTS, bytes: ORDER_BYTES, fields: ORDER_FIELDS },
  },
} as const satisfies AccountLayout;

export type UserState = DecodedAccount<typeof USER>;

/** `PerpPosition.flags`. */
const ISOLATED = 1;

/** An isolated position has collateral of its own, and a margin of its own. The flag of an empty slot means nothing. */
export function isIsolated(position: UserState['perpPositions'][number]): boolean {
  const { flags, isolatedScaled, base, quote, openOrders } = position;
  if (isolatedScaled !== 0n) return true;
  return (flags & ISOLATED) !== 0 && (base !== 0n || quote !== 0n || openOrders !== 0);
}

/** @throws CriticalError ACCOUNT_LAYOUT when the bytes are another account's, or in neither of the layouts */
export function decodeUser(data: Uint8Array): UserState {
  if (data.length < WIDE_USER.bytes) return decodeAccount(USER, data);
  const user: UserState = decodeAccount(WIDE_USER, data);
  const mistake = misread(user);
  if (mistake !== null)
    throw new CriticalError(
      'ACCOUNT_LAYOUT',
      `This User has ${data.length} bytes, but is not laid out as we know that length: ${mistake}. Another version of the program wrote it.`,
      { account: 'User', expected_bytes: WIDE_USER.bytes, bytes: data.length },
    );
  return { ...user, extraBytes: data.length - USER.bytes };
}

/** What no account of this layout holds: its fields stand elsewhere. Null: everything is as it must be. */
function misread({ nextOrderId, spotPositions, perpPositions, orders }: UserState): string | null {
  if (nextOrderId === 0) return 'its next order has no number';
  if (spotPositions.some(({ balanceType }) => balanceType === 'unknown'))
    return 'a balance is neither deposit nor debt';
  if (perpPositions.some(({ openOrders }) => openOrders > ORDERS_IMAGINABLE))
    return 'a position counts too many orders';
  const kinds = orders.flatMap(({ status, orderType, marketType, direction }) => [
    ...[status, orderType, marketType, direction],
  ]);
  return kinds.includes('unknown') ? 'an order is of a kind that does not exist' : null;
}

/** A resting order binds margin, so no account has nearly as many. */
const ORDERS_IMAGINABLE = 10_000;
