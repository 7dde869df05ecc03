/** A data folder whose live engine is on another venue than the default, while LIVE_VENUE is not set. */
import type { Journal } from '../journal/journal.ts';
import { CriticalError } from '../lib/errors.ts';
import { type LiveVenueName, parseEngineId } from '../lib/ids.ts';
import type { Settings } from './config.ts';
import { LIVE_PROGRAMS } from './live-programs.ts';
import { LOCAL_CHAIN_GONE } from './other-engines.ts';

interface VenueChoice {
  readonly settings: Pick<Settings, 'engineId' | 'live'>;
  readonly journal: Pick<Journal, 'engine' | 'engines'>;
}

/**
 * Nobody chose a venue, and this start would begin a new engine beside one on another venue. A person says which they mean.
 * @throws CriticalError LIVE_VENUE_NOT_SET
 */
export async function refuseUnchosenVenue({ settings, journal }: VenueChoice): Promise<void> {
  const { venue, venueIsSet } = settings.live;
  if (venueIsSet || (await journal.engine(settings.engineId)) !== null) return;
  for (const { engineId, state, reason } of await journal.engines()) {
    const there = liveVenueOf(engineId);
    if (there === null || there === venue) continue;
    if (state === 'stopped' && reason === LOCAL_CHAIN_GONE) continue;
    const [existing, begun] = [LIVE_PROGRAMS[there].name, LIVE_PROGRAMS[venue].name];
    throw new CriticalError(
      'LIVE_VENUE_NOT_SET',
      `This data folder has a ${existing} engine, ${engineId}, and LIVE_VENUE is not set. Without it this start would ` +
        `begin a new engine on ${begun}, which is the default now.`,
      {
        engine_id: engineId,
        remedy: `set LIVE_VENUE=${there} to go on with the ${existing} engine, or LIVE_VENUE=${venue} to begin one on ${begun}`,
      },
    );
  }
}

function liveVenueOf(engineId: string): LiveVenueName | null {
  const venue = parseEngineId(engineId)?.venue ?? 'paper';
  return venue === 'paper' ? null : venue;
}
