/**
 * One request for the engines of a process that poll together: the markets once, and each engine's own accounts. All that
 * an engine asks for is in one answer, so of one slot. Cases: docs/architecture/drift-venue.md.
 */
import { CLOCK_SYSVAR } from '../../../chain/clock-sysvar.ts';
import type { RpcAnswer } from '../../../chain/rpc-answer.ts';
import type { ReadCommitment } from '../../../chain/rpc-methods.ts';
import type { RpcNode } from '../../../chain/rpc-node.ts';
import type { RpcPool } from '../../../chain/rpc-pool.ts';
import { groupOf } from '../../../domain/engine/poll-turn.ts';
import type { Clock } from '../../../lib/clock.ts';
import { type AccountBatch, askAccounts, type BatchTerms, MAX_BATCH } from './account-batch.ts';

/** An answer serves the engines of a group, one turn after the other and those that come late, and no longer. */
const KEPT_MS = 1_500;
/** An engine that polls less often is not taken along. */
const TAKEN_ALONG_MS = 60_000;
/** Timers that are due at one moment fire a little before or after it. */
const SAME_MOMENT_MS = 5;

export interface AskedBatch {
  readonly answer: RpcAnswer<AccountBatch>;
  /** Wall clock when the request left. */
  readonly askedAtMs: number;
}

/** What an engine last polled, to be taken along when another one polls. */
interface LastPoll {
  readonly addresses: readonly string[];
  readonly minSlot: number;
  /** Monotonic. */
  readonly polledAtMs: number;
}

/** A request that is under way, or was answered a moment ago. */
interface Shared {
  readonly node: RpcNode;
  readonly commitment: ReadCommitment;
  readonly addresses: ReadonlySet<string>;
  /** Wall clock. */
  readonly askedAtMs: number;
  /** Monotonic. */
  readonly sentAtMs: number;
  readonly answer: Promise<RpcAnswer<AccountBatch>>;
}

/** One engine's place. */
export class PollMember {
  readonly #polls: AccountPolls;
  /** Its place among the engines, from 0. */
  readonly turn: number;
  readonly lastPolls = new Map<ReadCommitment, LastPoll>();

  constructor(polls: AccountPolls, turn: number) {
    this.#polls = polls;
    this.turn = turn;
  }

  /** @param sinceMs wall clock: an answer that was asked for since will do */
  poll(node: RpcNode, addresses: readonly string[], terms: BatchTerms, sinceMs: number): Promise<AskedBatch> {
    return this.#polls.poll(this, { node, addresses, terms, sinceMs });
  }

  /** At once, and for nobody else. */
  ask(node: RpcNode, addresses: readonly string[], terms: BatchTerms): Promise<AskedBatch> {
    return this.#polls.ask(node, addresses, terms);
  }

  /** The engine is gone. */
  leave(): void {
    this.#polls.leave(this);
  }
}

interface Poll {
  readonly node: RpcNode;
  readonly addresses: readonly string[];
  readonly terms: BatchTerms;
  readonly sinceMs: number;
}

export class AccountPolls {
  readonly #pool: RpcPool;
  readonly #clock: Clock;
  readonly #members = new Set<PollMember>();
  #shared: readonly Shared[] = [];

  constructor(pool: RpcPool, clock: Clock) {
    this.#pool = pool;
    this.#clock = clock;
  }

