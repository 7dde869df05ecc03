/**
 * Reads the account and everything that its figures depend on with one request to one node, so all of one slot. The
 * accounts themselves say which others are needed: markets by their names, oracles and mints from the markets, further
 * markets from the user's positions. If an answer shows that another account is needed, the reader asks again.
 */
import type { PublicKey } from '@solana/web3.js';
import { askChainClock, CLOCK_SYSVAR, readChainClock } from '../../../chain/clock-sysvar.ts';
import { ClusterWatch } from '../../../chain/cluster-watch.ts';
import { impossible } from '../../../chain/rpc-answer.ts';
import type { ReadCommitment } from '../../../chain/rpc-methods.ts';
import type { RpcNode } from '../../../chain/rpc-node.ts';
import type { RpcPool } from '../../../chain/rpc-pool.ts';
import { ASSET_DECIMALS } from '../../../domain/money/amounts.ts';
import { lamports, microUsd } from '../../../domain/money/units.ts';
import type { Clock } from '../../../lib/clock.ts';
import { CriticalError, TransientError } from '../../../lib/errors.ts';
import {
  type DriftAccountName,
  type DriftAccountTypes,
  decodeDriftAccount,
  decodeOracleAccount,
  tokenAmountOf,
} from '../../drift/account-decoder.ts';
import { decodeAccount, decodeMarkets, type PerpMarketRead, type SpotMarketRead } from '../../drift/decode.ts';
import { feeTierOf } from '../../drift/fee-tier.ts';
import { text } from '../../drift/integers.ts';
import { pausesOf } from '../../drift/pauses.ts';
import {
  type PerpsDeployment,
  perpMarketAddress,
  spotMarketAddress,
  TOKEN_2022_PROGRAM,
  TOKEN_PROGRAM,
  tokenAccountAddress,
} from '../deployment.ts';
import { type AccountBatch, askAccounts, MAX_BATCH, type RawAccount } from './account-batch.ts';
import { addressText } from './address-text.ts';
import { type AccountWord, concluded, disagreement, UnansweredByNode } from './node-words.ts';
import type { PerpsRead, TokenAccountRead } from './perps-read.ts';

export type { PerpsRead } from './perps-read.ts';

/** The accounts to ask for, as far as they are known. */
interface ReadPlan {
  readonly perpIndex: number;
  readonly baseIndex: number;
  readonly quoteIndex: number;
  readonly perps: ReadonlySet<number>;
  readonly spot: ReadonlySet<number>;
  readonly oracles: ReadonlySet<string>;
  readonly tokens: { readonly base: TokenPlace; readonly quote: TokenPlace } | null;
}

/** A plan with its addresses, derived once. */
interface Question {
  readonly addresses: readonly string[];
  readonly perps: readonly string[];
  readonly spot: readonly string[];
}

interface TokenPlace {
  readonly address: PublicKey;
  readonly tokenProgram: PublicKey;
}

interface PerpsReaderOptions {
  readonly pool: RpcPool;
  readonly deployment: PerpsDeployment;
  readonly clock: Clock;
  /** Of the cluster; absent or null: not known. */
  readonly expectedGenesis?: string | null;
}

/** Markets lead to oracles, positions to markets and those to oracles: three answers, and one in reserve. */
const MAX_ROUNDS = 4;
/** Each answer includes the clock account. */
const MARKETS_AT_ONCE = MAX_BATCH - 1;
const TOKEN_2022_FLAG = 1;

/** A chain whose time advanced by this much cannot be at a lower slot than before. */
const SLOT_PROVEN_FALSE_MS = 60_000;

/** The newest slot that was read, with the chain's time at it. */
interface SeenSlot {
  readonly slot: number;
  readonly takenAtMs: number;
  readonly blockTimeMs: number;
}

/** The block time that a node has reached, for `ChainTime`. */
export const askClock = async (node: RpcNode): Promise<number | null> => (await askChainClock(node))?.timeMs ?? null;

export class PerpsReader {
  readonly deployment: PerpsDeployment;
  readonly #pool: RpcPool;
  readonly #clock: Clock;
  readonly #cluster: ClusterWatch;
  readonly #programId: string;
  readonly #questions = new WeakMap<ReadPlan, Question>();
  /** Most accounts do not change from slot to slot, so bytes are compared before they are decoded again. */
  readonly #decoded = new Map<string, { readonly data: Buffer; readonly account: unknown }>();
  #plan: ReadPlan | null = null;
  /** Per commitment: reads never go back, and data of a chain that stands still gets old. */
  readonly #seen = new Map<ReadCommitment, SeenSlot>();
  /**
   * Of these commitments the last read showed an account that held something, so it cannot have been deleted since. Each for
   * itself: what a confirmed read shows for the first time is not finalized yet.
   */
  readonly #held = new Set<ReadCommitment>();

