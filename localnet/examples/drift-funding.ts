/** A trader opens a short on the local Drift, six hours pass, funding is paid, and then the exchange pauses. */
import { startDriftLocalnet } from '../drift/index.ts';

const SOL = 1_000_000_000n;
const USDC = 1_000_000n;
const print = (line: string) => process.stdout.write(`${line}\n`);

const net = await startDriftLocalnet({ slotMs: 20, solPrice: 150, fundingHourly: 0.0001 });
const trader = net.actor('ann'); // funded with 1,000 SOL and 100,000 USDC in the next block
await net.advance(1);
await trader.done(trader.initialize());
await trader.done(trader.deposit('USDC', 5_000n * USDC));

const account = { kind: 'User', authority: trader.address } as const;
const position = () => net.accounts.read(account, 'perpPositions.0.baseAssetAmount') ?? 0n;
const settled = () => net.accounts.read(account, 'perpPositions.0.quoteAssetAmount') ?? 0n;

await trader.done(trader.trade({ direction: 'short', size: 10n * SOL }));
await net.advance(15); // the keeper fills the order when its auction is over
print(`Position: ${Number(position()) / Number(SOL)} SOL`);

const before = settled();
net.jump({ seconds: 6 * 3_600 });
await trader.done(trader.settleFunding());
print(`Funding over six hours: $${(Number(settled() - before) / Number(USDC)).toFixed(2)}`);

net.pauses.exchange(['deposit']);
const refused = await trader.done(trader.deposit('USDC', USDC)).then(
  () => 'accepted',
  () => 'refused',
);
print(`A deposit while deposits are paused: ${refused}`);

await net.stop();
