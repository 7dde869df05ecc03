/** Oracle accounts: every kind that the program knows, and what makes a price unusable. */
import { describe, expect, it } from '@jest/globals';
import { describeOnVelocity } from '../../../../localnet/tests/support/velocity-files.ts';
import { blankAccount, withFields } from '../../../../src/venues/solana-perps/account-layout.ts';
import { PRELAUNCH_ORACLE, PYTH_LAZER_ORACLE } from '../../../../src/venues/solana-perps/oracle-accounts.ts';
import {
  ammOracle,
  perpOracleQuote,
  readOracle,
  spotOracleQuote,
} from '../../../../src/venues/velocity/read/oracle.ts';
import { perpWith, quoteWith, stateWith } from './support.ts';

const LAZER = 12;
const LAZER_1K = 13;
const LAZER_STABLE = 15;

function lazer(price: bigint, confidence: bigint, exponent = -8): Uint8Array {
  const fields = { price, confidence, exponent, postedSlot: 7n, publishedAtMicros: 9n };
  return withFields(PYTH_LAZER_ORACLE, blankAccount(PYTH_LAZER_ORACLE), fields);
}

function push(price: bigint, confidence: bigint, quotes: number): Uint8Array {
  const data = new Uint8Array(3_312);
  const view = new DataView(data.buffer);
  for (const [at, word] of [0xa1b2c3d4, 2, 3].entries()) view.setUint32(at * 4, word, true);
  view.setInt32(20, -8, true);
  view.setUint32(24, 5, true);
  view.setUint32(28, quotes, true);
  view.setBigUint64(40, 11n, true);
  view.setBigInt64(208, price, true);
  view.setBigUint64(216, confidence, true);
  return data;
}

describe('an oracle account', () => {
  it('Pyth Lazer: scaled to 1e6, truncated, with its sequence', () => {
    expect(readOracle(LAZER, lazer(7_634_075_573n, 15_268_151n))).toEqual({
      price: 76_340_755n,
      confidence: 152_681n,
      postedSlot: 7n,
      enoughQuotes: true,
      sequence: 9n,
    });
    expect(readOracle(LAZER, lazer(123n, 4n, -3))).toMatchObject({ price: 123_000n, confidence: 4_000n });
    expect(readOracle(LAZER_1K, lazer(2_500n, 1n, -8))).toMatchObject({ price: 25_000n });
  });

  it('a stable coin counts as one dollar within 5 bp and its own confidence, and only then', () => {
    const price = (units: bigint, confidence: bigint) => readOracle(LAZER_STABLE, lazer(units, confidence))?.price;
    expect(price(99_950_100n, 100_000n)).toBe(1_000_000n);
    expect(price(99_949_900n, 100_000n)).toBe(999_499n);
    expect(price(99_990_000n, 5_000n)).toBe(999_900n);
    expect(readOracle(LAZER, lazer(99_990_000n, 100_000n))?.price).toBe(999_900n);
  });

  it('Pyth push: by its header, with the number of quotes', () => {
    expect(readOracle(0, push(7_634_075_573n, 152_681n, 3))).toEqual({
      price: 76_340_755n,
      confidence: 1_526n,
      postedSlot: 11n,
      enoughQuotes: true,
      sequence: null,
    });
    expect(readOracle(0, push(1n, 1n, 2))).toMatchObject({ enoughQuotes: false });
    expect(() => readOracle(0, new Uint8Array(3_312))).toThrow('These bytes are not a price account of Pyth.');
  });

  it('the quote asset itself, and a price before any exchange has one', () => {
    expect(readOracle(2, null)).toMatchObject({ price: 1_000_000n, postedSlot: null });
    const data = withFields(PRELAUNCH_ORACLE, blankAccount(PRELAUNCH_ORACLE), { price: 5n, ammUpdateSlot: 3n });
    expect(readOracle(6, data)).toMatchObject({ price: 5n, postedSlot: 3n });
  });

  it('bytes of another account are a named error, and no account is no price', () => {
    expect(() => readOracle(LAZER, new Uint8Array(48))).toThrow('These bytes are not a PythLazerOracle');
    expect(readOracle(LAZER, null)).toBeNull();
  });
});