  constructor({ pool, deployment, clock, expectedGenesis = null }: PerpsReaderOptions) {
    this.#pool = pool;
    this.deployment = deployment;
    this.#programId = deployment.programId.toBase58();
    this.#clock = clock;
    this.#cluster = new ClusterWatch(pool, expectedGenesis);
  }

  /** The account and the oracles of its markets, base58; none before the first read. For subscriptions. */
  get watched(): readonly string[] {
    const plan = this.#plan;
    return plan === null ? [] : [this.deployment.user.toBase58(), ...plan.oracles];
  }

  /** The account of the configured market, which orders write to, base58; none before the first read. */
  get writtenMarkets(): readonly string[] {
    const plan = this.#plan;
    return plan === null ? [] : [perpMarketAddress(this.deployment, plan.perpIndex).toBase58()];
  }

  /**
   * The first node that has the account provides it. Absence, or a configuration that can never work, is
   * believed only when every node says so.
   * @throws TransientError when no node answers, the nodes do not agree (`ACCOUNT_DISPUTED`), the accounts change faster
   * than they can be read, or Drift itself is not finalized yet;
   * CriticalError DRIFT_NOT_FOUND, DRIFT_LAYOUT, UNKNOWN_MARKET, TOKEN_DECIMALS
   */
  async read(commitment: ReadCommitment): Promise<PerpsRead> {
    const words: AccountWord[] = [];
    for (const node of this.#pool.ranked()) {
      const word = await this.#wordOf(node, commitment);
      if (word.kind === 'read' && word.read.user !== null) {
        if (holdsSomething(word.read)) this.#held.add(commitment);
        else this.#held.delete(commitment);
        return { ...word.read, disagreement: disagreement(words) };
      }
      words.push(word);
    }
    await this.#forgetFalseSlot(commitment, words);
    const read = concluded(words, { knownDrift: this.#plan !== null, heldBefore: this.#held.has(commitment) });
    this.#held.delete(commitment);
    return read;
  }

  async #wordOf(node: RpcNode, commitment: ReadCommitment): Promise<AccountWord> {
    const foreign = await this.#cluster.doubt(node);
    if (foreign !== null) return { node: node.name, kind: 'silent', answer: impossible(foreign) };
    try {
      return { node: node.name, kind: 'read', read: await this.#readOf(node, commitment) };
    } catch (error) {
      if (error instanceof UnansweredByNode) return { node: node.name, kind: 'silent', answer: error.answer };
      if (error instanceof TransientError) return { node: node.name, kind: 'unsettled', error };
      if (error instanceof CriticalError) return { node: node.name, kind: 'denies', error };
      throw error;
    }
  }

  async #readOf(node: RpcNode, commitment: ReadCommitment): Promise<PerpsRead> {
    let plan = this.#plan ?? (await this.#discover(node, commitment));
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const takenAtMs = this.#clock.nowMs();
      const batch = await this.#ask(node, this.#question(plan).addresses, commitment);
      const answer = this.#decode(batch, plan);
      if (answer === null) throw await this.#stateMissing(node, commitment);
      const needed = planFor(answer, plan, this.deployment);
      if (covers(plan, needed)) {
        // Accounts that are no longer needed are left out next time. An equal plan is kept with its addresses.
        this.#plan = covers(needed, plan) ? plan : needed;
        return this.#assemble(answer, plan, commitment, takenAtMs);
      }
      plan = needed;
    }
    throw new TransientError('DRIFT_READ_UNSETTLED', 'The markets of the account change faster than they can be read.');
  }

