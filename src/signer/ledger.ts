/** What was signed today, and for which attempts: plain data, charged before anything is signed. */
import { formatAmount, formatSol } from '../domain/money/amounts.ts';
import * as z from '../lib/codec.ts';
import type { PermittedTransaction } from './judge.ts';
import type { Cap, SignerPolicy } from './policy.ts';
import { SignerRefusal } from './refusal.ts';

export const LEDGER = z.object({
  version: z.literal(1),
  /** UTC, as 2026-11-29. */
  day: z.string(),
  /** Base units of today, by what is counted. */
  spent: z.record(z.integerText()),
  attempts: z.record(
    z.object({
      /** Of the message's bytes: sha256, hex. */
      message: z.string(),
      at: z.isoTime(),
    }),
  ),
});
export type SigningLedger = z.output<typeof LEDGER>;

export interface Charge {
  readonly attempt: string;
  readonly messageHash: string;
  readonly judged: PermittedTransaction;
  readonly nowMs: number;
}

export const EMPTY_LEDGER: SigningLedger = { version: 1, day: '', spent: {}, attempts: {} };
/** Far beyond the life of any blockhash and of Temporal's retries of one attempt. */
const ATTEMPT_KEPT_MS = 7 * 86_400_000;

const FEES = 'fees';

/**
 * The ledger with this transaction in it; unchanged where the same bytes were signed for the same attempt before.
 * @throws SignerRefusal ATTEMPT_TAKEN, AMOUNT, DAILY_AMOUNT, DAILY_FEES
 */
export function charged(
  ledger: SigningLedger,
  { attempt, messageHash, judged, nowMs }: Charge,
  policy: SignerPolicy,
): SigningLedger {
  const before = ledger.attempts[attempt];
  if (before !== undefined) {
    if (before.message === messageHash) return ledger;
    throw new SignerRefusal(
      'ATTEMPT_TAKEN',
      'Another transaction was signed for this attempt already, and it may land. Follow that one, or begin a new attempt.',
    );
  }
  const today = onDay(ledger, nowMs);
  const { key, cap } = capOf(judged, policy);
  const spent = { ...today.spent };
  if (judged.moved !== null) {
    const { asset, amount, decimals } = judged.moved;
    const shown = (value: bigint) => `${formatAmount(value, decimals)} ${asset}`;
    if (cap === null) {
      throw new SignerRefusal(
        'AMOUNT',
        `A transaction of the kind "${key}" is not signed: the policy has no cap for it. Add one to allow it.`,
      );
    }
    if (amount > cap.each) {
      throw new SignerRefusal(
        'AMOUNT',
        `${shown(amount)} was asked for; at most ${shown(cap.each)} is signed in one transaction of the kind "${key}".`,
      );
    }
    const sum = (spent[key] ?? 0n) + amount;
    if (sum > cap.perDay) {
      throw new SignerRefusal(
        'DAILY_AMOUNT',
        `${shown(amount)} was asked for; ${shown(cap.perDay - (spent[key] ?? 0n))} of today’s ${shown(cap.perDay)} is left for ` +
          `the kind "${key}". The count begins anew at midnight UTC.`,
      );
    }
    spent[key] = sum;
  }
  spent[FEES] = feesWith(spent[FEES] ?? 0n, judged, policy.fee);
  const attempts = { ...kept(today.attempts, nowMs), [attempt]: { message: messageHash, at: nowMs } };
  return { ...today, spent, attempts };
}

/** What takes risk away is counted, and never refused for it. */
function feesWith(before: bigint, { kind, feeLamports, tipLamports }: PermittedTransaction, cap: Cap): bigint {
  const sum = before + feeLamports + tipLamports;
  const exit = kind === 'reduction' || kind === 'cancel';
  if (exit || sum <= cap.perDay) return sum;
  throw new SignerRefusal(
    'DAILY_FEES',
    `Fees and tips of today would come to ${formatSol(sum)} SOL; at most ${formatSol(cap.perDay)} SOL is signed ` +
      '(fee.per_day of the policy). Reductions and cancels are signed all the same. The count begins anew at midnight UTC.',
  );
}

function capOf(
  { kind, moved }: PermittedTransaction,
  policy: SignerPolicy,
): { readonly key: string; readonly cap: Cap | null } {
  if (kind === 'order') return { key: kind, cap: policy.order };
  const asset = policy.assets.find((one) => one.asset === moved?.asset);
  if (kind !== 'deposit' && kind !== 'withdraw') return { key: kind, cap: null };
  return { key: `${kind} ${moved?.asset}`, cap: asset?.[kind] ?? null };
}

/** A clock that was set back opens no second day. */
function onDay(ledger: SigningLedger, nowMs: number): SigningLedger {
  const day = new Date(nowMs).toISOString().slice(0, 10);
  return day > ledger.day ? { ...ledger, day, spent: {} } : ledger;
}

const kept = (attempts: SigningLedger['attempts'], nowMs: number): SigningLedger['attempts'] =>
  Object.fromEntries(Object.entries(attempts).filter(([, { at }]) => nowMs - at < ATTEMPT_KEPT_MS));
