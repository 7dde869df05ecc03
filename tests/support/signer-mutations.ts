/** Transactions that a permitted one becomes under a thief's hand, and the policy that it was permitted by. */
import {
  ComputeBudgetProgram,
  PublicKey,
  SystemProgram,
  TransactionInstruction,
  TransactionMessage,
  VersionedMessage,
} from '@solana/web3.js';
import fc from 'fast-check';
import { compile, type Draft, type Tip } from '../../src/chain/draft.ts';
import { judge, type PermittedTransaction } from '../../src/signer/judge.ts';
import { ownAccountsOf, type WalletAccounts } from '../../src/signer/own-accounts.ts';
import type { SignerPolicy } from '../../src/signer/policy.ts';
import { SignerRefusal } from '../../src/signer/refusal.ts';
import { TOKEN_PROGRAM } from '../../src/venues/solana-perps/addresses.ts';

const SOL = 1_000_000_000n;
const QUOTE = 1_000_000n;
export const TIP_TO = new PublicKey(Buffer.alloc(32, 77));
const STRANGER = new PublicKey(Buffer.alloc(32, 99));
const BLOCKHASH = new PublicKey(Buffer.alloc(32, 3)).toBase58();
const MEMO = new PublicKey('MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr');

export interface PolicyOn {
  readonly wallet: string;
  readonly venue: SignerPolicy['venue'];
  readonly programId: string | null;
  readonly quote: { readonly asset: string; readonly mint: string };
}

/** Room for everything that a test asks for, and no more. */
export const policyOn = (
  { wallet, venue, programId, quote }: PolicyOn,
  change: Partial<SignerPolicy> = {},
): SignerPolicy => {
  const asset = (name: string, spotMarket: number, mint: string, decimals: number, each: bigint) => {
    const cap = { each, perDay: 3n * each };
    const tokenProgram = TOKEN_PROGRAM.toBase58();
    return { ...{ asset: name, spotMarket, mint, decimals, tokenProgram }, deposit: cap, withdraw: cap };
  };
  return {
    ...{ wallet, venue, programId, subAccounts: [0], perpMarket: 0, otherPerpMarkets: [] },
    ...{ keypairPath: '/nowhere', socketPath: '/nowhere', statePath: '/nowhere' },
    assets: [
      asset(quote.asset, 0, quote.mint, 6, 1_000n * QUOTE),
      asset('SOL', 1, 'So11111111111111111111111111111111111111112', 9, 10n * SOL),
    ],
    order: { each: 10n * SOL, perDay: 30n * SOL },
    fee: { each: 1_100_000n, perDay: 10n * SOL },
    tipLamports: 100_000n,
    tipAccounts: [TIP_TO.toBase58()],
    lookupTables: {},
    ...change,
  };
};

export interface MessageTerms {
  readonly computeUnits?: number;
  readonly price?: number;
  readonly tip?: Tip | null;
}

/** As `signAttempt` has it signed. */
export const messageOf = (draft: Draft, { computeUnits = 300_000, price = 1_000, tip = null }: MessageTerms = {}) =>
  compile(draft, { computeUnits, price, tip }, BLOCKHASH).message.serialize();

/** Deriving addresses is slow; a policy's never change. */
const derived = new WeakMap<SignerPolicy, WalletAccounts>();
function ownOf(policy: SignerPolicy): WalletAccounts {
  const own = derived.get(policy) ?? ownAccountsOf(policy);
  derived.set(policy, own);
  return own;
}

/** The verdict, or the refusal. */
export function verdictOn(message: Uint8Array, policy: SignerPolicy): PermittedTransaction | SignerRefusal {
  try {
    return judge(message, policy, ownOf(policy));
  } catch (error) {
    if (error instanceof SignerRefusal) return error;
    throw error;
  }
}

const tokenInstruction = (data: readonly number[], from: PublicKey, owner: PublicKey) =>
  new TransactionInstruction({
    programId: TOKEN_PROGRAM,
    keys: [
      { pubkey: from, isSigner: false, isWritable: true },
      { pubkey: STRANGER, isSigner: false, isWritable: true },
      { pubkey: owner, isSigner: true, isWritable: false },
    ],
    data: Buffer.from(data),
  });

