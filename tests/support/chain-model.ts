/**
 * A chain in memory for the model test: slots, landings, forks, nodes that lag, are pruned or silent, and processes
 * that die between an effect and its record. It knows the truth, which the reducer must never contradict.
 */

import { DEFAULT_RPC } from '../../src/chain/rpc-node.ts';
import { Testimonies } from '../../src/chain/sighting.ts';
import type { NodeView } from '../../src/chain/testimony.ts';
import { type OrderIntent, orderSize, sideOf } from '../../src/domain/order/intent.ts';
import type { OrderReport, Sighting, SignedAttempt } from '../../src/domain/transaction/attempt.ts';
import type { Attempt } from '../../src/domain/transaction/transaction.ts';

export const SLOT_MS = 400;
const FIRST_SLOT = 2_500;
/** Slots take at most this many times as long, and one more. */
const SLOWEST = 20;
const LIFE = 150;
export const FINALITY = 32;
const CONFIRMED_AFTER = 2;
/** An order is filled and gone so many slots after it landed. */
export const ORDER_SLOTS = 5;
const NODE_NAMES = ['node0', 'node1'] as const;
const NODES = NODE_NAMES.length;
const ON_CHAIN_ERROR = { InstructionError: [0, { Custom: 1 }] };

const viewOf = (
  testimony: NodeView['testimony'],
  window: NodeView['window'] = null,
  { provesAbsence = false, status = null, owes = null }: Partial<NodeView> = {},
): NodeView => ({ testimony, status, provesAbsence, owes, window });

/** Repeats from its seed: xorshift32. */
export class Dice {
  private state: number;

  constructor(seed: number) {
    this.state = seed | 0 || 1;
  }

  /** 0 to 1. */
  next(): number {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return (this.state >>> 0) / 2 ** 32;
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  upTo(max: number): number {
    return Math.floor(this.next() * max);
  }
}

interface Sent {
  readonly attempt: SignedAttempt;
  /** Slot of its landing, in the future while it is under way; null: nowhere. */
  slot: number | null;
  fails: boolean;
}

/** How bad the world is, 0 to 1 each. */
export interface Weather {
  readonly sendLost: number;
  readonly late: number;
  readonly fails: number;
  readonly fork: number;
  readonly mute: number;
  readonly lagging: number;
  readonly pruned: number;
  readonly death: number;
  /** Stretches in which slots take up to twenty times as long, so that what was signed lives as much longer. */
  readonly slow: number;
}

export const CALM: Weather = {
  sendLost: 0,
  late: 0,
  fails: 0,
  fork: 0,
  mute: 0,
  lagging: 0,
  pruned: 0,
  death: 0,
  slow: 0,
};

export class ChainModel {
  nowMs = 1_000_000;
  weather: Weather;
  /** Where a node's own differs from the common one. */
  nodeWeather: Readonly<Record<string, Weather>> = {};
  readonly dice: Dice;
  readonly sent = new Map<string, Sent>();
  private readonly testimonies = new Testimonies(DEFAULT_RPC.mutePatienceMs, () => this.nowMs);
  private signatures = 0;
  private slots = FIRST_SLOT;

  constructor(dice: Dice, weather: Weather) {
    this.dice = dice;
    this.weather = weather;
  }

  get slot(): number {
    return Math.floor(this.slots);
  }

  /** Time passes, and on the way a fork may undo what is not final. */
  advance(ms: number): void {
    this.nowMs += ms;
    const slotMs = this.dice.chance(this.weather.slow) ? SLOT_MS * (2 + this.dice.upTo(SLOWEST)) : SLOT_MS;
    this.slots += ms / slotMs;
    if (!this.dice.chance(this.weather.fork)) return;
    for (const sent of this.sent.values()) {
      if (sent.slot === null || sent.slot > this.slot || sent.slot + FINALITY <= this.slot) continue;
      // The same bytes land again on the other fork, or they don't.
      const again = this.slot + 1 + this.dice.upTo(30);
      sent.slot = this.dice.chance(0.5) && again <= sent.attempt.lastValidBlockHeight ? again : null;
      sent.fails = this.dice.chance(this.weather.fails);
    }
  }

  sign(): SignedAttempt {
    this.signatures += 1;
    const { slot } = this;
    return {
      signature: `s${this.signatures}`,
      wire: '',
      lastValidBlockHeight: slot + LIFE,
      slot,
      signedAtMs: this.nowMs,
    };
  }

