/**
 * What an account has lived through stays as it was. A history may grow at its end; another file under the same name would
 * change the price, the funding and the profit of an account that is open, without a word.
 */
import { RESET_PAPER } from '../../domain/account/reset-paper.ts';
import { CriticalError } from '../../lib/errors.ts';
import type { MarketFeed } from '../../market-data/feed.ts';
import type { PaperState } from './state.ts';

export const withPast = (state: PaperState, feed: MarketFeed): PaperState =>
  feed.pastDigest === undefined ? state : { ...state, pastDigest: feed.pastDigest(state.market.timeMs) };

/** @throws CriticalError MARKET_DATA_CHANGED */
export function refuseOtherPast({ market: { timeMs }, pastDigest }: PaperState, feed: MarketFeed): void {
  const covers = feed.quoteAt(timeMs) !== null;
  if (covers && (pastDigest === undefined || pastDigest === feed.pastDigest?.(timeMs))) return;
  const until = new Date(timeMs).toISOString();
  const what = covers
    ? `its data up to ${until} is not what this paper account has lived through`
    : `it does not cover ${until}, to which this paper account has come`;
  throw new CriticalError(
    'MARKET_DATA_CHANGED',
    `The market data of ${feed.id} has changed: ${what}. Put the file back as it was (rows may be added at its end), name ` +
      `another one in MARKET_FEED, or start a new account: npm start -- ${RESET_PAPER}.`,
    { feed: feed.id, market_time_ms: timeMs },
  );
}