describeOnVelocity('a price of the dumps', (files) => {
  const { dumps } = files;
  const at = { slot: 438_024_296, nowMs: 1_786_205_423_000, state: stateWith(files) };
  const sol = () => {
    const reading = readOracle(LAZER, dumps.solOracle);
    if (reading === null) throw new Error('the dump is no oracle');
    return reading;
  };
  const quote = (change: object) => perpOracleQuote(perpWith(files), { ...sol(), ...change }, at);

  it('is usable as it stands', () => {
    expect(perpOracleQuote(perpWith(files), sol(), at)).toEqual({
      price: 76_340_755n,
      twap5Min: 76_342_762n,
      confidence: 152_681n,
      slot: 438_024_291,
      valid: true,
      invalidReason: null,
      noFillsReason: null,
    });
    const usdt = readOracle(LAZER_STABLE, dumps.quoteOracle);
    expect(spotOracleQuote(quoteWith(files), usdt, at)).toMatchObject({ price: 999_289n, valid: true });
  });

  it.each([
    ['not positive', { price: 0n }],
    ['too far from its hourly mean', { price: 12_000_000n }],
    ['too uncertain', { confidence: 1_600_000n }],
    ['stale by 121 slots', { postedSlot: 438_024_175n }],
  ])('margin does not use it when it is %s', (reason, change) => {
    expect(quote(change)).toMatchObject({ valid: false, invalidReason: reason, noFillsReason: reason });
  });

  it('the AMM is stricter: 10 slots, and enough quotes', () => {
    expect(quote({ postedSlot: 438_024_285n })).toMatchObject({
      valid: true,
      noFillsReason: 'stale by 11 slots, of which the AMM allows 10',
    });
    expect(quote({ enoughQuotes: false })).toMatchObject({ noFillsReason: 'made of too few quotes for the AMM' });
    const patient = perpWith(files, { oracleLowRiskDelayOverride: 12 });
    expect(perpOracleQuote(patient, { ...sol(), postedSlot: 438_024_285n }, at).noFillsReason).toBeNull();
  });

  it('a stable coin may be three times as old', () => {
    const usdt = readOracle(LAZER_STABLE, dumps.quoteOracle);
    const old = (slots: bigint) =>
      spotOracleQuote(quoteWith(files), usdt && { ...usdt, postedSlot: BigInt(at.slot) - slots }, at).invalidReason;
    expect([old(360n), old(361n)]).toEqual([null, 'stale by 361 slots']);
  });

  it.each([7, 10, 11, 16])('kind %d is refused by name', (oracleSource) => {
    const market = perpWith(files, { oracleSource });
    const { price, valid, invalidReason } = perpOracleQuote(market, readOracle(oracleSource, dumps.solOracle), at);
    expect({ price, valid }).toEqual({ price: null, valid: false });
    expect(invalidReason).toMatch(/^of a kind that is not supported \((Pyth pull|Switchboard|number 16)/);
  });

  it("the AMM follows the market makers' price where that is fresher and within 1 %", () => {
    const reading = { ...sol(), sequence: 1_786_205_389_000_000n };
    const makers = { marketMakerOracleSequence: 1_786_205_389_100_000n, marketMakerOraclePrice: 76_350_755n };
    const followed = (fields: object) => ammOracle(perpWith(files, { ...makers, ...fields }), reading, at);
    expect(followed({})).toEqual({
      price: 76_340_755n,
      exchangeConfidence: 152_681n,
      confidence: 162_681n,
      followed: 76_350_755n,
    });
    const exchange = { followed: 76_340_755n, confidence: 152_681n };
    expect(followed({ marketMakerOracleSequence: 1_786_205_388_000_000n })).toMatchObject(exchange);
    expect(followed({ marketMakerOraclePrice: 77_500_000n })).toMatchObject(exchange);
    expect(followed({ marketMakerOraclePrice: 0n })).toMatchObject(exchange);
  });
});
