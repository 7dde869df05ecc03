/**
 * Whether a simulation leaves our accounts as the intent says. What is compared, and what each difference means for a trade
 * and for an exit: docs/architecture/simulated-effect.md.
 */
import { SystemProgram } from '@solana/web3.js';
import type { RawAccount } from '../../../chain/raw-account.ts';
import type { WatchedAccounts } from '../../../chain/solana-chain.ts';
import type { Account, Markets, PerpPosition, SpotMarket } from '../../../domain/account/account.ts';
import { emptyPosition } from '../../../domain/account/position.ts';
import { tokenAmount } from '../../../domain/margin/margin.ts';
import { formatAmount } from '../../../domain/money/amounts.ts';
import { abs, lamports, max } from '../../../domain/money/units.ts';
import {
  type Intent,
  intentAmount,
  type OrderIntent,
  orderPriceLimit,
  orderSize,
} from '../../../domain/order/intent.ts';
import { CriticalError } from '../../../lib/errors.ts';
import { perpMarketAddress, spotMarketAddress, TOKEN_2022_PROGRAM, TOKEN_PROGRAM } from '../addresses.ts';
import type { PerpsDeployment } from '../deployment.ts';
import type { AccountsView } from '../program-accounts.ts';
import type { PerpsRead } from '../read/perps-read.ts';
import { tokenSpenders } from '../read/token-spenders.ts';
import { TOKEN_ACCOUNT_RENT } from './token-accounts.ts';

export const EFFECT_DIFFERENCES = [
  'ACCOUNT_CONTROL',
  'ACCOUNT_UNREADABLE',
  'OTHER_ACCOUNT',
  'WALLET_LAMPORTS',
  'WALLET_TOKENS',
  'NOT_ARRIVED',
  'BALANCE_FALLS',
  'BALANCE_RISES',
  'POSITION',
  'OTHER_POSITION',
  'FILL_PRICE',
  'ORDER',
] as const;

export interface EffectDifference {
  readonly name: (typeof EFFECT_DIFFERENCES)[number];
  /** In a sentence's end: "it would …". */
  readonly text: string;
  /** Something of ours would be lost, or come into other hands. Otherwise more would come than asked for. */
  readonly harms: boolean;
}

/** A deposit is rounded down and a debt up, before and after. */
const ROUNDING = 2n;
/** Beyond the base fee: what a node may count otherwise. */
const FEE_SLACK = 5_000n;
const BASE_ONE = 1_000_000_000n;
const RATE_ONE = 1_000_000n;
const FUNDING_TO_QUOTE = 1_000_000_000_000n;
/** Flat fees for orders that are taken off on the way, micro-quote. */
const FLAT_FEES = 100_000n;
/** The most of the value that closing at the expiry price may cost, 1e-6: the venue takes its highest taker's fee there. */
const EXPIRY_FEE = 5_000n;
const TOKEN_OWNER = { at: 32, end: 64 } as const;
const TOKEN_AMOUNT_AT = 64;
const TOKEN_ACCOUNT_BYTES = 165;
/** Of the programs' own accounts: discriminator, then authority. */
const KIND_BYTES = 8;
const AUTHORITY_END = 40;

const harm = (name: EffectDifference['name'], text: string): EffectDifference => ({ name, text, harms: true });
const more = (name: EffectDifference['name'], text: string): EffectDifference => ({ name, text, harms: false });

interface Compared {
  readonly intent: Intent;
  readonly before: PerpsRead;
  readonly after: Pick<AccountsView, 'account' | 'markets'>;
  readonly accounts: ReadonlyMap<string, RawAccount | null>;
  readonly paidLamports: bigint;
  readonly at: PerpsDeployment;
}

/** Whether an order or a deposit; all else takes risk away or brings money home. */
const adds = (intent: Intent): boolean => intent.kind === 'deposit' || (intent.kind === 'order' && !intent.reduceOnly);

/**
 * Why this must not be signed; null: nothing stands against it. What adds is stopped by any difference, an exit only by
 * harm.
 *
 * @param before what the draft was built on
 */
