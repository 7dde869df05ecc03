/** A local chain's wallet as a process of the product has it: node, key, which account; and the venue over them. */

import type { DriftLocalnet } from '../../localnet/drift/index.ts';
import { loadSigner } from '../../src/chain/local-signer.ts';
import { SolanaChain, type SolanaChainOptions } from '../../src/chain/solana-chain.ts';
import type { Clock } from '../../src/lib/clock.ts';
import type { DriftAccountTypes } from '../../src/venues/drift/drift-accounts.ts';
import { driftDeployment } from '../../src/venues/drift/drift-program.ts';
import type { PerpsDeployment } from '../../src/venues/solana-perps/deployment.ts';
import { type PerpsBookkeeping, PerpsVenue } from '../../src/venues/solana-perps/perps-venue.ts';
import { SolanaPerpsWriting } from '../../src/venues/solana-perps/write/perps-writing.ts';

export interface WalletOnDrift {
  readonly chain: SolanaChain;
  readonly deployment: PerpsDeployment<DriftAccountTypes>;
  readonly clock: Clock;
}

export interface WalletOptions extends Pick<SolanaChainOptions, 'slotMs' | 'newsWaitMs' | 'monotonicMs'> {
  readonly subAccount?: number;
  /** By default the wall clock. */
  readonly clock?: Clock;
}

const WALL: Clock = { nowMs: () => Date.now() };

export function walletOn(
  net: DriftLocalnet,
  { subAccount = 0, clock = WALL, ...options }: WalletOptions = {},
): WalletOnDrift {
  const privateKey = JSON.stringify([...net.wallet.secretKey]);
  const signer = loadSigner({ privateKey, keypairPath: null })?.signer ?? null;
  const { programId, wsUrl: rpcWsUrl, wallet } = net;
  return {
    clock,
    chain: new SolanaChain({
      rpcUrls: net.nodes.map((node) => node.rpcUrl),
      rpcWsUrl,
      signer,
      jito: null,
      clock,
      ...options,
    }),
    deployment: driftDeployment({ env: 'localnet', programId, authority: wallet.address, subAccount }),
  };
}

/** Allowed to trade. @param books null: none are kept */
export const tradingVenue = (
  engineId: string,
  wallet: WalletOnDrift,
  books: PerpsBookkeeping | null = null,
): PerpsVenue =>
  new PerpsVenue({
    ...wallet,
    engineId,
    permissions: 'trading',
    books,
    writing: (reader) => new SolanaPerpsWriting({ ...wallet, reader }),
  });
