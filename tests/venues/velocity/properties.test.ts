/** The seed's properties on the real Velocity program. No SDK reads its accounts: the yardstick is worked out here, plainly. */
import { describeOnVelocity } from '../../../localnet/tests/support/velocity-files.ts';
import { userOf } from '../../../localnet/tests/support/velocity-still.ts';
import type { VelocityActor } from '../../../localnet/velocity/actor.ts';
import type { VelocityLocalnet } from '../../../localnet/velocity/index.ts';
import { PERP_MARKET, SPOT_MARKET, STATE } from '../../../src/venues/velocity/program/accounts.ts';
import { perpMarketAddress, spotMarketAddress, stateAddress } from '../../../src/venues/velocity/program/addresses.ts';
import { VelocityEngine } from '../../support/live-engine.ts';
import { perpsProperties, type TriedVenue, type Ungated } from '../../support/perps-properties.ts';
import { stillVelocityVenue } from '../../support/still-venue.ts';

/** Flags of State. */
const EXCHANGE_STATUS = { nothing: 0, deposit: 1, withdraw: 2, everything: 255 } as const;
/** How far from the oracle an order of theirs may fill. */
const SLIPPAGE = 0.02;
const FILL_SLOTS = 5;
const TOKEN_UNITS = { SOL: 1e9, quote: 1e6 } as const;
const RATIO = 1e4;

/** Leverage and health in floating point, of an account so small that no weight bends with its size. */
function figuresOf(net: VelocityLocalnet, owner: string) {
  const user = userOf(net, owner);
  const perp = net.read(PERP_MARKET, perpMarketAddress(0));
  if (perp === null) throw new Error('there is no SOL-PERP');
  const price = { 0: net.oracles.USDT.price, 1: net.oracles.SOL.price };
  // Within five hundredths of a per cent of a dollar the program counts a stable coin as one.
  const priceOf = (index: number): number => (index === 1 ? price[1] : Math.abs(price[0] - 1) <= 0.0005 ? 1 : price[0]);
  const figures = { assets: 0, debts: 0, weighted: 0 };
  for (const { marketIndex, scaledBalance, balanceType } of user.spotPositions) {
    const market = net.read(SPOT_MARKET, spotMarketAddress(marketIndex));
    if (scaledBalance === 0n || market === null) continue;
    const index = balanceType === 'borrow' ? market.borrowIndex : market.depositIndex;
    const value = (Number(scaledBalance) / 1e9) * (Number(index) / 1e10) * priceOf(marketIndex);
    const weight = balanceType === 'borrow' ? market.debtWeightMaintenance : market.assetWeightMaintenance;
    figures[balanceType === 'borrow' ? 'debts' : 'assets'] += value;
    figures.weighted += ((balanceType === 'borrow' ? -value : value) * weight) / RATIO;
  }
  const position = user.perpPositions.find(({ base, quote }) => base !== 0n || quote !== 0n);
  const base = Number(position?.base ?? 0n) / 1e9;
  const cumulative = base < 0 ? perp.cumulativeFundingShort : perp.cumulativeFundingLong;
  const funding = ((Number(position?.lastCumulativeFunding ?? 0n) - Number(cumulative)) / 1e9) * base;
  const held = Math.abs(base) * priceOf(1) * priceOf(0);
  const gain =
    (base * priceOf(1) + Number(position?.quote ?? 0n) / 1e6 + (position === undefined ? 0 : funding)) * priceOf(0);
  const margin = (held * perp.marginRatioMaintenance) / RATIO;
  return {
    leverage: (held + figures.debts) / (figures.assets - figures.debts + gain),
    health: Math.min(100, Math.max(0, 100 * (1 - margin / (figures.weighted + gain)))),
  };
}

async function ungated(net: VelocityLocalnet): Promise<Ungated> {
  const actor: VelocityActor = net.actor(net.wallet.secretKey);
  const act = async (signature: string, slots = 1) => {
    await net.advance(slots);
    const error = await actor.done(signature).then(
      () => null,
      (failure: unknown) => failure,
    );
    // Confirmed, so that who reads at confirmed sees it.
    await net.advance(3);
    return { error };
  };
  const units = (asset: 'SOL' | 'quote', amount: number): bigint => BigInt(Math.round(amount * TOKEN_UNITS[asset]));
  const named = (asset: 'SOL' | 'quote') => (asset === 'SOL' ? 'SOL' : 'USDT');
  await act(actor.initialize('ungated'));
  return {
    deposit: (asset, amount) => act(actor.deposit(named(asset), units(asset, amount))),
    withdraw: (asset, amount) => act(actor.withdraw(named(asset), units(asset, amount), false)),
    trade: (size) =>
      act(
        actor.placeAndTake({
          direction: size > 0 ? 'long' : 'short',
          base: units('SOL', Math.abs(size)),
          price: units('quote', net.oracles.SOL.price * (1 + Math.sign(size) * SLIPPAGE)),
        }),
        FILL_SLOTS,
      ),
    async price(usd) {
      net.oracles.SOL.follow({ kind: 'fixed', price: usd });
      await net.advance(1);
    },
    figures: async () => figuresOf(net, net.wallet.address),
  };
}

describeOnVelocity('the seed’s properties on Velocity', (files) => {
  async function begin(): Promise<TriedVenue> {
    const written = await stillVelocityVenue({ files });
    const { net } = written;
    return {
      ...written,
      get solPrice() {
        return net.oracles.SOL.price;
      },
      ungated: () => ungated(net),
      pause: (what) => net.write(STATE, stateAddress(), { exchangeStatus: EXCHANGE_STATUS[what] }),
    };
  }
  perpsProperties({
    venue: 'velocity',
    sample: 14,
    quote: 'USDT',
    begin,
    engine: (address) => VelocityEngine.startOnVelocity({ address }, { files }),
  });
});
