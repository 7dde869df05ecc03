/** The writing half of the venue: drafts of intents go through the chain; effects of landed transactions come back. */

import { type Draft, writtenAccounts } from '../../../chain/draft.ts';
import type { SolanaChain, WatchedAccounts } from '../../../chain/solana-chain.ts';
import type { Intent, OrderIntent } from '../../../domain/order/intent.ts';
import { BoundedMap } from '../../../lib/bounded.ts';
import type { Clock } from '../../../lib/clock.ts';
import { type ErrorReport, TransientError, ValidationError } from '../../../lib/errors.ts';
import { canonicalJson } from '../../../lib/ids.ts';
import type { OrderReport, Sighting, SignedAttempt, Simulation } from '../../venue.ts';
import type { SignedContent } from '../perps-program.ts';
import type { PerpsWriting } from '../perps-venue.ts';
import type { PerpsRead } from '../read/perps-read.ts';
import type { PerpsReader } from '../read/perps-reader.ts';
import { draftOf, exitDraftOf } from './draft-of.ts';
import { type EffectSubject, landedEffect, placedOrder } from './landed-effect.ts';
import { LookupTables } from './lookup-tables.ts';
import { isOver } from './order-over.ts';
import { orderReport } from './order-report.ts';
import { explainFailure, programOfDraft, programOfWire } from './program-errors.ts';
import { type EffectDifference, forbiddenEffect, needsAccounts } from './simulated-effect.ts';
import { TOKEN_ACCOUNT_RENT } from './token-accounts.ts';
import { TransactionHistory } from './transaction-history.ts';

interface PerpsWritingOptions {
  readonly chain: SolanaChain;
  readonly reader: PerpsReader;
  readonly clock: Clock;
}

type Unseen = Extract<Sighting, { kind: 'unseen' }>;

/**
 * A simulated draft is signed unchanged if its accounts were read within this time: one read fewer, and the same compute
 * limit. Signing fetches the blockhash itself.
 */
const DRAFT_FRESH_MS = 15_000;
/** How many drafts and slots are cached; the oldest is dropped. */
const MAX_KEPT = 64;

interface PreparedDraft {
  readonly draft: Draft;
  /** When the accounts behind it were read. */
  readonly readAtMs: number;
  /** Its one-time cost besides fees. */
  readonly rentLamports: bigint;
  /** Its simulation showed nothing but the intent. */
  readonly checked: boolean;
}

/** How often a simulation is compared with what was read before it, until the difference is believed. */
const COMPARISONS = 2;

export class SolanaPerpsWriting implements PerpsWriting {
  readonly #chain: SolanaChain;
  readonly #reader: PerpsReader;
  readonly #clock: Clock;
  readonly #history: TransactionHistory;
  readonly #tables: LookupTables;
  readonly #prepared = new BoundedMap<string, PreparedDraft>(MAX_KEPT);
  /** Where a signature was last seen; after a fork it may land elsewhere. */
  readonly #slots = new BoundedMap<string, number>(MAX_KEPT);
  /** As the last read found them; they never change. */
  #market: Pick<EffectSubject, 'marketIndex' | 'quoteAsset'> | null = null;

  constructor({ chain, reader, clock }: PerpsWritingOptions) {
    this.#chain = chain;
    this.#reader = reader;
    this.#clock = clock;
    this.#history = new TransactionHistory(chain.pool);
    this.#tables = new LookupTables(chain.pool, reader.deployment);
  }

  /** The cost includes opening the account with the first deposit, and a token account that must be created. */
  async simulate(intent: Intent, read?: PerpsRead): Promise<Simulation> {
    let seen = read;
    for (let comparison = 1; ; comparison++) {
      const simulated = await this.#simulated(intent, seen);
      if (!('differs' in simulated)) return simulated;
      // Somebody else may have changed the account between the read and the simulation: that passes.
      if (comparison === COMPARISONS) return { ok: false, error: otherEffect(simulated.differs) };
      seen = await this.#read('confirmed');
    }
  }

