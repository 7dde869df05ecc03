/**
 * Reads the account and everything that its figures depend on with one request to one node, so all of one slot. The
 * accounts themselves say which others are needed: markets by their names, oracles and mints from the markets, further
 * markets from the user's positions. If an answer shows that another account is needed, the reader asks again.
 */
import { PublicKey } from '@solana/web3.js';
import { askChainClock, CLOCK_SYSVAR, readChainClock } from '../../../chain/clock-sysvar.ts';
import { ClusterWatch } from '../../../chain/cluster-watch.ts';
import type { RawAccount } from '../../../chain/raw-account.ts';
import { impossible } from '../../../chain/rpc-answer.ts';
import type { ReadCommitment } from '../../../chain/rpc-methods.ts';
import type { RpcNode } from '../../../chain/rpc-node.ts';
import type { RpcPool } from '../../../chain/rpc-pool.ts';
import { SOL_DECIMALS, USD_DECIMALS } from '../../../domain/money/amounts.ts';
import { lamports, microUsd } from '../../../domain/money/units.ts';
import type { Clock } from '../../../lib/clock.ts';
import { CriticalError, TransientError } from '../../../lib/errors.ts';
import { perpMarketAddress, spotMarketAddress, tokenAccountAddress } from '../addresses.ts';
import type { PerpsDeployment } from '../deployment.ts';
import type { PerpsProgram } from '../perps-program.ts';
import type {
  DecodedAccounts,
  PerpMarketRead,
  ProgramAccountName,
  ProgramAccounts,
  SpotMarketLinks,
  SpotMarketRead,
} from '../program-accounts.ts';
import { type AccountBatch, MAX_BATCH } from './account-batch.ts';
import { AccountPolls, type PollMember } from './account-polls.ts';
import { addressText } from './address-text.ts';
import { type AccountWord, concluded, disagreement, UnansweredByNode } from './node-words.ts';
import type { PerpsRead, TokenAccountRead } from './perps-read.ts';
import { tokenSpenders } from './token-spenders.ts';
import { walletHolder } from './wallet-holder.ts';

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
  readonly mint: PublicKey;
  readonly tokenProgram: PublicKey;
}

interface PerpsReaderOptions<T extends ProgramAccounts> {
  readonly pool: RpcPool;
  readonly deployment: PerpsDeployment<T>;
  readonly clock: Clock;
  /** Absent: the cluster is not known, and no node is asked for it. */
  readonly cluster?: ClusterWatch;
  /** With whom its polls are shared; absent: nobody. */
  readonly polls?: AccountPolls;
}

/** Markets lead to oracles, positions to markets and those to oracles: three answers, and one in reserve. */
const MAX_ROUNDS = 4;
/** Each answer includes the clock account. */
const MARKETS_AT_ONCE = MAX_BATCH - 1;

/** A chain whose time advanced by this much cannot be at a lower slot than before. */
const SLOT_PROVEN_FALSE_MS = 60_000;

/** The newest slot that was read, with the chain's time at it. */
interface SeenSlot {
  readonly slot: number;
  readonly takenAtMs: number;
  readonly blockTimeMs: number;
}

export class PerpsReader<T extends ProgramAccounts = ProgramAccounts> {
  readonly deployment: PerpsDeployment<T>;
  readonly #program: PerpsProgram<T>;
  readonly #pool: RpcPool;
  readonly #cluster: ClusterWatch;
  readonly #polls: PollMember;
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

  constructor({ pool, deployment, clock, cluster, polls }: PerpsReaderOptions<T>) {
    this.#pool = pool;
    this.deployment = deployment;
    this.#program = deployment.program;
    this.#programId = deployment.programId.toBase58();
    this.#cluster = cluster ?? new ClusterWatch(pool, null);
    this.#polls = (polls ?? new AccountPolls(pool, clock)).join();
  }

  /** The account and the oracles of its markets, base58; none before the first read. For subscriptions. */
  get watched(): readonly string[] {
    const plan = this.#plan;
    return plan === null ? [] : [this.deployment.user.toBase58(), ...plan.oracles];
  }

