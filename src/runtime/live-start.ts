/** The summary of a live start, once wallet and venue were read: whose account it is, what it holds, what is paused. */

import type { Snapshot } from '../domain/account/snapshot.ts';
import { quoteAsset } from '../domain/account/spot-markets.ts';
import { formatAmount, formatUsd } from '../domain/money/amounts.ts';
import { DriftlessError } from '../lib/errors.ts';
import { within } from '../lib/within.ts';
import type { Settings } from './config.ts';
import { LIVE_PROGRAMS } from './live-programs.ts';
import type { Logger } from './logger.ts';
import type { VenueRegistry } from './venues.ts';

const READ_WITHIN_MS = 15_000;
const LAMPORTS_DECIMALS = 9;

interface LiveStart {
  readonly settings: Pick<Settings, 'engineId' | 'live'>;
  readonly venues: VenueRegistry;
  /** For the error in full; the terminal gets one sentence. */
  readonly logger: Pick<Logger, 'warn'>;
  readonly say: (line: string) => void;
}

/** Never throws: a problem stops the engine itself, and its alert says the same. */
export async function logLiveStart({ settings, venues, logger, say }: LiveStart): Promise<void> {
  for (const warning of settings.live.keyWarnings) say(`Warning: ${warning}`);
  try {
    const read = await within(READ_WITHIN_MS, async () => (await venues.venueOf(settings.engineId)).read('confirmed'));
    if (read.kind === 'late') return void say('The account has not been read yet: the RPC nodes are slow to answer.');
    if (read.kind === 'failed') throw read.error;
    for (const line of liveLines(read.value, settings.live)) say(line);
  } catch (error) {
    logger.warn({ err: error }, 'the account cannot be read at the start');
    if (!(error instanceof DriftlessError)) return void say('The account cannot be read. See the log for the reason.');
    const next =
      error.category === 'critical'
        ? ' The engine is stopped. Fix this, then press Start.'
        : ' Driftless tries again every 10 s.';
    say(`${error.code}: ${error.message}${next}`);
  }
}

function liveLines(
  snapshot: Snapshot,
  live: Pick<Settings['live'], 'venue' | 'authority' | 'driftEnv' | 'permissions'>,
): readonly string[] {
  const { wallet, account, markets, openingCostLamports = 0n, pauses } = snapshot;
  const { name } = LIVE_PROGRAMS[live.venue];
  const sol = formatAmount(wallet.sol, LAMPORTS_DECIMALS);
  const quote = `${formatUsd(wallet.quote)} ${quoteAsset(markets) ?? 'of the quote asset'}`;
  const lines = [
    `Live on ${name} (${live.driftEnv}), ${live.permissions}: wallet ${live.authority} with ${sol} SOL and ${quote}.`,
  ];
  if (account === null) {
    const rent = formatAmount(openingCostLamports, LAMPORTS_DECIMALS);
    lines.push(`There is no ${name} account yet. The first deposit opens one, for a one-time cost of ${rent} SOL.`);
  }
  if (live.permissions !== 'read-only' && wallet.sol < snapshot.transactionCostLamports) {
    lines.push('Warning: the wallet cannot pay for a transaction. Send SOL to it.');
  }
  if (pauses.detail !== null) lines.push(pauses.detail);
  return lines;
}
