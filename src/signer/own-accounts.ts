/** Every address that a signed transaction may write, derived from wallet and program: the client names none of them. */
import { PublicKey, SYSVAR_RENT_PUBKEY, SystemProgram, type TransactionInstruction } from '@solana/web3.js';
import {
  addressesOf,
  type PerpsAddresses,
  perpMarketAddress,
  spotMarketAddress,
  spotVaultAddress,
  tokenAccountAddress,
} from '../venues/solana-perps/addresses.ts';
import { ensureTokenAccount, wrappedSol } from '../venues/solana-perps/write/token-accounts.ts';
import type { AssetPolicy, SignerPolicy } from './policy.ts';
import { SIGNED_PROGRAMS, type SignedProgram } from './program-tables.ts';
import type { MessageInstruction } from './read-message.ts';

export interface OwnAsset extends AssetPolicy {
  readonly vault: string;
  /** Where its tokens come from and go to. */
  readonly tokenAccount: string;
}

export interface WalletAccounts {
  readonly program: SignedProgram;
  readonly programId: string;
  readonly wallet: string;
  /** By the names of the tables: each stands for one address. */
  readonly fixed: Readonly<Record<string, string>>;
  /** The margin accounts, by their number. */
  readonly users: ReadonlyMap<number, string>;
  readonly assets: readonly OwnAsset[];
  readonly wrapped: string;
  readonly spotMarkets: ReadonlySet<string>;
  readonly vaults: ReadonlySet<string>;
  readonly markets: ReadonlySet<string>;
  /** Whole instructions that never vary, by our word for each. */
  readonly constant: Readonly<Record<string, readonly MessageInstruction[]>>;
}

export function ownAccountsOf(policy: SignerPolicy): WalletAccounts {
  const program = SIGNED_PROGRAMS[policy.venue];
  const of = (subAccount: number): PerpsAddresses =>
    addressesOf(program, {
      ...{ env: 'mainnet-beta', programId: policy.programId, authority: policy.wallet, subAccount },
    });
  const at = of(0);
  const wallet = at.authority;
  const wrap = wrappedSol(wallet, 0n);
  const assets = policy.assets.map((asset): OwnAsset => {
    const own = tokenAccountAddress(wallet, new PublicKey(asset.mint), new PublicKey(asset.tokenProgram));
    return {
      ...asset,
      vault: spotVaultAddress(at, asset.spotMarket).toBase58(),
      tokenAccount: (asset.asset === 'SOL' ? wrap.address : own).toBase58(),
    };
  });
  const spotMarkets = assets.map((one) => spotMarketAddress(at, one.spotMarket).toBase58());
  const perps = [policy.perpMarket, ...policy.otherPerpMarkets].map((one) => perpMarketAddress(at, one).toBase58());
  const [, allocate, initialize] = wrap.open;
  return {
    ...{ program, assets, programId: at.programId.toBase58(), wallet: policy.wallet },
    fixed: fixedOf(at, policy.wallet),
    users: new Map(policy.subAccounts.map((one) => [one, of(one).user.toBase58()])),
    wrapped: wrap.address.toBase58(),
    spotMarkets: new Set(spotMarkets),
    vaults: new Set(assets.map((one) => one.vault)),
    markets: new Set([...spotMarkets, ...perps]),
    constant: {
      allocate: plain(allocate),
      initialize: plain(initialize),
      unwrap: plain(wrap.close),
      ensure: assets.filter((one) => one.asset !== 'SOL').flatMap((one) => plain(ensureOf(wallet, one))),
    },
  };
}

const fixedOf = (at: PerpsAddresses, wallet: string): Readonly<Record<string, string>> => ({
  authority: wallet,
  payer: wallet,
  state: at.state.toBase58(),
  userStats: at.userStats.toBase58(),
  programSigner: at.signer.toBase58(),
  rent: SYSVAR_RENT_PUBKEY.toBase58(),
  systemProgram: SystemProgram.programId.toBase58(),
});

const ensureOf = (owner: PublicKey, { tokenAccount, mint, tokenProgram }: OwnAsset): TransactionInstruction =>
  ensureTokenAccount({
    owner,
    address: new PublicKey(tokenAccount),
    mint: new PublicKey(mint),
    tokenProgram: new PublicKey(tokenProgram),
  });

const plain = (instruction: TransactionInstruction | undefined): readonly MessageInstruction[] =>
  instruction === undefined
    ? []
    : [
        {
          programId: instruction.programId.toBase58(),
          accounts: instruction.keys.map(({ pubkey, isWritable, isSigner }) => ({
            address: pubkey.toBase58(),
            writable: isWritable,
            signer: isSigner,
          })),
          data: Uint8Array.from(instruction.data),
        },
      ];
