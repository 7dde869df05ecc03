import { expect, it } from '@jest/globals';
import { engineChain, engineIdOf, type LiveVenueName } from '../../src/lib/ids.ts';
import { LIVE_PROGRAMS } from '../../src/runtime/live-programs.ts';
import { LOCAL_CHAIN_GONE } from '../../src/runtime/other-engines.ts';
import { refuseUnchosenVenue } from '../../src/runtime/venue-choice.ts';

const AUTHORITY = 'GLoXLeiU3RdN6Uj7upEHc3d8Yt3VEyGnWYrMZaxwLrRB';
const GENESIS = '5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d';

const idOn = (venue: LiveVenueName): string =>
  engineIdOf({
    ...{ venue, authority: AUTHORITY, subAccount: 0 },
    chain: engineChain(GENESIS, LIVE_PROGRAMS[venue].programId),
  });

interface Known {
  readonly engineId: string;
  readonly state?: string;
  readonly reason?: string | null;
}

/** A start on the default venue beside these engines. */
async function start(engines: readonly Known[], { venueIsSet = false } = {}): Promise<string> {
  const records = engines.map((one) => ({ state: 'running', reason: null, ...one }));
  const journal = {
    engine: async (id: string) => records.find(({ engineId }) => engineId === id) ?? null,
    engines: async () => records,
  };
  const settings = { engineId: idOn('velocity'), live: { venue: 'velocity', venueIsSet } };
  try {
    await refuseUnchosenVenue({ settings, journal } as unknown as Parameters<typeof refuseUnchosenVenue>[0]);
    return 'started';
  } catch (error) {
    const { code, details } = error as { readonly code: string; readonly details: { readonly remedy: string } };
    return `${code}: ${details.remedy}`;
  }
}

it('a Drift engine in the data folder stops a start for which nobody chose a venue, and says both ways on', async () => {
  const refused = await start([{ engineId: idOn('drift') }]);
  expect(refused).toMatch(/^LIVE_VENUE_NOT_SET: .*LIVE_VENUE=drift .*LIVE_VENUE=velocity/);
  // Also one of a version whose id named no chain, and one that is stopped.
  expect(await start([{ engineId: `engine:drift:${AUTHORITY}:0`, state: 'stopped' }])).toMatch(/^LIVE_VENUE_NOT_SET/);
});

it.each([
  ['somebody chose', [{ engineId: idOn('drift') }], { venueIsSet: true }],
  ['the engine of this venue is there too', [{ engineId: idOn('drift') }, { engineId: idOn('velocity') }], {}],
  ['there is only paper', [{ engineId: 'engine:paper:synthetic:1:0' }], {}],
  ['its local chain is gone', [{ engineId: idOn('drift'), state: 'stopped', reason: LOCAL_CHAIN_GONE }], {}],
] as const)('the start goes on where %s', async (_, engines, chosen) => {
  expect(await start(engines, chosen)).toBe('started');
});
