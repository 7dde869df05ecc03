/** A program's instructions with something added that nobody asked for: what a changed build, or a thief, would make of them. */
import { createHash } from 'node:crypto';
import { type PublicKey, SystemProgram, TransactionInstruction } from '@solana/web3.js';
import type { Intent, OrderIntent } from '../../src/domain/order/intent.ts';
import { TOKEN_PROGRAM } from '../../src/venues/solana-perps/addresses.ts';
import type { PerpsDeployment } from '../../src/venues/solana-perps/deployment.ts';
import type { PerpsProgram, ProgramInstructions } from '../../src/venues/solana-perps/perps-program.ts';
import type { ProgramAccounts } from '../../src/venues/solana-perps/program-accounts.ts';
import type { PerpsRead } from '../../src/venues/solana-perps/read/perps-read.ts';

const HOUR_MS = 3_600_000;
const SOL = 1_000_000_000n;
/** Of the quote asset. */
const QUOTE = 1_000_000n;
const TRANSFER = 3;
const APPROVE = 4;

/** Somebody else, and their account of the quote token. */
export interface Thief {
  readonly wallet: PublicKey;
  readonly tokens: PublicKey;
}

/** What an account is made of that holds 5 SOL, 500 of the quote asset and a short of 5 SOL. */
export interface DoctoredOn<T extends ProgramAccounts> {
  readonly program: PerpsProgram<T>;
  readonly quote: string;
  /** The owner's account of the quote token. */
  readonly tokens: () => PublicKey;
  readonly nowMs: () => number;
  readonly lowest: string;
  readonly highest: string;
  /** How a wrong size, side or direction shows: Velocity's orders fill where they are placed, Drift's are left open. */
  readonly wrongOrder: 'POSITION' | 'ORDER';
}

export interface Doctored<T extends ProgramAccounts> {
  readonly what: string;
  readonly intent: () => Intent;
  readonly instructions: (at: PerpsDeployment<T>, thief: Thief) => Partial<ProgramInstructions<T>>;
  readonly named: string;
}

/** SPL Token: number, amount; from, to or delegate, owner. */
function tokenInstruction(number: number, from: PublicKey, owner: PublicKey, to: PublicKey, amount: bigint) {
  const data = Buffer.alloc(9);
  data.writeUInt8(number);
  data.writeBigUInt64LE(amount, 1);
  return new TransactionInstruction({
    programId: TOKEN_PROGRAM,
    keys: [
      { pubkey: from, isSigner: false, isWritable: true },
      { pubkey: to, isSigner: false, isWritable: true },
      { pubkey: owner, isSigner: true, isWritable: false },
    ],
    data,
  });
}

function changeDelegate<T extends ProgramAccounts>({ programId, user, authority }: PerpsDeployment<T>, to: PublicKey) {
  const name = createHash('sha256').update('global:update_user_delegate').digest().subarray(0, 8);
  return new TransactionInstruction({
    programId,
    keys: [
      { pubkey: user, isSigner: false, isWritable: true },
      { pubkey: authority, isSigner: true, isWritable: false },
    ],
    data: Buffer.concat([name, Buffer.alloc(2), to.toBuffer()]),
  });
}

/** The intents that an honest program carries out on that account. */
export function intentsOn<T extends ProgramAccounts>({ quote, nowMs, lowest, highest }: DoctoredOn<T>) {
  const capital = (kind: 'deposit' | 'withdraw') => (asset: string, amount: bigint) => (): Intent => ({
    kind,
    asset,
    amount: amount.toString(),
  });
  const trade = (sol: bigint, reduceOnly: boolean) => (): OrderIntent => ({
    kind: 'order',
    market: 'SOL-PERP',
    size: sol.toString(),
    reduceOnly,
    priceLimit: sol < 0n ? lowest : highest,
    maxTsMs: nowMs() + HOUR_MS,
    cancelOpenOrders: reduceOnly,
  });
  return {
    depositQuote: capital('deposit')(quote, 10n * QUOTE),
    depositSol: capital('deposit')('SOL', SOL),
    withdrawQuote: capital('withdraw')(quote, 50n * QUOTE),
    withdrawSol: capital('withdraw')('SOL', SOL),
    enlarge: trade(-SOL, false),
    enlargeLittle: trade(-SOL / 10n, false),
    close: trade(5n * SOL, true),
    reduce: trade(SOL, true),
    cancel: (): Intent => ({ kind: 'cancel_orders', market: 'SOL-PERP' }),
    settle: (): Intent => ({ kind: 'settle', market: 'SOL-PERP' }),
  };
}