  /** Its place among those that share their polls. */
  get turn(): number {
    return this.#polls.turn;
  }

  /** The account of the configured market, which orders write to, base58; none before the first read. */
  get writtenMarkets(): readonly string[] {
    const plan = this.#plan;
    return plan === null ? [] : [perpMarketAddress(this.deployment, plan.perpIndex).toBase58()];
  }

  /**
   * The first node that has the account provides it. Absence, or a configuration that can never work, is
   * believed only when every node says so.
   * @param sinceMs wall clock: an answer that was asked for since will do, so engines that poll together share one. Absent:
   * it asks now, for itself
   * @throws TransientError when no node answers, the nodes do not agree (`ACCOUNT_DISPUTED`), the accounts change faster
   * than they can be read, or the program itself is not finalized yet;
   * CriticalError `…_NOT_FOUND`, what the program's `decode` says, UNKNOWN_MARKET, TOKEN_DECIMALS
   */
  async read(commitment: ReadCommitment, sinceMs: number | null = null): Promise<PerpsRead<T>> {
    const words: AccountWord<PerpsRead<T>>[] = [];
    for (const node of this.#pool.ranked()) {
      const word = await this.#wordOf(node, commitment, sinceMs);
      if (word.kind === 'read' && word.read.user !== null) {
        if (holdsSomething(word.read)) this.#held.add(commitment);
        else this.#held.delete(commitment);
        return { ...word.read, disagreement: disagreement(words) };
      }
      words.push(word);
    }
    await this.#forgetFalseSlot(commitment, words);
    const read = concluded(words, { knownProgram: this.#plan !== null, heldBefore: this.#held.has(commitment) });
    this.#held.delete(commitment);
    return read;
  }

  /** Its polls are no longer shared. */
  leave(): void {
    this.#polls.leave();
  }

  async #wordOf(node: RpcNode, commitment: ReadCommitment, sinceMs: number | null): Promise<AccountWord<PerpsRead<T>>> {
    const foreign = await this.#cluster.doubt(node);
    if (foreign !== null) return { node: node.name, kind: 'silent', answer: impossible(foreign) };
    try {
      return { node: node.name, kind: 'read', read: await this.#readOf(node, commitment, sinceMs) };
    } catch (error) {
      if (error instanceof UnansweredByNode) return { node: node.name, kind: 'silent', answer: error.answer };
      if (error instanceof TransientError) return { node: node.name, kind: 'unsettled', error };
      if (error instanceof CriticalError) return { node: node.name, kind: 'denies', error };
      throw error;
    }
  }

  async #readOf(node: RpcNode, commitment: ReadCommitment, sinceMs: number | null): Promise<PerpsRead<T>> {
    let plan = this.#plan ?? (await this.#discover(node, commitment));
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const { addresses } = this.#question(plan);
      // What another account is needed for is asked again at once.
      const { batch, takenAtMs } = await this.#ask(node, addresses, commitment, round === 0 ? sinceMs : null);
      const answer = this.#decode(batch, plan);
      if (answer === null) throw await this.#stateMissing(node, commitment);
      const needed = this.#planFor(answer, plan);
      if (covers(plan, needed)) {
        // Accounts that are no longer needed are left out next time. An equal plan is kept with its addresses.
        this.#plan = covers(needed, plan) ? plan : needed;
        return this.#assemble(answer, plan, commitment, takenAtMs);
      }
      plan = needed;
    }
    throw new TransientError(
      this.#code('READ_UNSETTLED'),
      'The markets of the account change faster than they can be read.',
    );
  }

