import type { VelocityLocalnet } from '../../localnet/velocity/index.ts';

const USDT = 1_000_000n;
const SOL = 1_000_000_000n;
const HIGH_PRICE = 120_000_000n;

/** Somebody who goes long enough that a short is paid: on the dumps' books shorts outweigh longs, and pay. */
export async function longCrowd(net: VelocityLocalnet): Promise<void> {
  const crowd = net.actor('crowd');
  await net.advance(2);
  await crowd.done(crowd.initialize('crowd'));
  await crowd.done(crowd.deposit('USDT', 30_000n * USDT));
  await crowd.done(crowd.placeAndTake({ direction: 'long', base: 90n * SOL, price: HIGH_PRICE }));
}
