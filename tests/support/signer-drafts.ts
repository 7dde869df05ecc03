/** Drafts on Velocity without a chain: what the signer's own rules are tried on. */
import { generateKeyPairSync } from 'node:crypto';
import { Keypair, PublicKey, type TransactionInstruction } from '@solana/web3.js';
import type { Draft } from '../../src/chain/draft.ts';
import { loadSigner } from '../../src/chain/local-signer.ts';
import type { Signer } from '../../src/chain/signer.ts';
import type { SignerPolicy } from '../../src/signer/policy.ts';
import { tokenAccountAddress } from '../../src/venues/solana-perps/addresses.ts';
import { toInstruction } from '../../src/venues/solana-perps/to-instruction.ts';
import { ensureTokenAccount, wrappedSol } from '../../src/venues/solana-perps/write/token-accounts.ts';
import {
  perpMarketAddress,
  spotMarketAddress,
  userAddress,
  userStatsAddress,
  vaultAddress,
} from '../../src/venues/velocity/program/addresses.ts';
import {
  plainOrder,
  type VelocityOrderParams,
  velocityInstruction,
} from '../../src/venues/velocity/program/instructions.ts';
import { policyOn } from './signer-mutations.ts';

const pair = Keypair.generate();
export const WALLET = pair.publicKey;
const wallet = WALLET.toBase58();
export const SECRET = JSON.stringify([...pair.secretKey]);
export const ownSigner = (): Signer => loadSigner({ privateKey: SECRET, keypairPath: null })?.signer as Signer;

const QUOTE_MINT = new PublicKey(
  generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'der' }).subarray(-32),
);
export const policy = (change: Partial<SignerPolicy> = {}): SignerPolicy =>
  policyOn(
    { wallet, venue: 'velocity', programId: null, quote: { asset: 'USDT', mint: QUOTE_MINT.toBase58() } },
    change,
  );

const user = userAddress(wallet);
const userStats = userStatsAddress(wallet);
const ORACLE = new PublicKey(Buffer.alloc(32, 5)).toBase58();
const markets = [
  { address: ORACLE, writable: false },
  { address: spotMarketAddress(0), writable: true },
  { address: perpMarketAddress(0), writable: true },
];

export const draftWith = (...instructions: readonly TransactionInstruction[]): Draft => ({
  payer: WALLET,
  instructions,
});

const tokens = tokenAccountAddress(WALLET, QUOTE_MINT);
const token = {
  owner: WALLET,
  address: tokens,
  mint: QUOTE_MINT,
  tokenProgram: new PublicKey(policy().assets[0]?.tokenProgram ?? ''),
};

export function move(
  kind: 'deposit' | 'withdraw',
  amount: bigint,
  change: Partial<{ tokenAccount: string; reduceOnly: boolean; marketIndex: number }> = {},
): Draft {
  const { tokenAccount = tokens.toBase58(), reduceOnly = kind === 'withdraw', marketIndex = 0 } = change;
  const accounts = { user, userStats, authority: wallet, vault: vaultAddress(0), tokenAccount };
  const moved = toInstruction(velocityInstruction(kind, accounts, { marketIndex, amount, reduceOnly }, markets));
  return kind === 'withdraw' ? draftWith(ensureTokenAccount(token), moved) : draftWith(moved);
}

export const order = (base: bigint, change: Partial<VelocityOrderParams> = {}): Draft =>
  draftWith(
    toInstruction(
      velocityInstruction(
        'placeAndTakePerpOrder',
        { user, userStats, authority: wallet },
        {
          ...plainOrder({ direction: 'short', base, price: 150_000_000n, maxTs: 2_000_000_000n, ...change }),
          successCondition: null,
        },
        markets,
      ),
    ),
  );

export const cancel = (change: { readonly marketIndex?: number; readonly user?: string } = {}): Draft =>
  draftWith(
    toInstruction(
      velocityInstruction(
        'cancelOrders',
        { user: change.user ?? user, authority: wallet },
        { marketType: 'perp', marketIndex: change.marketIndex ?? 0, direction: null },
        markets,
      ),
    ),
  );

/** The first deposit, which opens the account. */
export const opening = (amount: bigint, subAccount = 0): Draft => {
  const accounts = { user: userAddress(wallet, subAccount), userStats, authority: wallet, payer: wallet };
  return draftWith(
    toInstruction(velocityInstruction('initializeUserStats', accounts, {})),
    toInstruction(velocityInstruction('initializeUser', accounts, { subAccount: 0, name: new Uint8Array(32) })),
    ...move('deposit', amount).instructions,
  );
};

/** SOL, wrapped for the transaction. */
export const moveSol = (kind: 'deposit' | 'withdraw', amount: bigint, wrapped = amount): Draft => {
  const { address, open, close } = wrappedSol(WALLET, kind === 'deposit' ? wrapped : 0n);
  const accounts = { user, userStats, authority: wallet, vault: vaultAddress(1), tokenAccount: address.toBase58() };
  const args = { marketIndex: 1, amount, reduceOnly: kind === 'withdraw' };
  return draftWith(...open, toInstruction(velocityInstruction(kind, accounts, args, markets)), close);
};

/** The interest of a debt, booked before what needs margin. */
export const interest = (spotMarket: number): TransactionInstruction =>
  toInstruction(
    velocityInstruction(
      'updateSpotInterest',
      { spotMarket: spotMarketAddress(spotMarket), oracle: ORACLE, vault: vaultAddress(spotMarket) },
      {},
    ),
  );
