import { expect, it } from '@jest/globals';
import { describeOnVelocity } from '../support/velocity-files.ts';
import { SOL, stillVelocity, USDT, userOf } from '../support/velocity-still.ts';

describeOnVelocity('the control endpoint of Velocity', (files) => {
  it('lets someone trade, moves a price, reads and writes fields, and refuses what it does not know', async () => {
    const net = await stillVelocity({ files });
    const call = async (path: string, body?: object) => {
      const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
      const response = await fetch(`${net.controlUrl}${path}`, init);
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    };
    const act = async (what: object) => {
      const { body } = await call('/velocity/act', { who: 'ann', wait: false, ...what });
      await net.advance(2);
      await net.actor('ann').done(String(body.signature));
      return body;
    };
    net.actor('ann');
    await net.advance(1);
    const { address } = await act({ do: 'initialize' });
    await act({ do: 'deposit', asset: 'USDT', amount: String(500n * USDT) });
    await act({ do: 'take', direction: 'short', size: String(SOL), price: '76000000' });
    expect(userOf(net, String(address)).perpPositions[0]?.base).toBe(-SOL);

    const of = { kind: 'PerpMarket', index: 0 };
    await call('/velocity/field', { account: of, path: 'marginRatioInitial', value: 700 });
    await call('/velocity/oracle', { path: { kind: 'fixed', price: 77 } });
    await net.advance(1);
    expect((await call('/velocity/field', { account: of, path: 'marginRatioInitial' })).body.value).toBe(700);
    expect((await call('/state')).body.velocity).toMatchObject({ oracles: { sol: { price: 77 } } });

    for (const [path, body] of [
      ['/velocity/field', { account: of, path: 'nothing' }],
      ['/velocity/field', { account: { kind: 'Other' }, path: 'status' }],
      ['/velocity/field', { account: of, path: 'marginRatioInitial', value: -1 }],
      ['/velocity/act', { who: 'ann', do: 'fly' }],
      ['/velocity/faucet', { address: 'nobody' }],
    ] as const)
      expect(await call(path, body)).toMatchObject({ status: 400, body: { error: { code: 'LOCALNET_CONTROL' } } });
  });
});