  join(): PollMember {
    const taken = new Set([...this.#members].map(({ turn }) => turn));
    let turn = 0;
    while (taken.has(turn)) turn += 1;
    const member = new PollMember(this, turn);
    this.#members.add(member);
    return member;
  }

  leave(member: PollMember): void {
    this.#members.delete(member);
  }

  async ask(node: RpcNode, addresses: readonly string[], terms: BatchTerms): Promise<AskedBatch> {
    const askedAtMs = this.#clock.nowMs();
    return { answer: await askAccounts(this.#pool, node, addresses, terms), askedAtMs };
  }

  async poll(member: PollMember, poll: Poll): Promise<AskedBatch> {
    const { node, addresses, terms } = poll;
    const { commitment, minSlot } = terms;
    member.lastPolls.set(commitment, { addresses, minSlot, polledAtMs: this.#pool.monotonicMs() });
    const shared = this.#found(poll) ?? this.#send(member, poll);
    const answer = await shared.answer;
    if (concernsOthers(answer, shared, addresses) || isBehind(answer, minSlot))
      return await this.ask(node, addresses, terms);
    // The next request must not ask for less than this engine has seen by then.
    const last = member.lastPolls.get(commitment);
    if (answer.kind === 'answer' && last !== undefined)
      member.lastPolls.set(commitment, { ...last, minSlot: Math.max(last.minSlot, answer.value.slot) });
    return { answer, askedAtMs: shared.askedAtMs };
  }

  #found({ node, addresses, terms, sinceMs }: Poll): Shared | undefined {
    const nowMs = this.#pool.monotonicMs();
    this.#shared = this.#shared.filter(({ sentAtMs }) => nowMs - sentAtMs <= KEPT_MS);
    return this.#shared.find(
      (one) =>
        one.node === node &&
        one.commitment === terms.commitment &&
        one.askedAtMs + SAME_MOMENT_MS >= sinceMs &&
        addresses.every((address) => one.addresses.has(address)),
    );
  }

  #send(member: PollMember, poll: Poll): Shared {
    const { node, terms } = poll;
    const { commitment } = terms;
    const asked = new Set([CLOCK_SYSVAR, ...poll.addresses]);
    let { minSlot } = terms;
    for (const { addresses, minSlot: theirs } of this.#takenAlong(member, poll)) {
      const more = addresses.filter((address) => !asked.has(address));
      if (asked.size + more.length > MAX_BATCH) continue;
      for (const address of more) asked.add(address);
      minSlot = Math.min(minSlot, theirs);
    }
    const shared: Shared = {
      ...{ node, commitment, addresses: asked },
      askedAtMs: this.#clock.nowMs(),
      sentAtMs: this.#pool.monotonicMs(),
      answer: askAccounts(this.#pool, node, [...asked], { commitment, minSlot }),
    };
    this.#shared = [...this.#shared, shared];
    void this.#dropWithoutAnswer(shared);
    return shared;
  }

  /** Who waited for it has its word; who comes later asks again. */
  async #dropWithoutAnswer(shared: Shared): Promise<void> {
    const kind = await shared.answer.then(
      (answer) => answer.kind,
      () => 'none',
    );
    if (kind !== 'answer') this.#shared = this.#shared.filter((one) => one !== shared);
  }

  /** The questions of its group who polled lately, but for what a request of this moment asks already. */
  #takenAlong({ turn: own }: PollMember, { node, terms, sinceMs }: Poll): readonly LastPoll[] {
    const nowMs = this.#pool.monotonicMs();
    return [...this.#members].flatMap(({ lastPolls, turn }) => {
      const one = groupOf(turn) === groupOf(own) ? lastPolls.get(terms.commitment) : undefined;
      if (one === undefined || nowMs - one.polledAtMs > TAKEN_ALONG_MS) return [];
      return this.#found({ node, addresses: one.addresses, terms, sinceMs }) === undefined ? [one] : [];
    });
  }
}

/** It failed for a reason that another engine's accounts, or their number, may have. */
const concernsOthers = (
  answer: RpcAnswer<AccountBatch>,
  { addresses: asked }: Shared,
  addresses: readonly string[],
): boolean =>
  (answer.kind === 'refused' || (answer.kind === 'none' && answer.why === 'unreadable')) &&
  asked.size > new Set([CLOCK_SYSVAR, ...addresses]).size;

/** It is older than what this engine has seen: only an answer to its own question says whether the node is. */
const isBehind = (answer: RpcAnswer<AccountBatch>, minSlot: number): boolean =>
  answer.kind === 'answer' && answer.value.slot < minSlot;
