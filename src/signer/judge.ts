/**
 * Whether a transaction is one that Driftless builds for this wallet. Every instruction is read whole, every account that is
 * written is one of ours, and together they are one operation. What it cannot read it refuses. Table:
 * docs/architecture/signer.md.
 */
import { formatAmount, formatSol } from '../domain/money/amounts.ts';
import { TOKEN_ACCOUNT_RENT } from '../venues/solana-perps/write/token-accounts.ts';
import { wordOf } from './instruction-words.ts';
import type { WalletAccounts } from './own-accounts.ts';
import type { SignerPolicy } from './policy.ts';
import { readMessage } from './read-message.ts';
import { SignerRefusal } from './refusal.ts';
import type { Word } from './words.ts';

export type SignedKind = 'deposit' | 'withdraw' | 'order' | 'reduction' | 'cancel' | 'settle';

/** What a permitted transaction does, as far as it is counted. */
export interface PermittedTransaction {
  readonly kind: SignedKind;
  /** Null: nothing that has a limit. */
  readonly moved: { readonly asset: string; readonly amount: bigint; readonly decimals: number } | null;
  readonly feeLamports: bigint;
  readonly tipLamports: bigint;
}

/** In the order in which Driftless builds them; limit and price before, perhaps a tip after. */
const SHAPES: readonly (readonly [SignedKind, RegExp])[] = [
  ['deposit', /^((openStats )?open )?(wrap allocate initialize deposit unwrap|deposit)$/],
  ['withdraw', /^(wrap allocate initialize (interest )*withdraw unwrap|ensure (interest )*withdraw)$/],
  ['order', /^(cancel )?(interest )*place$/],
  ['cancel', /^cancel$/],
  ['settle', /^(amms )?funding settle$/],
];

const BASE_FEE = 5_000n;
const MICRO = 1_000_000n;
/** A word is never longer than these. */
const MAX_INSTRUCTIONS = 24;

/** @throws SignerRefusal */
export function judge(bytes: Uint8Array, policy: SignerPolicy, own: WalletAccounts): PermittedTransaction {
  const { accounts, instructions } = readMessage(bytes, policy.lookupTables);
  const [payer] = accounts;
  const signers = accounts.filter(({ signer }) => signer);
  if (payer?.address !== policy.wallet || signers.length !== 1) {
    throw new SignerRefusal(
      'WALLET',
      `The transaction is paid by ${payer?.address ?? 'nobody'} and has ${signers.length} signers. This signer signs only ` +
        `what ${policy.wallet} pays and signs alone: set AUTHORITY to it.`,
    );
  }
  if (instructions.length > MAX_INSTRUCTIONS) throw noShape([]);
  const words = instructions.map((one) => wordOf(one, policy, own));
  refuseStrangers(accounts, words, policy, own);
  const feeLamports = feeOf(words, policy);
  const { kind, body, tipLamports } = shapeOf(words);
  const moved = movedBy(body, kind, own);
  return { kind: kind === 'order' && reduces(body) ? 'reduction' : kind, moved, feeLamports, tipLamports };
}

const textOf = (words: readonly Word[]): string => words.map(({ word }) => word).join(' ');

const noShape = (words: readonly Word[]): SignerRefusal =>
  new SignerRefusal(
    'SHAPE',
    `Together these instructions are no operation of Driftless: ${textOf(words) || 'far too many'}. It signs a deposit, a ` +
      'withdrawal, an order, a cancel or a settle, one at a time and in the order in which Driftless builds it.',
  );

function shapeOf(words: readonly Word[]) {
  const tip = words.at(-1);
  const tipLamports = tip?.word === 'tip' ? tip.lamports : 0n;
  const body = words.slice(2, tip?.word === 'tip' ? -1 : undefined);
  const found = SHAPES.find(([, shape]) => shape.test(textOf(body)));
  const interests = body.flatMap((one) => (one.word === 'interest' ? [one.spotMarket] : []));
  if (found === undefined || new Set(interests).size < interests.length) throw noShape(words);
  return { kind: found[0], body, tipLamports };
}

/** The first two, each once: without a limit the chain would choose one, and with it the fee. */
function feeOf(words: readonly Word[], { fee }: SignerPolicy): bigint {
  const [limit, price] = words;
  if (limit?.word !== 'limit' || price?.word !== 'price') throw noShape(words);
  const priority = (limit.units * price.microLamports + MICRO - 1n) / MICRO;
  const cost = BASE_FEE + priority;
  if (cost <= fee.each) return cost;
  throw new SignerRefusal(
    'FEE',
    `The fee would be ${formatSol(cost)} SOL (${formatSol(priority)} of it priority); at most ${formatSol(fee.each)} SOL is ` +
      'signed for one transaction (fee.each of the policy).',
  );
}

/** Whatever a program does with its accounts, it can change only those that the message lets it write. */
function refuseStrangers(
  accounts: readonly { readonly address: string; readonly writable: boolean }[],
  words: readonly Word[],
  { wallet, tipAccounts }: SignerPolicy,
  own: WalletAccounts,
): void {
  const opens = words.some(({ word }) => word === 'open');
  const { userStats = '', state = '' } = own.fixed;
  const ours = new Set([
    ...[wallet, userStats, own.wrapped, ...own.users.values(), ...(opens ? [state] : [])],
    ...own.assets.flatMap(({ vault, tokenAccount }) => [vault, tokenAccount]),
    ...own.markets,
    ...tipAccounts,
  ]);
  const strange = accounts.find(({ address, writable }) => writable && !ours.has(address));
  if (strange === undefined) return;
  throw new SignerRefusal(
    'ACCOUNT',
    `The transaction could write ${strange.address}, which is neither an account of ${wallet} nor a market or vault of the ` +
      'policy. If it is a market in which the account holds something, add it to assets or other_perp_markets.',
  );
}

function movedBy(body: readonly Word[], kind: SignedKind, own: WalletAccounts): PermittedTransaction['moved'] {
  for (const one of body) {
    if (one.word === 'place') {
      return one.reduceOnly ? null : { asset: 'SOL', amount: one.base, decimals: 9 };
    }
    if (one.word !== 'deposit' && one.word !== 'withdraw') continue;
    const asset = own.assets.find(({ asset: name }) => name === one.asset);
    if (asset === undefined) break;
    const wrapped = body.find((each) => each.word === 'wrap');
    if ((wrapped !== undefined) !== (one.asset === 'SOL')) throw noShape(body);
    const extra = kind === 'deposit' ? one.amount : 0n;
    if (wrapped?.word === 'wrap' && wrapped.lamports !== TOKEN_ACCOUNT_RENT + extra) {
      throw new SignerRefusal(
        'ARGUMENT',
        `${formatSol(wrapped.lamports)} SOL would be wrapped for a ${kind} of ${formatAmount(one.amount, 9)} SOL; ` +
          `right is ${formatSol(TOKEN_ACCOUNT_RENT + extra)}, with the rent of the account that holds it meanwhile.`,
      );
    }
    return { asset: one.asset, amount: one.amount, decimals: asset.decimals };
  }
  return null;
}

const reduces = (body: readonly Word[]): boolean => body.some((one) => one.word === 'place' && one.reduceOnly);
