/** A live venue with this process's nodes and key. Imported only where a live engine is: Solana's libraries take a second to load. */
import { loadSigner } from '../chain/local-signer.ts';
import { RemoteSigner } from '../chain/remote-signer.ts';
import type { Signer } from '../chain/signer.ts';
import { explorerOf } from '../domain/figures/explorer.ts';
import type { Journal } from '../journal/journal.ts';
import type { Clock } from '../lib/clock.ts';
import { CriticalError } from '../lib/errors.ts';
import type { EngineIdParts, LiveVenueName } from '../lib/ids.ts';
import { PerpsBooks } from '../venues/solana-perps/books/perps-books.ts';
import { deploymentOf } from '../venues/solana-perps/deployment.ts';
import type { PerpsProgram } from '../venues/solana-perps/perps-program.ts';
import { PerpsVenue } from '../venues/solana-perps/perps-venue.ts';
import { SolanaPerpsWriting } from '../venues/solana-perps/write/perps-writing.ts';
import type { Venue } from '../venues/venue.ts';
import type { Settings } from './config.ts';
import type { LiveNodes } from './live-nodes.ts';
import type { Logger } from './logger.ts';
import { isOfCluster } from './other-engines.ts';
import { permissionsFor } from './signing-rights.ts';

export interface OpenLive {
  readonly engineId: string;
  readonly parts: EngineIdParts;
  /** As the engine's id names it. */
  readonly venue: LiveVenueName;
  readonly settings: Pick<Settings, 'engineId' | 'engines' | 'mode' | 'policy' | 'live'>;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'warn'>;
  /** Shared with the other live engines of this process. */
  readonly nodes: LiveNodes;
}

/** Each loads only what its own program needs. */
const PROGRAMS: Readonly<Record<LiveVenueName, () => Promise<PerpsProgram>>> = {
  velocity: async () => (await import('../venues/velocity/velocity-program.ts')).VELOCITY,
  drift: async () => (await import('../venues/drift/drift-program.ts')).DRIFT,
};

/** The program of a venue, loaded with what it needs. */
export const programOf = (venue: LiveVenueName): Promise<PerpsProgram> => PROGRAMS[venue]();

/** What signing needs besides, loaded before the first command waits for it: Drift's SDK takes seconds. */
const SIGNING: Readonly<Record<LiveVenueName, () => Promise<void>>> = {
  velocity: async () => {},
  drift: async () => {
    (await import('../venues/drift/write/sdk.ts')).driftSdk();
  },
};

/** Another engine's account than this process's own is only watched, and its key not loaded. @throws CriticalError as `deploymentOf`, `loadSigner`, `checkCluster` */
export async function openLiveVenue(open: OpenLive): Promise<Venue> {
  const { engineId, parts, venue, settings, journal, clock, logger } = open;
  const { live } = settings;
  const { genesis } = live;
  // For this start the own engine may run under its id of before, which names no chain: `former-identity.ts` proved it.
  if (genesis === null || !(isOfCluster(parts, live) || engineId === settings.engineId)) throw onAnotherChain(engineId);
  const mayHold = permissionsFor(engineId, settings) !== 'read-only';
  const signer = mayHold ? signerFor(parts.authority, live, logger) : null;
  if (signer !== null) await SIGNING[venue]();
  const deployment = deploymentOf(await PROGRAMS[venue](), {
    env: live.driftEnv,
    programId: parts.chain?.programId ?? live.programId,
    authority: parts.authority,
    subAccount: parts.subAccount,
  });
  const { chain, polls, release } = await open.nodes.use(signer, genesis);
  const build = open.nodes.buildOf(deployment, chain);
  const { carryWindowHours } = (settings.engines.find((one) => one.engineId === engineId) ?? settings).policy;
  return new PerpsVenue({
    engineId,
    deployment,
    ...(build === undefined ? {} : { build }),
    ...{ chain, polls, release, clock },
    permissions: signer === null ? 'read-only' : live.permissions,
    books: new PerpsBooks({ engineId, journal, pool: chain.pool, deployment, clock }),
    writing: (reader) => new SolanaPerpsWriting({ chain, reader, clock }),
    explorerUrl: explorerOf(live.explorerUrl),
    ...(carryWindowHours === undefined ? {} : { carryWindowHours }),
  });
}

/** Null: there is none, or its key is another account's. A remote one is not asked here: it may start later. */
function signerFor(
  authority: string,
  { privateKey, keypairPath, signerSocket, authority: own }: Settings['live'],
  logger: OpenLive['logger'],
): Signer | null {
  if (signerSocket !== null) return own === authority ? new RemoteSigner(signerSocket, authority) : null;
  const loaded = loadSigner({ privateKey, keypairPath });
  for (const warning of loaded?.warnings ?? []) logger.warn({ setting: 'SOLANA_KEYPAIR_PATH' }, warning);
  return loaded?.signer.publicKey.toBase58() === authority ? loaded.signer : null;
}

const onAnotherChain = (engineId: string): CriticalError =>
  new CriticalError(
    'ENGINE_OF_ANOTHER_CHAIN',
    `${engineId} has its account on another cluster than the nodes in RPC_URL, or its id does not say on which.`,
    { engine_id: engineId, remedy: 'Start Driftless with the DRIFT_ENV and RPC_URL of that engine.' },
  );