  async #simulated(intent: Intent, given?: PerpsRead): Promise<Simulation | { readonly differs: EffectDifference }> {
    let prepared: PreparedDraft & { readonly read: PerpsRead };
    try {
      prepared = await this.#prepare(intent, given);
    } catch (error) {
      if (error instanceof ValidationError) return { ok: false, error: error.report() };
      throw error;
    }
    const { draft, rentLamports, read } = prepared;
    if (!this.#chain.fits(draft)) return { ok: false, error: tooLarge(read, false) };
    if (intent.kind === 'order' && !intent.reduceOnly && !(await this.#exitFits(intent, read))) {
      return { ok: false, error: tooLarge(read, true) };
    }
    const run = await this.#chain.simulate(draft, writtenAccounts(draft));
    if (!run.ok)
      return { ok: false, error: planAgain(this.#explain(run.error, programOfDraft(draft), logsIn(run.error))) };
    const { watched, logs, costLamports } = run;
    const differs = this.#compared(intent, read, watched);
    if (differs !== null) return { differs };
    this.#prepared.set(keyOf(intent), { ...prepared, checked: true });
    return { ok: true, logs, costLamports: String(BigInt(costLamports) + rentLamports) };
  }

  /** @throws TransientError: the node does not return what the simulation leaves, and this waits for one that does */
  #compared(intent: Intent, read: PerpsRead, watched: WatchedAccounts | undefined): EffectDifference | null {
    if (watched?.accounts != null) {
      const { accounts, paidLamports } = watched;
      return forbiddenEffect(intent, read, { accounts, paidLamports }, this.#reader.deployment);
    }
    if (!needsAccounts(intent)) return null;
    throw new TransientError('RPC_UNHEALTHY', 'The node did not return the accounts that the simulation leaves.');
  }

  /** Signs only what a simulation has shown to do what the intent says, and nothing else. */
  async sign(intent: Intent, attempt?: string): Promise<SignedAttempt> {
    const { draft } = this.#checked(intent) ?? (await this.#checkedNow(intent));
    try {
      return await this.#chain.sign(draft, attempt);
    } catch (error) {
      if (!(error instanceof ValidationError)) throw error;
      const { code, message, details } = this.#explain(error.report(), programOfDraft(draft), logsIn(error.report()));
      throw new ValidationError(code, message, details, { cause: error });
    }
  }

  #checked(intent: Intent): PreparedDraft | null {
    const kept = this.#prepared.get(keyOf(intent));
    const fresh = kept !== undefined && Math.abs(this.#clock.nowMs() - kept.readAtMs) < DRAFT_FRESH_MS;
    return fresh && kept.checked ? kept : null;
  }

  async #checkedNow(intent: Intent): Promise<PreparedDraft> {
    const simulation = await this.simulate(intent);
    if (!simulation.ok) {
      const { code, message, details } = simulation.error;
      throw new ValidationError(code, message, details);
    }
    const kept = this.#prepared.get(keyOf(intent));
    if (kept === undefined) throw new RangeError('the draft that was simulated just now is not kept');
    return kept;
  }

  async submit(attempt: SignedAttempt, tryNumber: number): Promise<void> {
    await this.#chain.submit(attempt, tryNumber);
  }

  /** With its effect once a node has the transaction; until then the effect is unknown, not absent. */
  async status(attempt: SignedAttempt): Promise<Sighting> {
    const sighting = await this.#chain.status(attempt);
    if (sighting.kind === 'unseen') return await this.#withoutHistory(attempt, sighting);
    if (sighting.kind !== 'landed') return sighting;
    this.#slots.set(attempt.signature, sighting.slot);
    if (sighting.commitment === 'processed') return sighting;
    try {
      const transaction = await this.#history.transaction(attempt.signature, sighting.slot);
      if (sighting.error !== null) {
        const error = this.#explain(sighting.error, programOfWire(attempt.wire), transaction?.logs ?? []);
        return { ...sighting, error };
      }
      if (transaction === null || transaction.failed) return sighting;
      return { ...sighting, effect: landedEffect(transaction, attempt.wire, await this.#subject()) };
    } catch (error) {
      if (error instanceof TransientError) return sighting;
      throw error;
    }
  }

  async order(attempt: SignedAttempt): Promise<OrderReport> {
    const subject = await this.#subject();
    const placedSlot = this.#slots.get(attempt.signature) ?? null;
    try {
      return await orderReport(attempt, placedSlot, {
        subject,
        transaction: (signature, slot) => this.#history.transaction(signature, slot),
        since: (address, first, atLeastSlot) => this.#history.since(address, first, atLeastSlot),
        read: (commitment) => this.#read(commitment),
      });
    } catch (error) {
      if (!(error instanceof TransientError)) throw error;
      const report = await this.#reportByAccount(attempt, placedSlot);
      if (report === null) throw error;
      return report;
    }
  }

  /** No node tells the order's history: the account may tell that it is over. Null: it does not. */
  async #reportByAccount(attempt: SignedAttempt, placedSlot: number | null): Promise<OrderReport | null> {
    const order = this.#signedOrder(attempt);
    if (order === null) return null;
    const final = await this.#read('finalized');
    if (final.slot < (placedSlot ?? 0) || !isOver(order, await this.#orderId(attempt, placedSlot), final)) return null;
    return { gone: true, commitment: 'finalized', fills: [], fillsUnknown: true, slot: final.slot };
  }

  /** The program's number, where the placement at least can be read. */
  async #orderId({ signature }: SignedAttempt, placedSlot: number | null): Promise<number | null> {
    try {
      const placement = await this.#history.transaction(signature, placedSlot);
      if (placement === null || placement.failed) return null;
      const subject = await this.#subject();
      return placedOrder(subject.program.events(placement.logs, subject.programId).events, subject)?.orderId ?? null;
    } catch (error) {
      if (error instanceof TransientError) return null;
      throw error;
    }
  }

  /** Nobody can testify of a placement: block height, block time and the account may tell that its order can act no more. */
  async #withoutHistory(attempt: SignedAttempt, sighting: Unseen): Promise<Unseen> {
    const order = this.#signedOrder(attempt);
    if (order === null || sighting.nodes.every(({ says }) => says === 'never_seen')) return sighting;
    try {
      if (!sighting.windowClosed && (await this.#chain.windowEnd(attempt)) === null) return sighting;
      const final = await this.#read('finalized');
      const { blockTimeMs: finalizedTimeMs, slot: finalizedSlot } = final;
      const closed = { ...sighting, windowClosed: true, finalizedTimeMs, finalizedSlot };
      return isOver(order, null, final) ? { ...closed, orderOver: final.slot } : closed;
    } catch (error) {
      if (error instanceof TransientError) return sighting;
      throw error;
    }
  }

  #signedOrder({ wire }: SignedAttempt): SignedContent['order'] {
    const { program, programId } = this.#reader.deployment;
    return program.signedContent(wire, programId.toBase58()).order;
  }

  async #prepare(intent: Intent, given?: PerpsRead): Promise<PreparedDraft & { readonly read: PerpsRead }> {
    const read = given ?? (await this.#read('confirmed'));
    this.#market = marketOf(read);
    const draft = await this.#fitting(draftOf(intent, read, this.#reader.deployment));
    const prepared = { draft, readAtMs: read.takenAtMs, rentLamports: rentLamports(intent, read), checked: false };
    this.#prepared.set(keyOf(intent), prepared);
    return { ...prepared, read };
  }

  /** With the program's lookup tables where it would not fit without. */
  async #fitting(draft: Draft): Promise<Draft> {
    return this.#chain.fits(draft) ? draft : { ...draft, lookupTables: await this.#tables.read() };
  }

  /** What is opened must be closed again in one transaction, by lookup tables that exist now. */
  async #exitFits(intent: OrderIntent, read: PerpsRead): Promise<boolean> {
    return this.#chain.fits(await this.#fitting(exitDraftOf(intent, read, this.#reader.deployment)));
  }

  async #read(commitment: 'confirmed' | 'finalized'): Promise<PerpsRead> {
    const read = await this.#reader.read(commitment);
    this.#market = marketOf(read);
    return read;
  }

  async #subject(): Promise<EffectSubject> {
    const { program, programId, user, market } = this.#reader.deployment;
    const known = this.#market ?? marketOf(await this.#read('confirmed'));
    return { program, programId: programId.toBase58(), user: user.toBase58(), market, ...known };
  }