export function forbiddenEffect(
  intent: Intent,
  before: PerpsRead,
  { accounts, paidLamports }: WatchedAccounts & { readonly accounts: Compared['accounts'] },
  at: PerpsDeployment,
): EffectDifference | null {
  const differences = differencesIn(intent, before, accounts, BigInt(paidLamports), at);
  return differences.find(({ harms }) => harms) ?? (adds(intent) ? (differences[0] ?? null) : null);
}

/** Whether a node that does not return the accounts may be believed for this: an exit does not wait for another. */
export const needsAccounts = adds;

function differencesIn(
  intent: Intent,
  before: PerpsRead,
  accounts: Compared['accounts'],
  paidLamports: bigint,
  at: PerpsDeployment,
): readonly EffectDifference[] {
  const control = [...walletControl(accounts, at), ...otherAccounts(before, accounts, at)];
  const after = viewAfter(before, accounts, at);
  if ('name' in after) return [...control, after];
  const compared: Compared = { intent, before, after, accounts, paidLamports, at };
  return [...control, ...walletMoves(compared), ...balances(compared), ...positions(compared), ...orders(compared)];
}

/** The read with what the simulation wrote in its place. */
function viewAfter(
  before: PerpsRead,
  accounts: Compared['accounts'],
  at: PerpsDeployment,
): Pick<AccountsView, 'account' | 'markets'> | EffectDifference {
  const { program, programId } = at;
  const raw = accounts.get(at.user.toBase58());
  if (raw === undefined) return before;
  if (raw === null || raw.owner !== programId.toBase58())
    return harm('ACCOUNT_CONTROL', 'close the account or give it to another program');
  const written = <M>(address: { toBase58(): string }, market: M, kind: 'PerpMarket' | 'SpotMarket'): M => {
    const bytes = accounts.get(address.toBase58())?.data;
    return bytes === undefined ? market : (program.decode(kind, bytes) as M);
  };
  try {
    const user = program.decode('User', raw.data);
    if (before.user !== null && program.controls(user) !== program.controls(before.user))
      return harm('ACCOUNT_CONTROL', 'change who may act for the account, or its margin rules');
    const perps = before.perps.map((one) => {
      const { marketIndex } = program.perpLinks(one.market);
      return { ...one, market: written(perpMarketAddress(at, marketIndex), one.market, 'PerpMarket') };
    });
    const spot = before.spot.map((one) => {
      const { marketIndex } = program.spotLinks(one.market);
      return { ...one, market: written(spotMarketAddress(at, marketIndex), one.market, 'SpotMarket') };
    });
    const now = <T>(old: readonly T[], fresh: readonly T[], one: T): T => fresh[old.indexOf(one)] ?? one;
    return program.view({
      ...before,
      ...{ user, perps, spot },
      market: now(before.perps, perps, before.market),
      base: now(before.spot, spot, before.base),
      quote: now(before.spot, spot, before.quote),
    });
  } catch (error) {
    if (!(error instanceof CriticalError)) throw error;
    return harm('ACCOUNT_UNREADABLE', `leave accounts that cannot be read (${error.message})`);
  }
}

/** The wallet stays a plain account of its key. */
function walletControl(accounts: Compared['accounts'], { authority }: PerpsDeployment): readonly EffectDifference[] {
  const wallet = accounts.get(authority.toBase58());
  if (wallet == null || (wallet.owner === SystemProgram.programId.toBase58() && wallet.data.length === 0)) return [];
  return [harm('ACCOUNT_CONTROL', 'give the wallet to a program')];
}

const isTokenAccount = ({ owner, data }: RawAccount): boolean =>
  data.length >= TOKEN_ACCOUNT_BYTES && (owner === TOKEN_PROGRAM.toBase58() || owner === TOKEN_2022_PROGRAM.toBase58());