  /**
   * Reads never go back, unless the slot that they would go back from cannot have been: a node whose chain went on in time
   * and stands at a lower slot proves that.
   */
  async #forgetFalseSlot(commitment: ReadCommitment, words: readonly AccountWord<PerpsRead<T>>[]): Promise<void> {
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
  async #ask(
    node: RpcNode,
    addresses: readonly string[],
    commitment: ReadCommitment,
    sinceMs: number | null = null,
  ): Promise<{ readonly batch: AccountBatch; readonly takenAtMs: number }> {
    const terms = { commitment, minSlot: this.#seen.get(commitment)?.slot ?? 0 };
    const { answer, askedAtMs } =
      sinceMs === null
        ? await this.#polls.ask(node, addresses, terms)
        : await this.#polls.poll(node, addresses, terms, sinceMs);
    if (answer.kind !== 'answer') throw new UnansweredByNode(answer);
    return { batch: answer.value, takenAtMs: askedAtMs };
  }

  /** Finds the markets by their names: the first read asks for every market once. */
  async #discover(node: RpcNode, commitment: ReadCommitment): Promise<ReadPlan> {
    const { deployment } = this;
    const stateAddress = deployment.state.toBase58();
    const { batch } = await this.#ask(node, [stateAddress], commitment);
    const state = this.#owned(batch, stateAddress, 'State');
    if (state === null) throw await this.#stateMissing(node, commitment);

    const counts = this.#program.marketCounts(state);
    const perps = (await this.#marketsOf(node, commitment, 'PerpMarket', counts.perps)).map((market) =>
      this.#program.perpLinks(market),
    );
    const perp = perps.find(({ name }) => name === deployment.market);
    if (perp === undefined) throw this.#unknown(deployment.market, perps);
    const spots = (await this.#marketsOf(node, commitment, 'SpotMarket', counts.spot)).map((market) =>
      this.#program.spotLinks(market),
    );
    const base = spots.find(({ name }) => name === deployment.baseAsset);
    if (base === undefined) throw this.#unknown(deployment.baseAsset, spots);

    const perpIndex = perp.marketIndex;
    const baseIndex = base.marketIndex;
    const { quoteIndex } = perp;
    const quote = spots.find(({ marketIndex }) => marketIndex === quoteIndex);
    mindDecimals(base, SOL_DECIMALS);
    if (quote !== undefined) mindDecimals(quote, USD_DECIMALS);
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

  async #marketsOf<N extends 'PerpMarket' | 'SpotMarket'>(
    node: RpcNode,
    commitment: ReadCommitment,
    kind: N,
    count: number,
  ): Promise<readonly T[N][]> {
    const addressOf = kind === 'PerpMarket' ? perpMarketAddress : spotMarketAddress;
    const addresses = Array.from({ length: count }, (_, index) => addressOf(this.deployment, index).toBase58());
    const found: T[N][] = [];
    for (let from = 0; from < addresses.length; from += MARKETS_AT_ONCE) {
      const asked = addresses.slice(from, from + MARKETS_AT_ONCE);
      const { batch } = await this.#ask(node, asked, commitment);
      for (const address of asked) {
        const market = this.#owned(batch, address, kind);
        if (market !== null) found.push(market);
      }
    }
    return found;
  }

  #owned<N extends ProgramAccountName>({ accounts }: AccountBatch, address: string, name: N): T[N] | null {
    const account = accounts.get(address) ?? null;
    if (account === null || account.data.length === 0) return null;
    if (account.owner !== this.#programId) throw this.#notFound();
    const known = this.#decoded.get(address);
    if (known?.data.equals(account.data)) return known.account as T[N];
    const decoded = this.#program.decode(name, account.data);
    this.#decoded.set(address, { data: account.data, account: decoded });
    return decoded;
  }

  /** A program that is not finalized yet is not a wrong setting: the read waits for it. */
  async #stateMissing(node: RpcNode, commitment: ReadCommitment): Promise<CriticalError | TransientError> {
    if (commitment === 'confirmed') return this.#notFound();
    const address = this.deployment.state.toBase58();
    const { batch } = await this.#ask(node, [address], 'confirmed');
    const young = this.#owned(batch, address, 'State');
    if (young === null) return this.#notFound();
    const { name } = this.#program;
    return new TransientError(
      this.#code('NOT_FINAL'),
      `The ${name} program is not finalized yet. The chain is too young.`,
    );
  }

  #notFound(): CriticalError {
    const { programId, env } = this.deployment;
    return new CriticalError(
      this.#code('NOT_FOUND'),
      `There is no ${this.#program.name} program at ${programId.toBase58()} on this cluster. Check DRIFT_PROGRAM_ID, DRIFT_ENV (${env}) and RPC_URL.`,
      { program_id: programId.toBase58(), env },
    );
  }

  #unknown(name: string, known: readonly { readonly name: string }[]): CriticalError {
    return new CriticalError('UNKNOWN_MARKET', `This ${this.#program.name} deployment has no market ${name}.`, {
      got: name,
      expected: known.map((each) => each.name).slice(0, MAX_BATCH),
    });
  }

  /** Null: there is no State. */
  #decode(batch: AccountBatch, plan: ReadPlan): AccountsAnswer<T> | null {
    const { deployment } = this;
    const state = this.#owned(batch, addressText(deployment.state), 'State');
    if (state === null) return null;
    const question = this.#question(plan);
    const market =
      <N extends 'PerpMarket' | 'SpotMarket'>(kind: N) =>
      (address: string): T[N] => {
        const decoded = this.#owned(batch, address, kind);
        if (decoded === null) {
          throw new TransientError(this.#code('MARKET_MISSING'), `The account ${address} of a market is missing.`);
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

  #assemble(answer: AccountsAnswer<T>, plan: ReadPlan, commitment: ReadCommitment, askedAtMs: number): PerpsRead<T> {
    const { batch, state, user, userStats } = answer;
    const { slot, accounts } = batch;
    const clock = readChainClock(need(accounts.get(CLOCK_SYSVAR) ?? undefined).data);
    const { timeMs: blockTimeMs } = need(clock ?? undefined);
    const tokensAt = need(plan.tokens ?? undefined);
    const program = this.#program;
    const perps = answer.perps.map((market): PerpMarketRead<T> => {
      const { oracle } = program.perpLinks(market);
      return { market, oracle: program.perpOracle(market, bytesAt(accounts, oracle)) };
    });
    const spot = answer.spot.map((market): SpotMarketRead<T> => {
      const { oracle } = program.spotLinks(market);
      return { market, oracle: program.spotOracle(market, bytesAt(accounts, oracle)) };
    });
    const decoded: DecodedAccounts<T> = {
      ...{ slot, blockTimeMs, state, user, userStats, perps, spot },
      market: need(perps.find(({ market }) => program.perpLinks(market).marketIndex === plan.perpIndex)),
      base: need(spot.find(({ market }) => program.spotLinks(market).marketIndex === plan.baseIndex)),
      quote: need(spot.find(({ market }) => program.spotLinks(market).marketIndex === plan.quoteIndex)),
    };
    const view = program.view(decoded);
    const wallet = accounts.get(addressText(this.deployment.authority)) ?? null;
    const heldBy = walletHolder(wallet);
    const spotMarket = (index: number) => need(view.markets.spot.find(({ marketIndex }) => marketIndex === index));
    const tokens = {
      base: tokenAccountIn(accounts, tokensAt.base),
      quote: tokenAccountIn(accounts, tokensAt.quote),
    };
    return {
      commitment,
      takenAtMs: this.#firstReadAt(commitment, { slot, blockTimeMs, takenAtMs: askedAtMs }),
      disagreement: null,
      ...decoded,
      ...view,
      hedge: {
        perp: need(view.markets.perps.find(({ marketIndex }) => marketIndex === plan.perpIndex)),
        base: spotMarket(plan.baseIndex),
        quote: spotMarket(plan.quoteIndex),
      },
      wallet: {
        sol: lamports(wallet?.lamports ?? 0n),
        quote: microUsd(tokens.quote.amount),
        tokens,
        ...(heldBy === null ? {} : { heldBy }),
      },
    };
  }

  /** The further accounts that these accounts refer to. */
  #planFor({ user, perps, spot }: AccountsAnswer<T>, plan: ReadPlan): ReadPlan {
    const program = this.#program;
    const held = user === null ? { perps: [], spot: [] } : program.marketsOf(user);
    const perpIndexes = new Set([plan.perpIndex, ...held.perps]);
    const perpLinks = perps.map((market) => program.perpLinks(market));
    const spotLinks = spot.map((market) => program.spotLinks(market));
    const neededPerps = perpLinks.filter(({ marketIndex }) => perpIndexes.has(marketIndex));
    const spotIndexes = new Set([
      ...[plan.baseIndex, plan.quoteIndex, ...held.spot],
      ...neededPerps.map(({ quoteIndex }) => quoteIndex),
    ]);
    const neededSpot = spotLinks.filter(({ marketIndex }) => spotIndexes.has(marketIndex));
    const oracles = new Set([...neededPerps, ...neededSpot].map(({ oracle }) => oracle));
    const placeOf = (index: number): TokenPlace =>
      tokenPlaceOf(need(spotLinks.find(({ marketIndex }) => marketIndex === index)), this.deployment.authority);
    const tokens = plan.tokens ?? { base: placeOf(plan.baseIndex), quote: placeOf(plan.quoteIndex) };
    return { ...plan, perps: perpIndexes, spot: spotIndexes, oracles, tokens };
  }

  /** The code of an error that only reading this program can raise. */
  #code(what: string): string {
    return `${this.#program.errorPrefix}_${what}`;
  }

  #firstReadAt(commitment: ReadCommitment, read: SeenSlot): number {
    const seen = this.#seen.get(commitment);
    const takenAtMs = seen?.slot === read.slot ? Math.min(seen.takenAtMs, read.takenAtMs) : read.takenAtMs;
    this.#seen.set(commitment, { ...read, takenAtMs });
    return takenAtMs;
  }
}

