/** What the chain itself says of one Drift account, by the SDK's own decoder, past every fault and all code of ours. */
import { Connection, PublicKey } from '@solana/web3.js';
import { spotMarketAddress, userAddress } from '../../../localnet/drift/addresses.ts';
import { big, coder, decode, variantName } from '../../../localnet/drift/coder.ts';
import type { DriftLocalnet } from '../../../localnet/drift/index.ts';

/** Decimals of interest and of scaled balances together. */
const SCALE = 19;
const DECIMALS = [6, 9];
const USDC_INDEX = 0;
const SOL_INDEX = 1;
const PAGE = 1_000;
/** The program writes some of its events one way, some the other; a plain log line decodes to none of them. */
const EVENT_LINE = /^Program (?:data|log): ([\w+/]{12,}=*)$/;
const LATER_FIELDS = Buffer.alloc(256);

type Event = NonNullable<ReturnType<typeof coder.events.decode>>;

export interface Figures {
  /** Signed lamports. */
  readonly perp: bigint;
  /** Deposits less borrows, base units. */
  readonly sol: bigint;
  readonly usdc: bigint;
  readonly openOrders: number;
}

export interface ChainFill {
  readonly signature: string;
  /** Signed lamports: positive bought. */
  readonly base: bigint;
  readonly orderId: number;
}

export interface ChainAccount {
  readonly fills: readonly ChainFill[];
  /** Micro-USD of each payment, positive received. */
  readonly funding: readonly bigint[];
  /** Deposits positive, base units. */
  readonly moves: readonly { readonly signature: string; readonly asset: 'SOL' | 'USDC'; readonly amount: bigint }[];
  readonly liquidations: number;
  /** Of transactions that name the account or its wallet: whether it failed. */
  readonly landed: ReadonlyMap<string, boolean>;
}

/** As of the newest block. */
export function figuresOf(net: DriftLocalnet, authority: string): Figures {
  const { bank, head } = net.chain;
  const account = bank.accountAt(head, userAddress(authority));
  if (account === null) return { perp: 0n, sol: 0n, usdc: 0n, openOrders: 0 };
  const user = decode('User', account.data);
  const held = (index: number): bigint => {
    const position = user.spotPositions.find((one) => one.marketIndex === index && big(one.scaledBalance) !== 0n);
    const market = bank.accountAt(head, spotMarketAddress(index));
    if (position === undefined || market === null) return 0n;
    const { cumulativeBorrowInterest, cumulativeDepositInterest } = decode('SpotMarket', market.data);
    const isDeposit = variantName(position.balanceType) === 'deposit';
    const interest = big(isDeposit ? cumulativeDepositInterest : cumulativeBorrowInterest);
    const tokens = (big(position.scaledBalance) * interest) / 10n ** BigInt(SCALE - (DECIMALS[index] ?? 0));
    return isDeposit ? tokens : -tokens;
  };
  return {
    perp: user.perpPositions.reduce((sum, { baseAssetAmount }) => sum + big(baseAssetAmount), 0n),
    sol: held(SOL_INDEX),
    usdc: held(USDC_INDEX),
    openOrders: user.orders.filter(({ status }) => variantName(status) === 'open').length,
  };
}

/** All that ever happened to it, read from a node that no fault touches. */
export async function chainAccount(net: DriftLocalnet, rpcUrl: string): Promise<ChainAccount> {
  const connection = new Connection(rpcUrl, { commitment: 'finalized' });
  const { address } = net.wallet;
  const user = userAddress(address);
  const signatures = new Map<string, number>();
  for (const named of [user, address]) {
    let before: string | undefined;
    for (;;) {
      const page = await connection.getSignaturesForAddress(new PublicKey(named), {
        limit: PAGE,
        ...(before === undefined ? {} : { before }),
      });
      for (const { signature, slot } of page) signatures.set(signature, slot);
      if (page.length < PAGE) break;
      before = page.at(-1)?.signature;
    }
  }
  const landed = new Map<string, boolean>();
  const seen: { fills: ChainFill[]; funding: bigint[]; moves: ChainAccount['moves'][number][]; liquidations: number } =
    {
      fills: [],
      funding: [],
      moves: [],
      liquidations: 0,
    };
  for (const signature of [...signatures].sort(([, a], [, b]) => a - b).map(([name]) => name)) {
    const found = await connection.getTransaction(signature, { maxSupportedTransactionVersion: 0 });
    const meta = found?.meta;
    if (meta == null) throw new Error(`the chain has lost ${signature}`);
    landed.set(signature, meta.err !== null);
    if (meta.err !== null) continue;
    for (const event of eventsOf(meta.logMessages ?? [])) take(event, signature, user, seen);
  }
  return { ...seen, landed };
}

/** The SDK's events may have grown fields since this program: what the program does not write is read as zero. */
function eventsOf(logs: readonly string[]): readonly Event[] {
  return logs
    .map((line) => EVENT_LINE.exec(line)?.[1])
    .filter((text) => text !== undefined)
    .map((text) => Buffer.from(text, 'base64'))
    .map((bytes) => coder.events.decode(Buffer.concat([bytes, LATER_FIELDS]).toString('base64')))
    .filter((event) => event !== null);
}

interface EventRead {
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: the SDK's events, as its own decoder gives them
  readonly data: any;
}

interface Taken {
  readonly fills: ChainFill[];
  readonly funding: bigint[];
  readonly moves: ChainAccount['moves'][number][];
  liquidations: number;
}

function take({ name, data }: EventRead, signature: string, user: string, into: Taken) {
  const is = (key: unknown): boolean => key !== null && key !== undefined && String(key) === user;
  if (name === 'FundingPaymentRecord' && is(data.user)) into.funding.push(big(data.fundingPayment));
  if (name === 'LiquidationRecord' && is(data.user)) into.liquidations += 1;
  if (name === 'DepositRecord' && is(data.user)) {
    const amount = big(data.amount);
    const asset = data.marketIndex === SOL_INDEX ? 'SOL' : 'USDC';
    into.moves.push({ signature, asset, amount: variantName(data.direction) === 'deposit' ? amount : -amount });
  }
  const isFill = name === 'OrderActionRecord' && /^fill$/i.test(variantName(data.action));
  if (!isFill || !(is(data.taker) || is(data.maker))) return;
  const [direction, orderId] = is(data.taker)
    ? [data.takerOrderDirection, data.takerOrderId]
    : [data.makerOrderDirection, data.makerOrderId];
  const base = big(data.baseAssetAmountFilled);
  into.fills.push({ signature, orderId, base: variantName(direction) === 'long' ? base : -base });
}