/** Each does more than its intent says, and by which name it is refused. */
export function doctoredDrafts<T extends ProgramAccounts>(on: DoctoredOn<T>): readonly Doctored<T>[] {
  const plain = on.program.instructions;
  const intents = intentsOn(on);
  type At = PerpsDeployment<T>;
  /** Each of the program's instructions, and then one more. */
  const besides = (extra: TransactionInstruction): Partial<ProgramInstructions<T>> => ({
    move: (...args) => [...plain.move(...args), extra],
    place: (...args) => [...plain.place(...args), extra],
    cancel: (...args) => [...plain.cancel(...args), extra],
    settle: (...args) => [...plain.settle(...args), extra],
  });
  const sendSol = ({ authority }: At, { wallet }: Thief, lamports = SOL) =>
    SystemProgram.transfer({ fromPubkey: authority, toPubkey: wallet, lamports });
  const tokens = (number: number, { authority }: At, to: PublicKey, amount: bigint) =>
    tokenInstruction(number, on.tokens(), authority, to, amount);
  const placing = (change: (order: OrderIntent) => Partial<OrderIntent>): Partial<ProgramInstructions<T>> => ({
    place: (order, ...rest) => plain.place({ ...order, ...change(order) }, ...rest),
  });
  return [
    {
      what: 'a deposit that sends SOL to another wallet',
      intent: intents.depositQuote,
      instructions: (at, thief) => besides(sendSol(at, thief)),
      named: 'WALLET_LAMPORTS',
    },
    {
      what: 'a cancel that sends a hundredth of a SOL away',
      intent: intents.cancel,
      instructions: (at, thief) => besides(sendSol(at, thief, SOL / 100n)),
      named: 'WALLET_LAMPORTS',
    },
    {
      what: 'a close that sends tokens away',
      intent: intents.reduce,
      instructions: (at, thief) => besides(tokens(TRANSFER, at, thief.tokens, QUOTE)),
      named: 'WALLET_TOKENS',
    },
    {
      what: 'a settle that lets another spend the tokens of the wallet',
      intent: intents.settle,
      instructions: (at, { wallet }) => besides(tokens(APPROVE, at, wallet, 1n << 60n)),
      named: 'ACCOUNT_CONTROL',
    },
    {
      what: 'a settle that gives the account a delegate',
      intent: intents.settle,
      instructions: (at, { wallet }) => besides(changeDelegate(at, wallet)),
      named: 'ACCOUNT_CONTROL',
    },
    {
      what: 'a withdrawal that pays somebody else',
      intent: intents.withdrawQuote,
      instructions: (_at, thief) => ({
        move: (move, ...rest) =>
          plain.move({ ...move, tokenAccount: thief.tokens, token: { ...move.token, address: thief.tokens } }, ...rest),
      }),
      named: 'NOT_ARRIVED',
    },
    {
      what: 'a withdrawal of more than was asked for',
      intent: intents.withdrawQuote,
      instructions: () => ({ move: (move, ...rest) => plain.move({ ...move, amount: 2n * move.amount }, ...rest) }),
      named: 'BALANCE_FALLS',
    },
    {
      what: 'an order that sells twice as much',
      intent: intents.enlarge,
      instructions: () => placing(({ size }) => ({ size: (2n * BigInt(size)).toString() })),
      named: on.wrongOrder,
    },
    {
      what: 'an order on the other side',
      intent: intents.enlargeLittle,
      instructions: () => placing(({ size }) => ({ size: (-BigInt(size)).toString(), priceLimit: on.highest })),
      named: on.wrongOrder,
    },
    {
      what: 'a close that turns the position round',
      intent: intents.close,
      instructions: () => placing(() => ({ size: (7n * SOL).toString(), reduceOnly: false })),
      named: on.wrongOrder,
    },
    {
      what: 'a cancel that leaves an order',
      intent: intents.cancel,
      instructions: (at) => ({
        cancel: (read: PerpsRead<T>) => [
          ...plain.cancel(read, at),
          ...plain.place({ ...intents.enlarge(), priceLimit: on.highest, cancelOpenOrders: false }, read, at),
        ],
      }),
      named: 'ORDER',
    },
  ];
}