/** What a thief would slip in. */
const thefts = (draft: Draft, policy: SignerPolicy): readonly TransactionInstruction[] => {
  const own = ownOf(policy);
  const wrapped = new PublicKey(own.wrapped);
  const of = new PublicKey(own.programId);
  const fromPubkey = draft.payer;
  return [
    SystemProgram.transfer({ fromPubkey, toPubkey: STRANGER, lamports: 1 }),
    SystemProgram.transfer({ fromPubkey, toPubkey: wrapped, lamports: 1 }),
    SystemProgram.transfer({ fromPubkey, toPubkey: TIP_TO, lamports: 100_001 }),
    SystemProgram.assign({ accountPubkey: fromPubkey, programId: STRANGER }),
    SystemProgram.nonceAdvance({ noncePubkey: STRANGER, authorizedPubkey: fromPubkey }),
    tokenInstruction([3, ...Buffer.alloc(8, 1)], wrapped, fromPubkey),
    tokenInstruction([4, ...Buffer.alloc(8, 255)], wrapped, fromPubkey),
    tokenInstruction([6, 2, 1, ...STRANGER.toBytes()], wrapped, fromPubkey),
    tokenInstruction([9], wrapped, fromPubkey),
    ComputeBudgetProgram.setComputeUnitPrice({ microLamports: 1 }),
    ComputeBudgetProgram.requestHeapFrame({ bytes: 65_536 }),
    new TransactionInstruction({ programId: MEMO, keys: [], data: Buffer.from('hello') }),
    new TransactionInstruction({
      programId: of,
      keys: [
        { pubkey: new PublicKey(own.users.get(0) as string), isSigner: false, isWritable: true },
        { pubkey: fromPubkey, isSigner: true, isWritable: false },
      ],
      data: Buffer.from('update_user_delegate'),
    }),
  ];
};

const recompiled = (draft: Draft, instructions: readonly TransactionInstruction[]): Uint8Array =>
  new TransactionMessage({ payerKey: draft.payer, recentBlockhash: BLOCKHASH, instructions: [...instructions] })
    .compileToV0Message()
    .serialize();

/** Accounts that are more than a read market or oracle: named in the program's table, or written. */
function guarded(instruction: TransactionInstruction, policy: SignerPolicy): readonly number[] {
  const own = ownOf(policy);
  const ours = new Set([...Object.values(own.fixed), ...own.users.values(), ...own.vaults, own.wrapped, own.programId]);
  return instruction.keys.flatMap(({ pubkey, isWritable, isSigner }, index) =>
    isWritable || isSigner || ours.has(pubkey.toBase58()) ? [index] : [],
  );
}

/** Any one change: an instruction more, another destination, a higher fee, a second signer. */
export const mutationsOf = (draft: Draft, policy: SignerPolicy): fc.Arbitrary<Uint8Array> => {
  const { instructions } = TransactionMessage.decompile(VersionedMessage.deserialize(messageOf(draft)));
  const at = (most: number) => fc.nat({ max: most });
  const more = fc
    .tuple(at(instructions.length), fc.constantFrom(...thefts(draft, policy), ...instructions))
    .map(([index, extra]) => recompiled(draft, instructions.toSpliced(index, 0, extra)));
  const places = instructions.flatMap((one, index) => guarded(one, policy).map((key) => [index, key] as const));
  const elsewhere = fc
    .tuple(fc.constantFrom(...places), fc.uint8Array({ minLength: 32, maxLength: 32 }))
    .map(([[index, key], address]) => {
      const one = instructions[index] as TransactionInstruction;
      // None of ours, whatever is drawn.
      const pubkey = new PublicKey(Uint8Array.from(address).fill(0xee, 0, 4));
      const keys = one.keys.map((each, place) => (place === key ? { ...each, pubkey } : each));
      const changed = new TransactionInstruction({ ...one, keys });
      return recompiled(draft, instructions.toSpliced(index, 1, changed));
    });
  const dearer = fc
    .record({
      computeUnits: fc.integer({ min: 200_000, max: 1_400_000 }),
      price: fc.integer({ min: 6_000_000, max: 2 ** 40 }),
    })
    .map((terms) => messageOf(draft, terms));
  const tipped = fc
    .integer({ min: 100_001, max: 2 ** 40 })
    .map((lamports) => messageOf(draft, { tip: { to: TIP_TO, lamports } }));
  const tippedElsewhere = fc
    .integer({ min: 1, max: 100_000 })
    .map((lamports) => messageOf(draft, { tip: { to: STRANGER, lamports } }));
  const fewer = at(instructions.length - 1)
    // The opening of the account and the cancel before an order are there only where they are needed.
    .filter((index) => !optional(instructions[index], policy))
    .map((index) => recompiled(draft, instructions.toSpliced(index, 1)));
  return fc.oneof(more, elsewhere, dearer, tipped, tippedElsewhere, fewer);
};

const optional = (one: TransactionInstruction | undefined, policy: SignerPolicy): boolean =>
  one?.programId.toBase58() === ownOf(policy).programId;
