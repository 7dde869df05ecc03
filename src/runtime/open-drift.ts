/** Drift with this process's nodes and key. Imported only where a live engine is: the SDK takes seconds to load. */
import { loadSigner } from '../chain/local-signer.ts';
import { SolanaChain } from '../chain/solana-chain.ts';
import { explorerOf } from '../domain/figures/explorer.ts';
import type { Journal } from '../journal/journal.ts';
import type { Clock } from '../lib/clock.ts';
import type { EngineIdParts } from '../lib/ids.ts';
import { DriftBooks } from '../venues/drift/books/drift-books.ts';
import { driftDeployment, genesisOf } from '../venues/drift/deployment.ts';
import { DriftVenue } from '../venues/drift/drift-venue.ts';
import { SolanaDriftWriting } from '../venues/drift/write/drift-writing.ts';
import type { Venue } from '../venues/venue.ts';
import { checkCluster } from './cluster-check.ts';
import type { Settings } from './config.ts';
import type { Logger } from './logger.ts';
import { permissionsFor } from './signing-rights.ts';

export interface OpenDrift {
  readonly engineId: string;
  readonly parts: EngineIdParts;
  readonly settings: Pick<Settings, 'engineId' | 'mode' | 'policy' | 'live'>;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'warn'>;
}

/** Another engine's account than this process's own is only watched, and its key not loaded. @throws CriticalError as `driftDeployment`, `loadSigner`, `checkCluster` */
export async function openDriftVenue({ engineId, parts, settings, journal, clock, logger }: OpenDrift): Promise<Venue> {
  const { live } = settings;
  const mayHold = permissionsFor(engineId, settings) !== 'read-only';
  const loaded = mayHold ? loadSigner({ privateKey: live.privateKey, keypairPath: live.keypairPath }) : null;
  for (const warning of loaded?.warnings ?? []) logger.warn({ setting: 'SOLANA_KEYPAIR_PATH' }, warning);
  const signer = loaded?.signer.publicKey.toBase58() === parts.authority ? loaded.signer : null;
  const deployment = driftDeployment({
    env: live.driftEnv,
    programId: live.programId,
    authority: parts.authority,
    subAccount: parts.subAccount,
  });
  const chain = new SolanaChain({
    rpcUrls: live.rpcUrls,
    rpcWsUrl: live.rpcWsUrl,
    signer,
    jito: live.jito,
    clock,
    logger,
    expectedGenesis: genesisOf(live.driftEnv),
  });
  try {
    await checkCluster(chain.pool, live.driftEnv, genesisOf(live.driftEnv));
  } catch (error) {
    chain.close();
    throw error;
  }
  return new DriftVenue({
    engineId,
    deployment,
    chain,
    clock,
    permissions: signer === null ? 'read-only' : live.permissions,
    books: new DriftBooks({ engineId, journal, pool: chain.pool, deployment, clock }),
    writing: (reader) => new SolanaDriftWriting({ chain, reader, clock }),
    explorerUrl: explorerOf(live.explorerUrl),
  });
}
