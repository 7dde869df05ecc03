/** A venue with another between it and the caller: faults that the paper chain does not have (forks, lies, pruned nodes). */

import type { Snapshot } from '../../src/domain/account/snapshot.ts';
import type { Intent } from '../../src/domain/order/intent.ts';
import type { OrderReport, Sighting, SignedAttempt } from '../../src/domain/transaction/attempt.ts';
import type { Simulation, Venue } from '../../src/venues/venue.ts';

export class ScriptedVenue implements Venue {
  readonly kind: Venue['kind'];
  private readonly venue: Venue;
  /** Signatures in the order in which they were sent, repeats and all. */
  readonly sends: string[] = [];
  asks = 0;
  signs = 0;
  /** What the nodes say in place of the truth. */
  testimony: (truth: Sighting, attempt: SignedAttempt) => Sighting = (truth) => truth;
  orders: (truth: OrderReport) => OrderReport = (truth) => truth;
  /** Called before each send. */
  onSubmit: (attempt: SignedAttempt) => void = () => {};
  beforeSign: (intent: Intent) => Promise<void> = async () => {};

  constructor(venue: Venue) {
    this.venue = venue;
    this.kind = venue.kind;
  }

  explorerUrl(signature: string): string {
    return `https://explorer.test/tx/${signature}`;
  }

  read(commitment: 'confirmed' | 'finalized'): Promise<Snapshot> {
    return this.venue.read(commitment);
  }

  simulate(intent: Intent, seen?: Snapshot): Promise<Simulation> {
    return this.venue.simulate(intent, seen);
  }

  async sign(intent: Intent): Promise<SignedAttempt> {
    await this.beforeSign(intent);
    this.signs += 1;
    return await this.venue.sign(intent);
  }

  async submit(attempt: SignedAttempt, tryNumber: number): Promise<void> {
    this.onSubmit(attempt);
    this.sends.push(attempt.signature);
    await this.venue.submit(attempt, tryNumber);
  }

  async status(attempt: SignedAttempt): Promise<Sighting> {
    this.asks += 1;
    return this.testimony(await this.venue.status(attempt), attempt);
  }

  async order(attempt: SignedAttempt): Promise<OrderReport> {
    return this.orders(await this.venue.order(attempt));
  }

  close(): Promise<void> {
    return this.venue.close();
  }
}

export const mute = (): Sighting => ({
  kind: 'unseen',
  windowClosed: false,
  nodes: [{ node: 'node-a', says: 'no_answer', reason: 'timeout; add another endpoint to RPC_URL' }],
});

/** It can no longer land, and no node can tell whether it did. */
export const prunedNode = (): Sighting => ({
  kind: 'unseen',
  windowClosed: true,
  nodes: [{ node: 'node-a', says: 'cannot_testify', reason: 'its history begins later' }],
});

export const denied = (windowClosed = false): Sighting => ({
  kind: 'unseen',
  windowClosed,
  nodes: [{ node: 'node-a', says: 'never_seen' }],
});

export const absent = (): Sighting => ({ kind: 'absent', nodes: [{ node: 'node-a', says: 'never_seen' }] });