/** Everything else that is written: nothing of it may be ours. */
function otherAccounts(
  { wallet }: PerpsRead,
  accounts: Compared['accounts'],
  { authority, programId, user }: PerpsDeployment,
): readonly EffectDifference[] {
  const [own, quote] = [user.toBase58(), wallet.tokens.quote.address.toBase58()];
  const kind = accounts.get(own)?.data.subarray(0, KIND_BYTES);
  return [...accounts].flatMap(([address, raw]) => {
    if (raw === null || address === own || address === quote) return [];
    if (isTokenAccount(raw) && authority.toBuffer().equals(raw.data.subarray(TOKEN_OWNER.at, TOKEN_OWNER.end)))
      return [harm('WALLET_TOKENS', `change another token account of this wallet (${address})`)];
    const isAccount = raw.owner === programId.toBase58() && kind?.equals(raw.data.subarray(0, KIND_BYTES)) === true;
    const isOurs = isAccount && authority.toBuffer().equals(raw.data.subarray(KIND_BYTES, AUTHORITY_END));
    return isOurs ? [harm('OTHER_ACCOUNT', `change another sub-account of this wallet (${address})`)] : [];
  });
}

const heldIn = (account: Account | null, market: SpotMarket): bigint => {
  const balance = account?.spot.find(({ marketIndex }) => marketIndex === market.marketIndex);
  return balance === undefined ? 0n : tokenAmount(balance, market);
};

/** What has gone into the account or come out of it, both valued with the indexes after it. */
const movedIn = ({ before, after }: Pick<Compared, 'before' | 'after'>, market: SpotMarket): bigint =>
  heldIn(after.account, market) - heldIn(before.account, market);

/** What a withdrawal takes out of the account. */
function takenBy(compared: Compared): bigint {
  const { intent, before, after } = compared;
  if (intent.kind !== 'withdraw') return 0n;
  const { marketIndex } = intent.asset === 'SOL' ? before.hedge.base : before.hedge.quote;
  const market = after.markets.spot.find((each) => each.marketIndex === marketIndex);
  return market === undefined ? 0n : max(0n, -movedIn(compared, market));
}

function walletMoves(compared: Compared): readonly EffectDifference[] {
  return [...lamportMoves(compared), ...tokenMoves(compared)];
}

function lamportMoves(compared: Compared): readonly EffectDifference[] {
  const { intent, before, accounts, paidLamports, at } = compared;
  const wallet = accounts.get(at.authority.toBase58());
  if (wallet === undefined) return [];
  const spent = before.wallet.sol - (wallet?.lamports ?? 0n);
  const ofSol = 'asset' in intent && intent.asset === 'SOL';
  const opening = intent.kind === 'deposit' ? before.openingCost : 0n;
  const deposited = intent.kind === 'deposit' && ofSol ? intentAmount(intent) : 0n;
  const makes = intent.kind === 'withdraw' && !ofSol && !before.wallet.tokens.quote.exists;
  const costs = paidLamports + FEE_SLACK + opening + (makes ? TOKEN_ACCOUNT_RENT : 0n);
  const arrives = ofSol ? max(0n, takenBy(compared) - ROUNDING) : 0n;
  const excess = spent - (costs + deposited - arrives);
  if (excess <= 0n) return [];
  const name = arrives > 0n ? 'NOT_ARRIVED' : 'WALLET_LAMPORTS';
  return [harm(name, `leave the wallet ${formatAmount(lamports(excess), 9)} SOL short of what it should hold`)];
}

function tokenMoves(compared: Compared): readonly EffectDifference[] {
  const { intent, before, accounts, at } = compared;
  const { quote } = before.wallet.tokens;
  const raw = accounts.get(quote.address.toBase58());
  if (raw === undefined) return [];
  const ofQuote = 'asset' in intent && intent.asset !== 'SOL';
  const due = ofQuote && intent.kind === 'withdraw' ? max(0n, takenBy(compared) - ROUNDING) : 0n;
  if (raw === null || !isTokenAccount(raw)) {
    const nothing = quote.amount === 0n && due === 0n && !quote.exists;
    return nothing ? [] : [harm('WALLET_TOKENS', 'close the token account of this wallet')];
  }
  if (!at.authority.toBuffer().equals(raw.data.subarray(TOKEN_OWNER.at, TOKEN_OWNER.end)))
    return [harm('ACCOUNT_CONTROL', 'give the token account of this wallet to somebody else')];
  if (tokenSpenders(raw.data) !== (quote.spenders ?? NO_SPENDERS))
    return [harm('ACCOUNT_CONTROL', 'let somebody else spend from the token account of this wallet')];
  const paid = ofQuote && intent.kind === 'deposit' ? intentAmount(intent) : 0n;
  const short = quote.amount - paid + due - raw.data.readBigUInt64LE(TOKEN_AMOUNT_AT);
  if (short <= 0n) return [];
  const text = `leave the wallet ${formatAmount(short, before.hedge.quote.decimals)} ${before.hedge.quote.asset} short`;
  return [harm(due > 0n ? 'NOT_ARRIVED' : 'WALLET_TOKENS', text)];
}

