/** The venue's own accounts as a source of a paper account's live feed: as mainnet had them. */
import { expect, it } from '@jest/globals';
import { onTestFinished } from '../../localnet/tests/support/on-test-finished.ts';
import { describeOnVelocity } from '../../localnet/tests/support/velocity-files.ts';
import { CLOCK_SYSVAR } from '../../src/chain/clock-sysvar.ts';
import { TransientError } from '../../src/lib/errors.ts';
import { venueAccounts } from '../../src/market-data/live/venue-accounts.ts';
import { venueMarketReader } from '../../src/runtime/venue-market.ts';
import { decodeAccount, withFields } from '../../src/venues/solana-perps/account-layout.ts';
import { PYTH_LAZER_ORACLE } from '../../src/venues/solana-perps/oracle-accounts.ts';
import { PERP_MARKET, SPOT_MARKET, STATE, VELOCITY_PROGRAM_ID } from '../../src/venues/velocity/program/accounts.ts';
import { perpMarketAddress, spotMarketAddress, stateAddress } from '../../src/venues/velocity/program/addresses.ts';
import { result, scriptedRpc } from '../support/scripted-rpc.ts';

/** A node that has these accounts at that slot. */
async function nodeWith(accounts: ReadonlyMap<string, Uint8Array>, { slot, time }: { slot: number; time: number }) {
  const clockBytes = Buffer.alloc(40);
  clockBytes.writeBigUInt64LE(BigInt(slot), 0);
  clockBytes.writeBigInt64LE(BigInt(time), 32);
  const bytesOf = (address: string) => (address === CLOCK_SYSVAR ? clockBytes : accounts.get(address));
  const value = (address: string) => {
    const bytes = bytesOf(address);
    return bytes === undefined
      ? null
      : { owner: VELOCITY_PROGRAM_ID, lamports: 1_000_000, data: [Buffer.from(bytes).toString('base64'), 'base64'] };
  };
  const rpc = await scriptedRpc({
    getMultipleAccounts: ([addresses]) =>
      result({ context: { slot }, value: (addresses as readonly string[]).map(value) }),
  });
  onTestFinished(() => rpc.close());
  return rpc;
}

describeOnVelocity('Velocity as mainnet had it', (files) => {
  const perp = decodeAccount(PERP_MARKET, files.dumps.perpMarket);
  const oracle = decodeAccount(PYTH_LAZER_ORACLE, files.dumps.solOracle);
  const slot = Number(oracle.postedSlot) + 5;
  const time = Math.floor(Number(oracle.publishedAtMicros) / 1e6) + 2;

  async function sourceOfDumps(at = { slot, time }) {
    const { state, perpMarket, quoteMarket, solOracle, quoteOracle } = files.dumps;
    const baseMarket = withFields(SPOT_MARKET, quoteMarket, {
      ...{ marketIndex: 1, name: 'SOL', decimals: 9, oracleSource: perp.oracleSource, oracle: perp.oracle },
    });
    const accounts = new Map<string, Uint8Array>([
      [stateAddress(), withFields(STATE, state, { spotMarkets: 2 })],
      [perpMarketAddress(0), perpMarket],
      [spotMarketAddress(0), quoteMarket],
      [spotMarketAddress(1), baseMarket],
      [perp.oracle, solOracle],
      [decodeAccount(SPOT_MARKET, quoteMarket).oracle, quoteOracle],
    ]);
    const rpc = await nodeWith(accounts, at);
    const live = {
      venue: 'velocity',
      rpcUrls: [rpc.url],
      driftEnv: 'mainnet-beta',
      programId: VELOCITY_PROGRAM_ID,
      genesis: null,
    } as const;
    const clock = { nowMs: () => at.time * 1_000 };
    return venueAccounts({ name: 'Velocity', read: await venueMarketReader(live, clock) });
  }

  it('gives its oracle, dated by the slot of it, its mark, and the last period to the unit', async () => {
    const source = await sourceOfDumps();
    const { price, mark, atMs } = await source.read();
    expect(price).toBe(oracle.price / 100n);
    expect(atMs).toBe(time * 1_000 - 5 * 400);
    expect(Math.abs(Number(mark) / Number(price) - 1)).toBeLessThan(0.005);
    const [settled] = await source.settledAfter(0);
    expect(settled).toMatchObject({ periodMs: Number(perp.lastFundingTs) * 1_000, rate: perp.lastFundingRateShort });
    const exact = Number(perp.lastFundingRateShort) / 1e9 / (Number(perp.lastFundingOracleTwap) / 1e6);
    expect(Number(settled?.fraction) / 1e15).toBeCloseTo(exact, 12);
    expect(await source.settledAfter(settled?.periodMs ?? 0)).toEqual([]);
  });

  it('is no source where its own margin rules would not take the price', async () => {
    const source = await sourceOfDumps({ slot: slot + 500, time: time + 200 });
    await expect(source.read()).rejects.toThrow(/Velocity: its oracle is stale by 505 slots/);
  });
});

it('a node that does not answer is a source that says so', async () => {
  const live = {
    venue: 'velocity',
    rpcUrls: ['http://127.0.0.1:9'],
    driftEnv: 'localnet',
    programId: VELOCITY_PROGRAM_ID,
    genesis: null,
  } as const;
  const read = await venueMarketReader(live, { nowMs: () => Date.now() });
  await expect(venueAccounts({ name: 'Velocity', read }).read()).rejects.toBeInstanceOf(TransientError);
});