  /**
   * Reads never go back, unless the slot that they would go back from cannot have been: a node whose chain went on in time
   * and stands at a lower slot proves that.
   */
  async #forgetFalseSlot(commitment: ReadCommitment, words: readonly AccountWord[]): Promise<void> {
    const seen = this.#seen.get(commitment);
    if (seen === undefined || !words.some(({ kind }) => kind === 'silent')) return;
    for (const node of this.#pool.ranked()) {
      const clock = await askChainClock(node);
      const proves = clock !== null && clock.slot < seen.slot && clock.timeMs > seen.blockTimeMs + SLOT_PROVEN_FALSE_MS;
      if (!proves) continue;
      this.#seen.delete(commitment);
      return;
    }
  }

  #question(plan: ReadPlan): Question {
    const known = this.#questions.get(plan);
    if (known !== undefined) return known;
    const question = questionOf(this.deployment, plan);
    this.#questions.set(plan, question);
    return question;
  }

  /** @throws UnansweredByNode */
  async #ask(node: RpcNode, addresses: readonly string[], commitment: ReadCommitment): Promise<AccountBatch> {
    const minSlot = this.#seen.get(commitment)?.slot ?? 0;
    const answer = await askAccounts(this.#pool, node, addresses, { commitment, minSlot });
    if (answer.kind !== 'answer') throw new UnansweredByNode(answer);
    return answer.value;
  }

  /** Finds the markets by their names: the first read asks for every market once. */
  async #discover(node: RpcNode, commitment: ReadCommitment): Promise<ReadPlan> {
    const { deployment } = this;
    const stateAddress = deployment.state.toBase58();
    const batch = await this.#ask(node, [stateAddress], commitment);
    const state = this.#owned(batch, stateAddress, 'State');
    if (state === null) throw await this.#stateMissing(node, commitment);

    const marketsNamed = this.#marketsOf(node, commitment);
    const perps = await marketsNamed('PerpMarket', state.numberOfMarkets, perpMarketAddress);
    const perp = perps.find(({ name }) => name === deployment.market);
    if (perp === undefined) throw this.#unknown(deployment.market, perps);
    const spots = await marketsNamed('SpotMarket', state.numberOfSpotMarkets, spotMarketAddress);
    const base = spots.find(({ name }) => name === deployment.baseAsset);
    if (base === undefined) throw this.#unknown(deployment.baseAsset, spots);

    const perpIndex = perp.market.marketIndex;
    const baseIndex = base.market.marketIndex;
    const quoteIndex = perp.market.quoteSpotMarketIndex;
    const quote = spots.find(({ market }) => market.marketIndex === quoteIndex);
    mindDecimals(base, ASSET_DECIMALS.SOL);
    if (quote !== undefined) mindDecimals(quote, ASSET_DECIMALS.USDC);
    // The others are never needed again.
    this.#decoded.clear();
    return {
      ...{ perpIndex, baseIndex, quoteIndex },
      perps: new Set([perpIndex]),
      spot: new Set([baseIndex, quoteIndex]),
      oracles: new Set(),
      tokens: null,
    };
  }

  #marketsOf =
    (node: RpcNode, commitment: ReadCommitment) =>
    async <N extends 'PerpMarket' | 'SpotMarket'>(
      kind: N,
      count: number,
      addressOf: (deployment: PerpsDeployment, index: number) => PublicKey,
    ): Promise<readonly { readonly name: string; readonly market: DriftAccountTypes[N] }[]> => {
      const addresses = Array.from({ length: count }, (_, index) => addressOf(this.deployment, index).toBase58());
      const found: { readonly name: string; readonly market: DriftAccountTypes[N] }[] = [];
      for (let from = 0; from < addresses.length; from += MARKETS_AT_ONCE) {
        const asked = addresses.slice(from, from + MARKETS_AT_ONCE);
        const batch = await this.#ask(node, asked, commitment);
        for (const address of asked) {
          const market = this.#owned(batch, address, kind);
          if (market !== null) found.push({ name: text(market.name), market });
        }
      }
      return found;
    };

  #owned<N extends DriftAccountName>(
    { accounts }: AccountBatch,
    address: string,
    name: N,
  ): DriftAccountTypes[N] | null {
    const account = accounts.get(address) ?? null;
    if (account === null || account.data.length === 0) return null;
    if (account.owner !== this.#programId) throw this.#notFound();
    const known = this.#decoded.get(address);
    if (known?.data.equals(account.data)) return known.account as DriftAccountTypes[N];
    const decoded = decodeDriftAccount(name, account.data);
    this.#decoded.set(address, { data: account.data, account: decoded });
    return decoded;
  }

  /** A Drift that is not finalized yet is not a wrong setting: the read waits for it. */
  async #stateMissing(node: RpcNode, commitment: ReadCommitment): Promise<CriticalError | TransientError> {
    if (commitment === 'confirmed') return this.#notFound();
    const address = this.deployment.state.toBase58();
    const young = this.#owned(await this.#ask(node, [address], 'confirmed'), address, 'State');
    if (young === null) return this.#notFound();
    return new TransientError('DRIFT_NOT_FINAL', 'The Drift program is not finalized yet. The chain is too young.');
  }

  #notFound(): CriticalError {
    const { programId, env } = this.deployment;
    return new CriticalError(
      'DRIFT_NOT_FOUND',
      `There is no Drift program at ${programId.toBase58()} on this cluster. Check DRIFT_PROGRAM_ID, DRIFT_ENV (${env}) and RPC_URL.`,
      { program_id: programId.toBase58(), env },
    );
  }

  #unknown(name: string, known: readonly { readonly name: string }[]): CriticalError {
    return new CriticalError('UNKNOWN_MARKET', `This Drift deployment has no market ${name}.`, {
      got: name,
      expected: known.map((each) => each.name).slice(0, MAX_BATCH),
    });
  }

  /** Null: there is no State. */
  #decode(batch: AccountBatch, plan: ReadPlan): AccountsAnswer | null {
    const { deployment } = this;
    const state = this.#owned(batch, addressText(deployment.state), 'State');
    if (state === null) return null;
    const question = this.#question(plan);
    const market =
      <N extends 'PerpMarket' | 'SpotMarket'>(kind: N) =>
      (address: string): DriftAccountTypes[N] => {
        const decoded = this.#owned(batch, address, kind);
        if (decoded === null) {
          throw new TransientError('DRIFT_MARKET_MISSING', `The account ${address} of a market is missing.`);
        }
        return decoded;
      };
    return {
      batch,
      state,
      user: this.#owned(batch, addressText(deployment.user), 'User'),
      userStats: this.#owned(batch, addressText(deployment.userStats), 'UserStats'),
      perps: question.perps.map(market('PerpMarket')),
      spot: question.spot.map(market('SpotMarket')),
    };
  }

  #assemble(answer: AccountsAnswer, plan: ReadPlan, commitment: ReadCommitment, askedAtMs: number): PerpsRead {
    const { batch, state, user, userStats } = answer;
    const { slot, accounts } = batch;
    const clock = readChainClock(need(accounts.get(CLOCK_SYSVAR) ?? undefined).data);
    const { timeMs: blockTimeMs } = need(clock ?? undefined);
    const tokensAt = need(plan.tokens ?? undefined);
    const perps: PerpMarketRead[] = answer.perps.map((market) => ({
      market,
      oracle: decodeOracleAccount(market.amm.oracleSource, bytesAt(accounts, market.amm.oracle)),
    }));
    const spot: SpotMarketRead[] = answer.spot.map((market) => ({
      market,
      oracle: decodeOracleAccount(market.oracleSource, bytesAt(accounts, market.oracle)),
    }));
    const market = need(perps.find((each) => each.market.marketIndex === plan.perpIndex));
    const base = need(spot.find((each) => each.market.marketIndex === plan.baseIndex));
    const quote = need(spot.find((each) => each.market.marketIndex === plan.quoteIndex));
    const tokens = {
      base: tokenAccountIn(accounts, tokensAt.base),
      quote: tokenAccountIn(accounts, tokensAt.quote),
    };
    const feeTier = feeTierOf(state, userStats, blockTimeMs);
    return {
      commitment,
      slot,
      takenAtMs: this.#firstReadAt(commitment, { slot, blockTimeMs, takenAtMs: askedAtMs }),
      blockTimeMs,
      disagreement: null,
      ...{ state, user, userStats, market, base, quote, perps, spot },
      account: user === null ? null : decodeAccount(user),
      markets: decodeMarkets({ state, spot, perps, slot, nowMs: blockTimeMs, feeTier }),
      pauses: pausesOf({ state, market: market.market, base: base.market, quote: quote.market, user }),
      wallet: {
        sol: lamports(accounts.get(addressText(this.deployment.authority))?.lamports ?? 0n),
        usdc: microUsd(tokens.quote.amount),
        tokens,
      },
    };
  }

  #firstReadAt(commitment: ReadCommitment, read: SeenSlot): number {
    const seen = this.#seen.get(commitment);
    const takenAtMs = seen?.slot === read.slot ? Math.min(seen.takenAtMs, read.takenAtMs) : read.takenAtMs;
    this.#seen.set(commitment, { ...read, takenAtMs });
    return takenAtMs;
  }
}

