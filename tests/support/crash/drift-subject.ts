/** The matrix on the real Drift program. */
import { spotMarketAddress, userAddress } from '../../../localnet/drift/addresses.ts';
import { big, decode, variantName } from '../../../localnet/drift/coder.ts';
import { type DriftLocalnet, startDriftLocalnet } from '../../../localnet/drift/index.ts';
import { type Figures, perpsSubject } from './perps-subject.ts';

const USDC_INDEX = 0;
const SOL_INDEX = 1;
/** Decimals of interest and of scaled balances together. */
const SCALE = 19;
const DECIMALS = [6, 9];

export const DRIFT = perpsSubject<DriftLocalnet>({
  venue: 'drift',
  async start(options) {
    const net = await startDriftLocalnet({ ...options, fundingHourly: 0.0001 });
    // Nobody here is near it, and each look at each account costs.
    net.keeper.set({ liquidates: false });
    return net;
  },
  programId: (net) => net.programId,
  giveQuote: (net, owner, amount) => net.giveUsdc(owner, amount),
  preparer(net, secretKey) {
    const actor = net.actor(secretKey);
    return {
      initialize: (name) => actor.initialize(name),
      deposit: (asset, amount) => actor.deposit(asset === 'SOL' ? 'SOL' : 'USDC', amount),
      short: (size) => actor.trade({ direction: 'short', size }),
      done: (signature) => actor.done(signature),
    };
  },
  keep: (net, authority, rules) => net.keeper.setFor(authority, rules),
  figures: figuresOf,
});

/** As the program's own account has it in the newest block, past everything of ours that reads. */
function figuresOf(net: DriftLocalnet, authority: string): Figures {
  const { bank, head } = net.chain;
  const account = bank.accountAt(head, userAddress(authority));
  if (account === null) return { perp: 0n, sol: 0n, quote: 0n, orders: 0 };
  const user = decode('User', account.data);
  const held = (index: number): bigint => {
    const position = user.spotPositions.find(
      (one) => one.marketIndex === index && variantName(one.balanceType) === 'deposit',
    );
    const market = bank.accountAt(head, spotMarketAddress(index));
    if (position === undefined || market === null) return 0n;
    const { cumulativeDepositInterest } = decode('SpotMarket', market.data);
    return (
      (big(position.scaledBalance) * big(cumulativeDepositInterest)) / 10n ** BigInt(SCALE - (DECIMALS[index] ?? 0))
    );
  };
  return {
    perp: user.perpPositions.reduce((sum, { baseAssetAmount }) => sum + big(baseAssetAmount), 0n),
    sol: held(SOL_INDEX),
    quote: held(USDC_INDEX),
    orders: user.orders.filter(({ status }) => variantName(status) === 'open').length,
  };
}
