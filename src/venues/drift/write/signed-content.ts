/** What signed bytes ask of Drift. */
import type { SignedContent } from '../../solana-perps/perps-program.ts';
import { variant } from '../integers.ts';
import { instructionsIn } from './instructions.ts';

interface PlaceArguments {
  readonly params: {
    readonly direction: object;
    readonly baseAssetAmount: { toString(): string };
    readonly maxTs: { toNumber(): number } | null;
  };
}

const SETTLES: ReadonlySet<string> = new Set(['settlePnl', 'settleMultiplePnls']);

export function signedContent(wire: string, programId: string): SignedContent {
  const instructions = instructionsIn(wire, programId);
  const placement = instructions.find(({ name }) => name === 'placePerpOrder');
  return {
    order: placement === undefined ? null : orderIn(placement.data as PlaceArguments),
    settles: instructions.some(({ name }) => SETTLES.has(name)),
    opensAccount: instructions.some(({ name }) => name === 'initializeUser'),
  };
}

function orderIn({ params: { direction, baseAssetAmount, maxTs } }: PlaceArguments): SignedContent['order'] {
  if (maxTs === null) return null;
  return {
    side: variant(direction) === 'long' ? 'buy' : 'sell',
    size: BigInt(baseAssetAmount.toString()),
    maxTsMs: maxTs.toNumber() * 1_000,
  };
}