  #explain(report: ErrorReport, programOf: (index: number) => string | null, logs: readonly string[]): ErrorReport {
    const { program, programId } = this.#reader.deployment;
    return explainFailure({ report, programOf, logs, program, programId: programId.toBase58() });
  }
}

const marketOf = ({ hedge: { perp, quote } }: PerpsRead) => ({
  marketIndex: perp.marketIndex,
  quoteAsset: quote.asset,
});

/**
 * The order's time passed between the read and the simulation, as when the read came from a node that lags. Planned again it
 * gets a new time, so this is a refusal of the moment: an exit must not end at it.
 */
const planAgain = (error: ErrorReport): ErrorReport =>
  error.code === 'ORDER_NOT_FILLED'
    ? { ...error, code: 'UNAVAILABLE', details: { ...error.details, part: 'venue' } }
    : error;

const otherEffect = ({ name, text }: EffectDifference): ErrorReport => ({
  code: 'SIMULATION_FAILED',
  message:
    `Nothing was signed: in its simulation the transaction does something that was not asked for. It would ${text}. ` +
    'Compare the program with the build that Driftless was tested on before you go on.',
  details: { difference: name },
});

/** Bound beyond the end of the transaction: the rent of the new account and of a token account that it creates. */
function rentLamports(intent: Intent, read: PerpsRead): bigint {
  if (intent.kind === 'deposit') return read.openingCost;
  const makes = intent.kind === 'withdraw' && intent.asset !== 'SOL' && !read.wallet.tokens.quote.exists;
  return makes ? TOKEN_ACCOUNT_RENT : 0n;
}

/** @param ofExit it is the transaction that would close what is about to be opened */
function tooLarge({ markets: { perps, spot } }: PerpsRead, ofExit: boolean): ErrorReport {
  const markets = perps.length + spot.length;
  const what = ofExit ? 'The transaction that would close this position again' : 'This transaction';
  return {
    code: 'TRANSACTION_TOO_LARGE',
    message:
      `${what} would be too large for Solana: it has to name all ${markets} markets that this account stands in. Close ` +
      'positions in other markets first, or set DRIFT_SUB_ACCOUNT to one that trades nothing else.',
    details: { markets },
  };
}

function logsIn({ details }: ErrorReport): readonly string[] {
  const logs = details?.logs;
  return Array.isArray(logs) ? logs.filter((line) => typeof line === 'string') : [];
}

const keyOf = (intent: Intent): string => canonicalJson({ ...intent });