const NO_SPENDERS = tokenSpenders(Buffer.alloc(TOKEN_ACCOUNT_BYTES));

function balances(compared: Compared): readonly EffectDifference[] {
  const { before, after } = compared;
  const indexes = new Set([before.account, after.account].flatMap((one) => one?.spot.map((s) => s.marketIndex) ?? []));
  return [...indexes].flatMap((index) => {
    const market = after.markets.spot.find(({ marketIndex }) => marketIndex === index);
    if (market === undefined) return [harm('BALANCE_FALLS', `move a balance in a market that was not read (${index})`)];
    const moved = movedIn(compared, market);
    const [least, most] = allowedMove(compared, market);
    const text = `move ${formatAmount(moved, market.decimals)} ${market.asset} in the account`;
    if (moved < least - ROUNDING) return [harm('BALANCE_FALLS', text)];
    return moved > most + ROUNDING ? [more('BALANCE_RISES', text)] : [];
  });
}

function allowedMove(compared: Compared, { marketIndex }: SpotMarket): readonly [least: bigint, most: bigint] {
  const { intent, before } = compared;
  const { base, quote } = before.hedge;
  const whole = (moved: bigint) => [moved, moved] as const;
  if (intent.kind === 'settle') return marketIndex === quote.marketIndex ? settledOut(compared) : whole(0n);
  if (intent.kind !== 'deposit' && intent.kind !== 'withdraw') return whole(0n);
  if (marketIndex !== (intent.asset === 'SOL' ? base : quote).marketIndex) return whole(0n);
  const amount = intentAmount(intent);
  // The program gives less where more would be a loan.
  return intent.kind === 'deposit' ? whole(amount) : [-amount, 0n];
}

interface PositionPair {
  readonly index: number;
  readonly was: PerpPosition;
  readonly is: PerpPosition;
  /** Quote that came to the position beside funding: what was sold for, paid for or settled, with fees. */
  readonly quote: bigint;
}

function pairs({ before, after }: Compared): readonly PositionPair[] {
  const all = [before.account, after.account].flatMap((one) => one?.perps ?? []);
  return [...new Set(all.map(({ marketIndex }) => marketIndex))].map((index) => {
    const of = (account: Account | null): PerpPosition =>
      account?.perps.find(({ marketIndex }) => marketIndex === index) ?? emptyPosition(index, 0n);
    const [was, is] = [of(before.account), of(after.account)];
    return { index, was, is, quote: is.quoteAmount - was.quoteAmount - fundingBetween(was, is, after.markets) };
  });
}

/** Funding that was settled on the way. A position that is closed no longer says up to where: the market does. */
function fundingBetween(was: PerpPosition, is: PerpPosition, { perps }: Markets): bigint {
  if (was.baseAmount === 0n) return 0n;
  const market = perps.find(({ marketIndex }) => marketIndex === was.marketIndex);
  const cumulative = was.baseAmount > 0n ? market?.cumulativeFundingRateLong : market?.cumulativeFundingRateShort;
  const stays = is.baseAmount !== 0n && is.baseAmount > 0n === was.baseAmount > 0n;
  const upTo = stays ? is.lastCumulativeFundingRate : (cumulative ?? was.lastCumulativeFundingRate);
  return -(((upTo - was.lastCumulativeFundingRate) * was.baseAmount) / FUNDING_TO_QUOTE);
}

