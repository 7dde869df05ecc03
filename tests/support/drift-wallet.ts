/** A local chain's wallet as a process of the product has it: node, key, which account; and the venue over them. */

import type { DriftLocalnet } from '../../localnet/drift/index.ts';
import type { Localnet } from '../../localnet/index.ts';
import type { VelocityLocalnet } from '../../localnet/velocity/index.ts';
import { loadSigner } from '../../src/chain/local-signer.ts';
import type { Signer } from '../../src/chain/signer.ts';
import { SolanaChain, type SolanaChainOptions } from '../../src/chain/solana-chain.ts';
import type { Clock } from '../../src/lib/clock.ts';
import type { DriftAccountTypes } from '../../src/venues/drift/drift-accounts.ts';
import { DRIFT } from '../../src/venues/drift/drift-program.ts';
import { deploymentOf, type PerpsDeployment } from '../../src/venues/solana-perps/deployment.ts';
import type { PerpsProgram } from '../../src/venues/solana-perps/perps-program.ts';
import { type PerpsBookkeeping, PerpsVenue } from '../../src/venues/solana-perps/perps-venue.ts';
import type { ProgramAccounts } from '../../src/venues/solana-perps/program-accounts.ts';
import { SolanaPerpsWriting } from '../../src/venues/solana-perps/write/perps-writing.ts';
import type { VelocityAccountTypes } from '../../src/venues/velocity/velocity-accounts.ts';
import { VELOCITY } from '../../src/venues/velocity/velocity-program.ts';

export interface WalletOn<T extends ProgramAccounts> {
  readonly chain: SolanaChain;
  readonly deployment: PerpsDeployment<T>;
  readonly clock: Clock;
}

export interface WalletOptions extends Pick<SolanaChainOptions, 'slotMs' | 'newsWaitMs' | 'monotonicMs'> {
  readonly subAccount?: number;
  /** By default the wallet's own key, in this process. */
  readonly signer?: Signer;
  /** By default the wall clock. */
  readonly clock?: Clock;
}

const WALL: Clock = { nowMs: () => Date.now() };

/** What a wallet needs of a local chain, whichever program runs on it. */
type FundedLocalnet = Localnet & {
  readonly programId: string;
  readonly wallet: { readonly address: string; readonly secretKey: Uint8Array };
};

function walletAt<T extends ProgramAccounts>(
  net: FundedLocalnet,
  program: PerpsProgram<T>,
  { subAccount = 0, clock = WALL, signer: own, ...options }: WalletOptions,
): WalletOn<T> {
  const privateKey = JSON.stringify([...net.wallet.secretKey]);
  const signer = own ?? loadSigner({ privateKey, keypairPath: null })?.signer ?? null;
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
    deployment: deploymentOf(program, { env: 'localnet', programId, authority: wallet.address, subAccount }),
  };
}

export const walletOn = (net: DriftLocalnet, options: WalletOptions = {}): WalletOn<DriftAccountTypes> =>
  walletAt(net, DRIFT, options);

export const walletOnVelocity = (net: VelocityLocalnet, options: WalletOptions = {}): WalletOn<VelocityAccountTypes> =>
  walletAt(net, VELOCITY, options);

/** Allowed to trade. @param books null: none are kept */
export const tradingVenue = <T extends ProgramAccounts>(
  engineId: string,
  wallet: WalletOn<T>,
  books: PerpsBookkeeping | null = null,
): PerpsVenue =>
  new PerpsVenue({
    ...wallet,
    engineId,
    permissions: 'trading',
    books,
    writing: (reader) => new SolanaPerpsWriting({ ...wallet, reader }),
  });
