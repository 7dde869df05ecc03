/** Readers and read-only venues of the real program on the local chain. */

import type { DriftLocalnet } from '../../localnet/drift/index.ts';
import { endpointsOf } from '../../src/chain/endpoint.ts';
import { RpcPool } from '../../src/chain/rpc-pool.ts';
import { SolanaChain } from '../../src/chain/solana-chain.ts';
import type { Clock } from '../../src/lib/clock.ts';
import { CriticalError } from '../../src/lib/errors.ts';
import { engineIdOf } from '../../src/lib/ids.ts';
import { driftDeployment } from '../../src/venues/drift/drift-program.ts';
import {
  type LivePermissions,
  type PerpsBookkeeping,
  PerpsVenue,
  type PerpsWriting,
} from '../../src/venues/solana-perps/perps-venue.ts';
import { PerpsReader } from '../../src/venues/solana-perps/read/perps-reader.ts';

export const wallClock = { nowMs: () => Date.now() };

export interface WhatIsRead {
  readonly authority?: string;
  readonly subAccount?: number;
  readonly programId?: string;
  readonly market?: string;
}

const deploymentOn = (net: DriftLocalnet, { authority, subAccount = 0, programId, market }: WhatIsRead) =>
  driftDeployment({
    env: 'localnet',
    programId: programId ?? net.programId,
    authority: authority ?? net.wallet.address,
    subAccount,
    ...(market === undefined ? {} : { market }),
  });

/** @param rpcUrls the chain's own nodes by default */
export function readerOn(
  net: DriftLocalnet,
  what: WhatIsRead = {},
  rpcUrls: readonly string[] = net.nodes.map(({ rpcUrl }) => rpcUrl),
) {
  const pool = new RpcPool({ endpoints: endpointsOf(rpcUrls), clock: wallClock });
  const deployment = deploymentOn(net, what);
  return { pool, deployment, reader: new PerpsReader({ pool, deployment, clock: wallClock }) };
}

const refused = async (): Promise<never> => {
  throw new CriticalError('PERMISSION_DENIED', 'This venue only reads.');
};
/** Nothing can be sent. */
const READS_ONLY: PerpsWriting = {
  simulate: refused,
  sign: refused,
  submit: refused,
  status: refused,
  order: refused,
};

export function readOnlyVenue(
  net: DriftLocalnet,
  what: WhatIsRead & {
    readonly permissions?: LivePermissions;
    readonly books?: PerpsBookkeeping | null;
    readonly clock?: Clock;
  } = {},
): PerpsVenue {
  const { clock = wallClock } = what;
  const deployment = deploymentOn(net, what);
  const authority = deployment.authority.toBase58();
  return new PerpsVenue({
    engineId: engineIdOf({ venue: 'drift', authority, subAccount: deployment.subAccount }),
    deployment,
    chain: new SolanaChain({
      rpcUrls: net.nodes.map(({ rpcUrl }) => rpcUrl),
      rpcWsUrl: net.wsUrl,
      signer: null,
      jito: null,
      clock,
    }),
    clock,
    permissions: what.permissions ?? 'read-only',
    books: what.books ?? null,
    writing: () => READS_ONLY,
  });
}