/** What settling must bring to the quote balance: whatever leaves the positions, and what they are closed for. */
function settledOut(compared: Compared): readonly [least: bigint, most: bigint] {
  const expired = pairs(compared).find((pair) => closesAtExpiry(compared, pair));
  const out = -pairs(compared).reduce((sum, { quote }) => sum + quote, 0n);
  if (expired === undefined) return [out, out];
  const value = expiryValue(compared, expired);
  return [out + value - (abs(value) * EXPIRY_FEE) / RATE_ONE - FLAT_FEES, out + value];
}

/** Settling a market that has ended closes the position at the expiry price. */
const closesAtExpiry = ({ intent, before: { hedge } }: Compared, { index, was, is }: PositionPair): boolean =>
  intent.kind === 'settle' &&
  index === hedge.perp.marketIndex &&
  hedge.perp.expiryPrice !== null &&
  was.baseAmount !== 0n &&
  is.baseAmount === 0n;

const expiryValue = ({ before }: Compared, { was }: PositionPair): bigint =>
  (was.baseAmount * (before.hedge.perp.expiryPrice ?? 0n)) / BASE_ONE;

/** The most that a trade of that value may cost: twice what the venue says. */
const feesOf = ({ before }: Compared, value: bigint): bigint =>
  (2n * abs(value) * before.hedge.perp.takerFee) / RATE_ONE + FLAT_FEES;

function positions(compared: Compared): readonly EffectDifference[] {
  const { intent, before } = compared;
  const { marketIndex } = before.hedge.perp;
  return pairs(compared).flatMap((pair) => {
    const { index, was, is, quote } = pair;
    const base = is.baseAmount - was.baseAmount;
    if (index === marketIndex && intent.kind === 'order') return fillOf(compared, intent, pair);
    if (base !== 0n && !closesAtExpiry(compared, pair))
      return [harm(index === marketIndex ? 'POSITION' : 'OTHER_POSITION', `change a position (market ${index})`)];
    if (intent.kind === 'settle') return [];
    const fees = index === marketIndex && intent.kind === 'cancel_orders' ? FLAT_FEES : 0n;
    return quote < -fees ? [harm('OTHER_POSITION', `take quote from a position (market ${index})`)] : [];
  });
}

function fillOf(
  compared: Compared,
  intent: OrderIntent,
  { was, is, quote }: PositionPair,
): readonly EffectDifference[] {
  const filled: bigint = is.baseAmount - was.baseAmount;
  const size: bigint = orderSize(intent);
  const limit: bigint = orderPriceLimit(intent);
  const against = filled !== 0n && filled > 0n !== size > 0n;
  const grows = intent.reduceOnly && (abs<bigint>(is.baseAmount) > abs<bigint>(was.baseAmount) || crosses(was, is));
  if (against || grows || abs(filled) > abs(size)) return [harm('POSITION', `fill ${formatAmount(filled, 9)} SOL`)];
  const value = (filled * limit) / BASE_ONE;
  if (quote >= -value - feesOf(compared, value)) return [];
  return [harm('FILL_PRICE', `fill ${formatAmount(filled, 9)} SOL at a price worse than the limit`)];
}

const crosses = (was: PerpPosition, is: PerpPosition): boolean =>
  is.baseAmount !== 0n && is.baseAmount > 0n !== was.baseAmount > 0n;

function orders({ intent, before, after }: Compared): readonly EffectDifference[] {
  const known = new Set(before.account?.orders.map(({ orderId }) => orderId));
  const fresh = (after.account?.orders ?? []).filter(({ orderId }) => !known.has(orderId));
  const wanted = fresh.filter((order) => {
    if (intent.kind !== 'order' || order.marketIndex !== before.hedge.perp.marketIndex) return false;
    const size: bigint = orderSize(intent);
    const side = size > 0n ? 'buy' : 'sell';
    return order.side === side && order.size <= abs(size) && order.reduceOnly === intent.reduceOnly;
  });
  return fresh.length > 1 || wanted.length < fresh.length
    ? [harm('ORDER', 'leave an order that was not asked for')]
    : [];
}