  /** True when a node said that it took it. */
  send(attempt: SignedAttempt): boolean {
    const known = this.sent.get(attempt.signature) ?? { attempt, slot: null, fails: false };
    this.sent.set(attempt.signature, known);
    const alive = this.slot < attempt.lastValidBlockHeight;
    if (known.slot === null && alive && !this.dice.chance(this.weather.sendLost)) {
      const slot = this.slot + 1 + (this.dice.chance(this.weather.late) ? this.dice.upTo(LIFE * 2) : 0);
      if (slot <= attempt.lastValidBlockHeight) known.slot = slot;
      known.fails = this.dice.chance(this.weather.fails);
    }
    return !this.dice.chance(this.weather.sendLost);
  }

  /** Landed, in truth, now. */
  landed(attempt: SignedAttempt): 'no' | 'ok' | 'failed' {
    const sent = this.sent.get(attempt.signature);
    if (sent?.slot == null || sent.slot > this.slot) return 'no';
    return sent.fails ? 'failed' : 'ok';
  }

  isFinal(attempt: SignedAttempt): boolean {
    const slot = this.sent.get(attempt.signature)?.slot;
    return slot != null && slot + FINALITY <= this.slot;
  }

  /** In truth it can never take effect any more. */
  isDead(attempt: SignedAttempt): boolean {
    const sent = this.sent.get(attempt.signature);
    if (sent === undefined) return true;
    if (sent.slot === null) return this.slot > attempt.lastValidBlockHeight;
    return sent.fails && this.isFinal(attempt);
  }

  /** Asks every node once; the shipped code evaluates their answers. */
  ask({ signed, intent }: Attempt): Sighting {
    const views: NodeView[] = [];
    for (let index = 0; index < NODES; index += 1) views.push(this.view(NODE_NAMES[index] ?? '', signed));
    const sighting = this.testimonies.combine(signed, views);
    const overSlot = signed.lastValidBlockHeight + ORDER_SLOTS + FINALITY;
    if (sighting.kind !== 'unseen' || intent.kind !== 'order' || this.slot < overSlot || this.hidden()) return sighting;
    return { ...sighting, windowClosed: true, orderOver: this.slot - FINALITY };
  }

  /** The finalized account cannot be read either. */
  private hidden(): boolean {
    return this.dice.chance(this.weather.mute);
  }

  private view(node: string, attempt: SignedAttempt): NodeView {
    const { dice } = this;
    const weather = this.nodeWeather[node] ?? this.weather;
    if (dice.chance(weather.mute))
      return viewOf({ node, says: 'no_answer', reason: 'timeout' }, null, { owes: 'silent' });
    const seenSlot = this.slot - (dice.chance(weather.lagging) ? dice.upTo(300) : 0);
    const slot = seenSlot - FINALITY;
    const isOver = slot > attempt.lastValidBlockHeight;
    const window = { slot, isOver, timeMs: isOver ? this.nowMs - (this.slot - slot) * SLOT_MS : null };
    if (dice.chance(weather.pruned)) {
      return viewOf({ node, says: 'cannot_testify', reason: 'its history begins later' }, window);
    }
    const sent = this.sent.get(attempt.signature);
    if (sent?.slot != null && sent.slot <= seenSlot) {
      const age = seenSlot - sent.slot;
      const commitment = age >= FINALITY ? 'finalized' : age >= CONFIRMED_AFTER ? 'confirmed' : 'processed';
      const error = sent.fails ? ON_CHAIN_ERROR : null;
      return viewOf({ node, says: 'landed' }, null, { status: { slot: sent.slot, commitment, error } });
    }
    const provesAbsence = seenSlot > attempt.lastValidBlockHeight + FINALITY;
    return viewOf({ node, says: 'never_seen' }, window, { provesAbsence, owes: provesAbsence ? null : 'behind' });
  }

  /** A placement's order: all filled a few slots after it landed. */
  order({ signed, intent }: Attempt): OrderReport | null {
    const sent = this.sent.get(signed.signature);
    if (intent.kind !== 'order' || sent?.slot == null || sent.fails || sent.slot > this.slot) return null;
    const goneSlot = sent.slot + ORDER_SLOTS;
    const gone = goneSlot <= this.slot;
    if (goneSlot + FINALITY <= this.slot && this.dice.chance(this.weather.pruned)) {
      return { gone: true, commitment: 'finalized', fills: [], fillsUnknown: true, slot: this.slot - FINALITY };
    }
    return {
      gone,
      commitment: goneSlot + FINALITY <= this.slot ? 'finalized' : 'confirmed',
      fills: gone ? [fillOf(intent, signed.signature)] : [],
      slot: this.slot,
    };
  }
}

const fillOf = (intent: OrderIntent, signature: string) => ({
  market: intent.market,
  side: sideOf(orderSize(intent)),
  size: intent.size.replace('-', ''),
  price: intent.priceLimit,
  fee: '0',
  signature,
  tsMs: 0,
});
