/** The local chain of `npm start -- --localnet`: which program stands on it, and a market worth hedging in. */
import { randomBytes } from 'node:crypto';
import type { Localnet } from '../../localnet/index.ts';
import { CriticalError } from '../lib/errors.ts';
import type { LiveVenueName } from '../lib/ids.ts';
import type { LiveSettings } from './config.ts';

export type ProgramPaths = Pick<
  LiveSettings,
  'venue' | 'venueIsSet' | 'programPath' | 'velocityProgramPath' | 'velocityAccountsPath'
>;

/** The chain with its program, and the wallet that is funded there. */
export interface LocalVenue {
  readonly net: Localnet & { readonly wallet: { readonly secretKey: Uint8Array } };
}

const SEED_BYTES = 8;
const SOL_PRICE = 150;
/** Of an hour's log return. */
const PRICE_HOURLY = 0.004;
/** Share of the price per hour that longs pay: enough for a hedge to pay for itself. */
const FUNDING_HOURLY = 0.0001;
/** So that a period's rate is known from the first minute on. */
const PAST_SECONDS = 2 * 3_600;
/** The markets are final before the product reads them. */
const FINAL_SLOTS = 40;
/** Long positions beside the dump's own, so that Velocity's shorts receive funding: a hedge pays for itself. */
const LONG_BASE = 100n * 1_000_000_000n;

const environmentOf = (paths: ProgramPaths): NodeJS.ProcessEnv => ({
  ...process.env,
  DRIFT_PROGRAM_PATH: paths.programPath ?? undefined,
  VELOCITY_PROGRAM_PATH: paths.velocityProgramPath ?? undefined,
  VELOCITY_ACCOUNTS_PATH: paths.velocityAccountsPath ?? undefined,
});

/**
 * LIVE_VENUE where it is set; else Velocity if its program is on this machine, and Drift if not.
 * @throws ValidationError LOCALNET_VELOCITY_FILES when a file of it is another one
 */
export async function localVenueOf(paths: ProgramPaths): Promise<LiveVenueName> {
  if (paths.venueIsSet) return paths.venue;
  const { findVelocity } = await import('../../localnet/velocity/program.ts');
  return findVelocity(environmentOf(paths)) === null ? 'drift' : 'velocity';
}

/** @throws CriticalError LOCALNET_DRIFT_PROGRAM, LOCALNET_VELOCITY_FILES when there is no program, or another one */
export async function startLocalVenue(venue: LiveVenueName, paths: ProgramPaths): Promise<LocalVenue> {
  const seed = randomBytes(SEED_BYTES).toString('hex');
  return await STARTS[venue](paths, seed);
}

const STARTS: Readonly<Record<LiveVenueName, (paths: ProgramPaths, seed: string) => Promise<LocalVenue>>> = {
  drift: startDrift,
  velocity: startVelocity,
};

async function startDrift(paths: ProgramPaths, seed: string): Promise<LocalVenue> {
  const { cachedProgramPath, findDriftProgram } = await import('../../localnet/drift/program.ts');
  const env = environmentOf(paths);
  const program = findDriftProgram(env);
  if (program === null) {
    throw new CriticalError(
      'LOCALNET_DRIFT_PROGRAM',
      'The local chain needs the compiled Drift program, and none was found on this machine.',
      {
        remedy:
          `set DRIFT_PROGRAM_PATH to it, or put it at ${cachedProgramPath(env)}, or fetch it from an RPC node of ` +
          'yours: npm run localnet -- --drift --clone <rpc url>',
      },
    );
  }
  const { startDriftLocalnet } = await import('../../localnet/drift/index.ts');
  const net = await startDriftLocalnet({
    program,
    seed,
    solPrice: { kind: 'walk', seed, hourly: PRICE_HOURLY, from: SOL_PRICE },
    fundingHourly: FUNDING_HOURLY,
  });
  return await readied(net);
}

async function startVelocity(paths: ProgramPaths, seed: string): Promise<LocalVenue> {
  const { findVelocity, NO_VELOCITY_PROGRAM } = await import('../../localnet/velocity/program.ts');
  const files = findVelocity(environmentOf(paths));
  if (files === null) {
    throw new CriticalError(
      'LOCALNET_VELOCITY_FILES',
      'The local chain needs the compiled Velocity program, and none was found on this machine.',
      { remedy: `${NO_VELOCITY_PROGRAM} Or set LIVE_VENUE=drift.` },
    );
  }
  const { startVelocityLocalnet } = await import('../../localnet/velocity/index.ts');
  const net = await startVelocityLocalnet({
    files,
    seed,
    solPrice: { kind: 'walk', seed, hourly: PRICE_HOURLY },
    longBase: LONG_BASE,
  });
  return await readied(net);
}

async function readied(net: LocalVenue['net']): Promise<LocalVenue> {
  try {
    net.jump({ seconds: PAST_SECONDS });
    await net.advance(FINAL_SLOTS);
  } catch (error) {
    await net.stop();
    throw error;
  }
  return { net };
}
