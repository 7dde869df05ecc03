/** A close that is overtaken by its own time before it is simulated. */
import { expect, it } from '@jest/globals';
import { describeOnVelocity } from '../../../../localnet/tests/support/velocity-files.ts';
import { land, order, SOL, stillVelocityVenue, USD } from '../../../support/still-venue.ts';

describeOnVelocity('a simulation that comes after the order’s time', (files) => {
  it('is a refusal of the moment, so that an exit is planned again', async () => {
    const at = await stillVelocityVenue({ files, keeper: { fills: false } });
    await land(at, { kind: 'deposit', asset: 'USDT', amount: (500n * USD).toString() });
    await land(at, await order(at, { side: 'sell', size: SOL }));
    const seen = await at.reader.read('confirmed');
    const close = { ...(await order(at, { side: 'buy', size: SOL, reduceOnly: true })), cancelOpenOrders: false };
    expect(await at.writing.simulate(close, seen)).toMatchObject({ ok: true });
    at.net.jump({ seconds: 120 });
    await at.net.advance(5);
    // As if a node that lags had been read, and another one asked to simulate.
    expect(await at.writing.simulate(close, seen)).toMatchObject({
      ok: false,
      error: { code: 'UNAVAILABLE', details: { part: 'venue', program_error_number: 6061 } },
    });
    const again = await order(at, { side: 'buy', size: SOL, reduceOnly: true });
    expect(await land(at, again)).toMatchObject({ landed: { error: null } });
  });
});
