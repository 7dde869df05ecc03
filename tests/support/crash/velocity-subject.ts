/** The matrix on the real Velocity program. */
import { startVelocityLocalnet, type VelocityLocalnet } from '../../../localnet/velocity/index.ts';
import { SPOT_INDEX } from '../../../localnet/velocity/markets.ts';
import { tokensOf } from '../../../src/venues/velocity/maths/interest.ts';
import { PERP_MARKET, SPOT_MARKET, USER_STATS } from '../../../src/venues/velocity/program/accounts.ts';
import {
  perpMarketAddress,
  spotMarketAddress,
  userAddress,
  userStatsAddress,
} from '../../../src/venues/velocity/program/addresses.ts';
import { USER } from '../../../src/venues/velocity/program/user.ts';
import { longCrowd } from '../velocity-crowd.ts';
import { type Figures, perpsSubject } from './perps-subject.ts';

/** Flag of somebody's statistics: their orders are not filled where they land, and wait for a keeper. */
const NO_TAKES = 2;
/** Flag of the market. */
const NO_AMM_FILLS = 2;
/** Below any price of the local chain. */
const LOW_PRICE = 60_000_000n;

export const VELOCITY = perpsSubject<VelocityLocalnet>({
  venue: 'velocity',
  async start(options) {
    const net = await startVelocityLocalnet(options);
    net.keeper.set({ liquidates: false });
    await longCrowd(net);
    return net;
  },
  programId: (net) => net.programId,
  giveQuote: (net, owner, amount) => net.giveUsdt(owner, amount),
  preparer(net, secretKey) {
    const actor = net.actor(secretKey);
    return {
      initialize: (name) => actor.initialize(name),
      deposit: (asset, amount) => actor.deposit(asset === 'SOL' ? 'SOL' : 'USDT', amount),
      short: (base) => actor.placeAndTake({ direction: 'short', base, price: LOW_PRICE }),
      done: (signature) => actor.done(signature),
    };
  },
  pauseAmm: (net) => net.write(PERP_MARKET, perpMarketAddress(0), { pausedOperations: NO_AMM_FILLS }),
  keep: (net, authority, rules) => net.keeper.setFor(authority, rules),
  arrange(net, authority, { takes, has }) {
    if (has !== null && takes !== true)
      net.write(USER_STATS, userStatsAddress(authority), { pausedOperations: NO_TAKES });
  },
  figures: figuresOf,
});

function figuresOf(net: VelocityLocalnet, authority: string): Figures {
  const user = net.read(USER, userAddress(authority));
  if (user === null) return { perp: 0n, sol: 0n, quote: 0n, orders: 0 };
  const held = (marketIndex: number): bigint => {
    const position = user.spotPositions.find(
      (one) => one.marketIndex === marketIndex && one.balanceType === 'deposit' && one.scaledBalance > 0n,
    );
    const market = net.read(SPOT_MARKET, spotMarketAddress(marketIndex));
    if (position === undefined || market === null) return 0n;
    return tokensOf(position.scaledBalance, market.depositIndex, market.decimals, 'deposit');
  };
  return {
    perp: user.perpPositions.reduce((sum, { base }) => sum + base, 0n),
    sol: held(SPOT_INDEX.SOL),
    quote: held(SPOT_INDEX.USDT),
    orders: user.orders.filter(({ status }) => status === 'open').length,
  };
}