/** The programs delete an account only when it is empty. */
const holdsSomething = ({ account }: PerpsRead): boolean =>
  account !== null && (account.perps.length > 0 || account.spot.length > 0 || account.orders.length > 0);

/** Our amounts are lamports and millionths; with a token of other units they would be off by powers of ten. */
function mindDecimals({ name, decimals }: SpotMarketLinks, expected: number): void {
  if (decimals === expected) return;
  throw new CriticalError(
    'TOKEN_DECIMALS',
    `${name} has ${decimals} decimals here; Driftless expects ${expected} and cannot trade on this deployment.`,
    { asset: name, got: decimals, expected },
  );
}

interface AccountsAnswer<T extends ProgramAccounts> {
  readonly batch: AccountBatch;
  readonly state: T['State'];
  readonly user: T['User'] | null;
  readonly userStats: T['UserStats'] | null;
  readonly perps: readonly T['PerpMarket'][];
  readonly spot: readonly T['SpotMarket'][];
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

function tokenPlaceOf({ mint: address, tokenProgram }: SpotMarketLinks, authority: PublicKey): TokenPlace {
  const mint = new PublicKey(address);
  return { address: tokenAccountAddress(authority, mint, tokenProgram), mint, tokenProgram };
}

const within = <T>(part: ReadonlySet<T>, whole: ReadonlySet<T>): boolean => [...part].every((each) => whole.has(each));

const covers = (plan: ReadPlan, needed: ReadPlan): boolean =>
  plan.tokens !== null &&
  within(needed.perps, plan.perps) &&
  within(needed.spot, plan.spot) &&
  within(needed.oracles, plan.oracles);

type RawAccounts = ReadonlyMap<string, RawAccount | null>;

const bytesAt = (accounts: RawAccounts, address: string): Buffer | null => accounts.get(address)?.data ?? null;

function tokenAccountIn(accounts: RawAccounts, place: TokenPlace): TokenAccountRead {
  const account = accounts.get(addressText(place.address)) ?? null;
  const amount = account === null ? null : tokenAmountOf(account.data);
  if (account === null || amount === null) return { ...place, exists: false, amount: 0n };
  return { ...place, exists: true, amount, spenders: tokenSpenders(account.data) };
}

/** Where a token account keeps its amount, and the length of one. */
const TOKEN_AMOUNT_OFFSET = 64;
const TOKEN_ACCOUNT_BYTES = 165;

/** Tokens in base units; null when the bytes are not a token account. */
const tokenAmountOf = (bytes: Buffer): bigint | null =>
  bytes.length < TOKEN_ACCOUNT_BYTES ? null : bytes.readBigUInt64LE(TOKEN_AMOUNT_OFFSET);