/** Drift deletes an account only when it is empty. */
const holdsSomething = ({ account }: PerpsRead): boolean =>
  account !== null && (account.perps.length > 0 || account.spot.length > 0 || account.orders.length > 0);

/** Our amounts are lamports and millionths; with a token of other units they would be off by powers of ten. */
function mindDecimals(
  { name, market }: { name: string; market: DriftAccountTypes['SpotMarket'] },
  expected: number,
): void {
  if (market.decimals === expected) return;
  throw new CriticalError(
    'TOKEN_DECIMALS',
    `${name} has ${market.decimals} decimals here; Driftless expects ${expected} and cannot trade on this deployment.`,
    { asset: name, got: market.decimals, expected },
  );
}

interface AccountsAnswer {
  readonly batch: AccountBatch;
  readonly state: DriftAccountTypes['State'];
  readonly user: DriftAccountTypes['User'] | null;
  readonly userStats: DriftAccountTypes['UserStats'] | null;
  readonly perps: readonly DriftAccountTypes['PerpMarket'][];
  readonly spot: readonly DriftAccountTypes['SpotMarket'][];
}

const ascending = (indexes: ReadonlySet<number>): number[] => [...indexes].sort((a, b) => a - b);

function need<T>(value: T | undefined): T {
  if (value === undefined) throw new RangeError('what was asked for is not in the answer');
  return value;
}

