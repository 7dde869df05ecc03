/** The seed's properties on the real Drift program, with the SDK's own figures as the yardstick. */
import { describeOnDrift } from '../../../localnet/tests/support/drift-program.ts';
import { DriftTrader } from '../../support/drift-trader.ts';
import { LiveEngine } from '../../support/live-engine.ts';
import { perpsProperties, type TriedVenue, type Ungated } from '../../support/perps-properties.ts';
import { stillDrift, type Written } from '../../support/still-venue.ts';

async function ungated({ net }: Written): Promise<Ungated> {
  const trader = await DriftTrader.open(net);
  return {
    deposit: (asset, amount) => (asset === 'SOL' ? trader.depositSol(amount) : trader.depositUsdc(amount)),
    withdraw: (asset, amount) => (asset === 'SOL' ? trader.withdrawSol(amount) : trader.withdrawUsdc(amount)),
    trade: (size) => trader.trade(size),
    price: (usd) => trader.price(usd),
    async figures() {
      await trader.refresh();
      const user = trader.client.getUser();
      return { leverage: user.getLeverage().toNumber() / 1e4, health: user.getHealth() };
    },
  };
}

async function begin(): Promise<TriedVenue> {
  const written = await stillDrift();
  const { net } = written;
  return {
    ...written,
    get solPrice() {
      return net.oracles.sol.price;
    },
    ungated: () => ungated(written),
    pause: (what) => net.pauses.exchange(what === 'everything' ? 'all' : what === 'nothing' ? [] : [what]),
  };
}

describeOnDrift('the seed’s properties on Drift', () =>
  perpsProperties({
    venue: 'drift',
    sample: 12,
    quote: 'USDC',
    begin,
    engine: (address) => LiveEngine.startLive({ address }),
  }),
);
