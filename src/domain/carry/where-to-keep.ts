/** Where the SOL should sit, deposited or in the wallet: advice by liquidation distance and lend interest, never an action. */
import { SOL_PERP } from '../account/account.ts';
import type { Snapshot } from '../account/snapshot.ts';
import { baseMarket } from '../account/spot-markets.ts';
import { carryTerms, type Policy } from '../hedge/policy.ts';
import { liquidationPrice } from '../margin/liquidation.ts';
import { perpMarketOf, perpSize, spotHeld } from '../margin/margin.ts';
import { percentText, solText } from '../money/display.ts';
import { type Lamports, lamports, max } from '../money/units.ts';

export interface PlaceAdvice {
  /** Null: too little is known to say. */
  readonly where: 'deposited' | 'wallet' | null;
  readonly text: string;
  readonly liquidationDistancePct: number | null;
  readonly lendAprPct: number | null;
}

/** Below this much in the wallet there is nothing to move: 0.1 SOL. */
const WORTH_MOVING = 100_000_000n;

export function placeAdvice(snapshot: Snapshot, policy: Policy): PlaceAdvice {
  const { account, markets } = snapshot;
  const lendRate = baseMarket(markets)?.depositRate ?? null;
  const lendAprPct = lendRate === null ? null : Number(lendRate) / 10_000;
  const perp = account === null ? lamports(0n) : perpSize(account, markets, SOL_PERP);
  const distance = perp === 0n ? null : distancePct(snapshot);
  const say = (where: PlaceAdvice['where'], text: string): PlaceAdvice => ({
    ...{ where, text, lendAprPct },
    liquidationDistancePct: distance,
  });
  const idle = idleSol(snapshot, policy);
  const lends = lendAprPct === null ? 'at a rate that is not known' : `at ${percentText(lendAprPct)} a year`;
  if (perp !== 0n) {
    const near = distance !== null && distance < policy.minLiquidationDistancePct;
    const away = distance === null ? 'The liquidation price is not known' : liquidationText(distance);
    if (!near) return say('deposited', `${away}. Deposited SOL carries the short and lends ${lends}: leave it there.`);
    const more =
      idle > 0n
        ? `Deposit SOL: the wallet has ${solText(idle)} SOL to spare.`
        : 'Bring SOL and deposit it, or close a part.';
    return say('deposited', `${away}, nearer than ${percentText(policy.minLiquidationDistancePct)}. ${more}`);
  }
  const { alternativeYieldAprPct } = carryTerms(policy);
  if (lendAprPct === null)
    return say(null, 'The lend rate is not known, so where the SOL earns more is not known either.');
  if (alternativeYieldAprPct > lendAprPct) {
    return say(
      'wallet',
      `While there is no hedge, your SOL earns more elsewhere (${percentText(alternativeYieldAprPct)} a year) than lent here (${percentText(lendAprPct)}).`,
    );
  }
  const deposited = account === null ? 0n : spotHeld(account, markets, baseMarket(markets)?.asset ?? 'SOL');
  if (idle >= WORTH_MOVING) {
    return say(
      'deposited',
      `${solText(idle)} SOL in the wallet earn nothing here. Deposited they lend ${lends}, and can be hedged.`,
    );
  }
  return deposited > 0n
    ? say('deposited', `Deposited SOL lends ${lends}, hedged or not: leave it there.`)
    : say('deposited', `There is no SOL in the account. Deposited it would lend ${lends}.`);
}

const liquidationText = (distance: number): string =>
  Number.isFinite(distance)
    ? `The liquidation price is ${percentText(distance)} away`
    : 'No price of SOL liquidates the account';

/** Infinite where no price liquidates. */
function distancePct({ account, markets }: Snapshot): number | null {
  const oracle = perpMarketOf(markets, SOL_PERP)?.oracle.price ?? null;
  if (account === null || oracle === null || oracle <= 0n) return null;
  const found = liquidationPrice(account, markets, SOL_PERP);
  if (found.kind === 'none') return Number.POSITIVE_INFINITY;
  return found.kind === 'price' ? (Math.abs(Number(found.price - oracle)) / Number(oracle)) * 100 : null;
}

/** The wallet's SOL beyond the reserve. */
const idleSol = ({ wallet }: Snapshot, { reservedSol }: Policy): Lamports =>
  max(lamports(wallet.sol - reservedSol), lamports(0n));
