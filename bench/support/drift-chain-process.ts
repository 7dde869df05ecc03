/** The other process of drift-chain.ts: a Drift whose time advances on request, and which ends with its parent. */
import { startDriftLocalnet } from '../../localnet/drift/index.ts';
import { DriftTrader } from '../../tests/support/drift-trader.ts';

/** What the parent needs to use it. */
export interface ChainReady {
  readonly rpcUrl: string;
  readonly wsUrl: string;
  readonly programId: string;
  readonly wallet: string;
  readonly secretKey: readonly number[];
  readonly oracles: { readonly sol: { readonly address: string }; readonly usdc: { readonly address: string } };
}

const net = await startDriftLocalnet({ paused: true, skipShare: 0, solPrice: { kind: 'walk', seed: 'bench' } });
const trader = await DriftTrader.open(net);
await trader.depositUsdc(1_000);
await trader.depositSol(10);
await trader.trade(-5);

/**
 * The accounts that fills, cranks and deposits change all the time: the user, the perp market and both spot markets. The
 * oracles move by themselves.
 */
function stir(): void {
  const { slot, time } = net.chain.head;
  net.accounts.write({ kind: 'User', authority: net.wallet.address }, 'lastActiveSlot', BigInt(slot));
  net.accounts.write({ kind: 'PerpMarket', index: 0 }, 'amm.lastUpdateSlot', BigInt(slot));
  for (const index of [0, 1]) net.accounts.write({ kind: 'SpotMarket', index }, 'lastTwapTs', BigInt(time));
}

process.on('message', async () => {
  stir();
  await net.advance(1);
  process.send?.({});
});
process.on('disconnect', async () => {
  await net.stop();
  process.exit(0);
});
const { rpcUrl, wsUrl, programId, wallet, oracles } = net;
process.send?.({
  ...{ rpcUrl, wsUrl, programId },
  wallet: wallet.address,
  secretKey: [...wallet.secretKey],
  oracles: { sol: { address: oracles.sol.address }, usdc: { address: oracles.usdc.address } },
} satisfies ChainReady);