function questionOf(deployment: PerpsDeployment, plan: ReadPlan): Question {
  const { state, user, userStats, authority } = deployment;
  const perps = ascending(plan.perps).map((index) => perpMarketAddress(deployment, index).toBase58());
  const spot = ascending(plan.spot).map((index) => spotMarketAddress(deployment, index).toBase58());
  const tokens = plan.tokens === null ? [] : [plan.tokens.base.address, plan.tokens.quote.address];
  const own = [state, user, userStats, authority, ...tokens].map((key) => key.toBase58());
  return { addresses: [...new Set([CLOCK_SYSVAR, ...own, ...perps, ...spot, ...plan.oracles])], perps, spot };
}

/** The further accounts that these accounts refer to. */
function planFor({ user, perps, spot }: AccountsAnswer, plan: ReadPlan, deployment: PerpsDeployment): ReadPlan {
  const perpIndexes = new Set([plan.perpIndex]);
  const spotIndexes = new Set([plan.baseIndex, plan.quoteIndex]);
  for (const position of user?.spotPositions ?? []) {
    if (!position.scaledBalance.isZero() || position.openOrders !== 0) spotIndexes.add(position.marketIndex);
  }
  for (const position of user?.perpPositions ?? []) {
    const held = !position.baseAssetAmount.isZero() || !position.quoteAssetAmount.isZero() || position.openOrders !== 0;
    if (held) perpIndexes.add(position.marketIndex);
  }
  for (const market of perps) {
    if (perpIndexes.has(market.marketIndex)) spotIndexes.add(market.quoteSpotMarketIndex);
  }
  const oracles = new Set([
    ...perps.filter(({ marketIndex }) => perpIndexes.has(marketIndex)).map(({ amm }) => addressText(amm.oracle)),
    ...spot.filter(({ marketIndex }) => spotIndexes.has(marketIndex)).map(({ oracle }) => addressText(oracle)),
  ]);
  const placeOf = (index: number): TokenPlace => {
    const market = need(spot.find((each) => each.marketIndex === index));
    const tokenProgram = (market.tokenProgramFlag & TOKEN_2022_FLAG) === 0 ? TOKEN_PROGRAM : TOKEN_2022_PROGRAM;
    return { address: tokenAccountAddress(deployment.authority, market.mint, tokenProgram), tokenProgram };
  };
  const tokens = plan.tokens ?? { base: placeOf(plan.baseIndex), quote: placeOf(plan.quoteIndex) };
  return { ...plan, perps: perpIndexes, spot: spotIndexes, oracles, tokens };
}

const within = <T>(part: ReadonlySet<T>, whole: ReadonlySet<T>): boolean => [...part].every((each) => whole.has(each));

const covers = (plan: ReadPlan, needed: ReadPlan): boolean =>
  plan.tokens !== null &&
  within(needed.perps, plan.perps) &&
  within(needed.spot, plan.spot) &&
  within(needed.oracles, plan.oracles);

type RawAccounts = ReadonlyMap<string, RawAccount | null>;

const bytesAt = (accounts: RawAccounts, address: PublicKey): Buffer | null =>
  accounts.get(addressText(address))?.data ?? null;

function tokenAccountIn(accounts: RawAccounts, { address, tokenProgram }: TokenPlace): TokenAccountRead {
  const account = accounts.get(addressText(address)) ?? null;
  const amount = account === null ? null : tokenAmountOf(account.data);
  return { address, tokenProgram, exists: amount !== null, amount: amount ?? 0n };
}
