/**
 * Accounts as later builds of the program write them: longer at their end, and a `User` whose perp positions are wider.
 * There is no such account in a public place, so they are made from the known ones.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CriticalError } from '../../../../src/lib/errors.ts';
import { blankAccount, decodeAccount, withFields } from '../../../../src/venues/solana-perps/account-layout.ts';
import { PYTH_LAZER_ORACLE } from '../../../../src/venues/solana-perps/oracle-accounts.ts';
import type { AnyScalar } from '../../../../src/venues/solana-perps/wire-types.ts';
import { PERP_MARKET, SPOT_MARKET, STATE, USER_STATS } from '../../../../src/venues/velocity/program/accounts.ts';
import { decodeUser, USER, WIDE_USER } from '../../../../src/venues/velocity/program/user.ts';
import { accountOf, listsAllOrders } from '../../../../src/venues/velocity/read/decode.ts';

const noise = (bytes: number): Uint8Array => Uint8Array.from({ length: bytes }, (_, at) => (at * 37 + 1) % 256);
const longer = (data: Uint8Array, bytes: number): Uint8Array => Uint8Array.from([...data, ...noise(bytes)]);

const FIELDS: Readonly<Record<string, AnyScalar>> = {
  subAccount: 3,
  status: 4,
  nextOrderId: 12,
  totalDeposits: 5_000n,
  totalWithdraws: 200n,
  settledPerpPnl: -9n,
  maxMarginRatio: 250,
  equityFloor: 77n,
  'spotPositions.0.scaledBalance': 5_000n,
  'spotPositions.1.scaledBalance': 7n,
  'spotPositions.1.marketIndex': 1,
  'spotPositions.1.balanceType': 'borrow',
  'perpPositions.0.base': -2_000_000_000n,
  'perpPositions.0.quote': 150_000_000n,
  'perpPositions.0.openOrders': 1,
  'perpPositions.0.openAsks': -1_000_000_000n,
  'perpPositions.7.marketIndex': 7,
  'perpPositions.7.quote': -5n,
  'orders.31.status': 'open',
  'orders.31.marketType': 'perp',
  'orders.31.orderId': 9,
  'orders.31.base': 1_000_000_000n,
  'orders.31.direction': 'short',
};

const errorOf = (data: Uint8Array): CriticalError => {
  try {
    decodeUser(data);
  } catch (error) {
    if (error instanceof CriticalError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
};

describe('a User', () => {
  const narrow = withFields(USER, blankAccount(USER), FIELDS);
  const wide = withFields(WIDE_USER, blankAccount(WIDE_USER), FIELDS);

  it('of a later build reads as the same account', () => {
    expect(decodeUser(wide)).toEqual({ ...decodeUser(narrow), extraBytes: 64 });
    expect(accountOf(decodeUser(wide))).toEqual(accountOf(decodeUser(narrow)));
    expect(listsAllOrders(decodeUser(wide))).toBe(true);
    expect(decodeUser(longer(wide, 32))).toEqual({ ...decodeUser(narrow), extraBytes: 96 });
  });

  it('counts more orders than fit one byte', () => {
    const busy = withFields(WIDE_USER, wide, { 'perpPositions.0.openOrders': 300 });
    expect(decodeUser(busy).perpPositions[0]?.openOrders).toBe(300);
    expect(listsAllOrders(decodeUser(busy))).toBe(false);
  });

  it.each([4495, 4497, 4528, 4559])('of %i bytes is refused by its length', (bytes) => {
    const data = new Uint8Array(bytes);
    data.set(narrow.subarray(0, Math.min(bytes, narrow.length)));
    expect(errorOf(data)).toMatchObject({ code: 'ACCOUNT_LAYOUT', details: { account: 'User', bytes } });
  });

  it('that only grew at its end, against what is known of that length, is refused', () => {
    const grown = new Uint8Array(WIDE_USER.bytes);
    grown.set(narrow);
    expect(errorOf(grown)).toMatchObject({ code: 'ACCOUNT_LAYOUT', details: { account: 'User', bytes: 4560 } });
  });

  it('whose bytes are of no kind that exists is refused, wherever they stand', () => {
    const kinds = fc.constantFrom(
      ...['spotPositions.3.balanceType', 'orders.5.status', 'orders.0.orderType', 'orders.31.direction'],
    );
    fc.assert(
      fc.property(kinds, fc.integer({ min: 8, max: 255 }), (path, value) => {
        const [list = '', index = '0', field = ''] = path.split('.');
        const { at, bytes, fields } = WIDE_USER.lists[list as 'orders'];
        const data = Uint8Array.from(wide);
        data[at + Number(index) * bytes + fields[field as 'status'][0]] = value;
        expect(errorOf(data).code).toBe('ACCOUNT_LAYOUT');
      }),
      { numRuns: 20 },
    );
  });
});

describe('an isolated position', () => {
  const READS: readonly [string, Readonly<Record<string, AnyScalar>>, boolean | undefined][] = [
    ['its flag, with a position', { 'perpPositions.0.flags': 1 }, true],
    ['its collateral alone', { 'perpPositions.0.base': 0n, 'perpPositions.0.isolatedScaled': 5n }, true],
    ['another flag', { 'perpPositions.0.flags': 2 }, undefined],
  ];
  it.each(READS)('shows by %s, in both layouts', (_what, fields, isolated) => {
    for (const layout of [USER, WIDE_USER]) {
      const data = withFields(layout, blankAccount(layout), {
        nextOrderId: 1,
        'perpPositions.0.base': -1n,
        ...fields,
      });
      expect(accountOf(decodeUser(data)).perps.map((position) => position.isolated)).toEqual([isolated]);
    }
  });

  it('is not what the flag of an empty slot says', () => {
    const data = withFields(USER, blankAccount(USER), { 'perpPositions.2.flags': 1 });
    expect(accountOf(decodeUser(data)).perps).toEqual([]);
  });
});

describe('other accounts', () => {
  it.each([
    ['PerpMarket', PERP_MARKET, 256],
    ['SpotMarket', SPOT_MARKET, 256],
    ['State', STATE, 64],
    ['UserStats', USER_STATS, 16],
    ['PythLazerOracle', PYTH_LAZER_ORACLE, 16],
  ])('a longer %s is read as far as it is known', (_name, layout, more) => {
    const known = noise(layout.bytes);
    known.set(blankAccount(layout).subarray(0, 8));
    expect(decodeAccount(layout, longer(known, more))).toEqual({ ...decodeAccount(layout, known), extraBytes: more });
    expect(() => decodeAccount(layout, known.subarray(0, layout.bytes - 1))).toThrow(CriticalError);
  });
});
