/** An account that stands in many markets: its exit fits by Drift's lookup tables, or nothing is opened. */
import { expect, it } from '@jest/globals';
import { Keypair, PublicKey } from '@solana/web3.js';
import { lookupTable, lookupTableAddresses } from '../../../../localnet/drift/lookup-tables.ts';
import { describeOnDrift } from '../../../../localnet/tests/support/drift-program.ts';
import type { DriftRead } from '../../../../src/venues/drift/drift-accounts.ts';
import { perpMarketAddress } from '../../../../src/venues/solana-perps/addresses.ts';
import type { PerpsDeployment } from '../../../../src/venues/solana-perps/deployment.ts';
import { draftOf } from '../../../../src/venues/solana-perps/write/draft-of.ts';
import { LookupTables } from '../../../../src/venues/solana-perps/write/lookup-tables.ts';
import { itLong } from '../../../support/long.ts';
import { land, order, SOL, stillDrift, USD, type Written, writerOn } from '../../../support/still-venue.ts';

const OTHERS = 14;

async function funded(): Promise<Written> {
  const at = await stillDrift();
  await land(at, { kind: 'deposit', asset: 'SOL', amount: (20n * SOL).toString() });
  await land(at, { kind: 'deposit', asset: 'USDC', amount: (1_000n * USD).toString() });
  return at;
}

/** As if the account stood in so many other markets. */
function amongOthers(
  read: DriftRead,
  deployment: PerpsDeployment,
): { readonly read: DriftRead; readonly keys: readonly PublicKey[] } {
  const others = Array.from({ length: OTHERS }, (_, index) => {
    const oracleId = Keypair.generate().publicKey.toBase58();
    return { ...read.hedge.perp, marketIndex: index + 10, oracleId };
  });
  const keys = others.flatMap(({ marketIndex, oracleId }) => [
    perpMarketAddress(deployment, marketIndex),
    new PublicKey(oracleId),
  ]);
  return { read: { ...read, markets: { ...read.markets, perps: [...read.markets.perps, ...others] } }, keys };
}

describeOnDrift('an account in fourteen other markets', () => {
  it('opens nothing that one transaction could not close, and says what helps', async () => {
    const at = await funded();
    const { read } = amongOthers(await at.reader.read('confirmed'), at.deployment);
    const open = await at.writing.simulate(await order(at, { side: 'sell', size: SOL }), read);
    expect(open).toMatchObject({ ok: false, error: { code: 'TRANSACTION_TOO_LARGE' } });
    if (!open.ok) expect(open.error.message).toMatch(/Close positions in other markets|DRIFT_SUB_ACCOUNT/);
  });

  it('is closed by lookup tables that name those markets', async () => {
    const at = await funded();
    const { read, keys } = amongOthers(await at.reader.read('confirmed'), at.deployment);
    const close = draftOf(await order(at, { side: 'buy', size: SOL, reduceOnly: true }), read, at.deployment);
    expect(at.chain.fits(close)).toBe(false);
    const [address] = lookupTableAddresses();
    const { owner, data, lamports } = lookupTable(keys.map((key) => key.toBase58()));
    at.net.setAccount({ address: address ?? '', owner, lamports, data: Buffer.from(data).toString('base64') } as never);
    await at.net.advance(40);
    const tables = await new LookupTables(at.chain.pool, at.deployment).read();
    expect(tables.some(({ state }) => state.addresses.length === keys.length)).toBe(true);
    expect(at.chain.fits({ ...close, lookupTables: tables })).toBe(true);
    // Those markets are none of the program's, but the bytes are a transaction, and it is the program that refuses it.
    const { writing } = writerOn(at.net);
    const run = await writing.simulate(await order(at, { side: 'buy', size: SOL, reduceOnly: true }), read);
    expect(run).toMatchObject({ ok: false, error: { code: expect.not.stringMatching('TRANSACTION_TOO_LARGE') } });
  });

  itLong('sends a real order by them', async () => {
    const at = await funded();
    const read = await at.reader.read('confirmed');
    const tables = await new LookupTables(at.chain.pool, at.deployment).read();
    expect(tables.length).toBeGreaterThan(0);
    const draft = draftOf(await order(at, { side: 'sell', size: SOL }), read, at.deployment);
    const attempt = await at.chain.sign({ ...draft, lookupTables: tables });
    await at.writing.submit(attempt, 3);
    await at.net.advance(3);
    expect(await at.writing.status(attempt)).toMatchObject({ kind: 'landed', error: null, effect: { orderId: 1 } });
  });
});
