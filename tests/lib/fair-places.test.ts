import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { FairPlaces } from '../../src/lib/fair-places.ts';

const LONG_MS = 60_000;

interface Waiting {
  readonly party: string;
}

/** The rule, without timers: what each step leaves. */
class Model {
  readonly held = new Map<string, number>();
  waiting: Waiting[] = [];
  taken = 0;
  readonly places: number;
  readonly kept: number;
  constructor(places: number, kept: number) {
    this.places = places;
    this.kept = kept;
  }

  private mayHold(party: string): boolean {
    return this.heldBy(party) === 0 ? this.taken < this.places : this.taken < this.places - this.kept;
  }

  heldBy = (party: string): number => this.held.get(party) ?? 0;

  take(party: string): void {
    if (this.mayHold(party)) this.hold(party);
    else this.waiting.push({ party });
  }

  giveBack(party: string): void {
    this.held.set(party, this.heldBy(party) - 1);
    this.taken -= 1;
    const may = this.waiting.filter((one) => this.mayHold(one.party));
    const fewest = Math.min(...may.map((one) => this.heldBy(one.party)));
    const next = may.find((one) => this.heldBy(one.party) === fewest);
    if (next === undefined) return;
    this.waiting = this.waiting.filter((one) => one !== next);
    this.hold(next.party);
  }

  private hold(party: string): void {
    this.held.set(party, this.heldBy(party) + 1);
    this.taken += 1;
  }
}

const PARTIES = ['storm', 'other storm', 'quiet'] as const;

describe('places that several parties share', () => {
  it('are never more than there are, and go to whoever holds the fewest, in the order of arrival', async () => {
    const step = fc.record({ party: fc.constantFrom(...PARTIES), takes: fc.boolean() });
    const counts = fc
      .integer({ min: 1, max: 5 })
      .chain((count) => fc.tuple(fc.constant(count), fc.integer({ min: 0, max: count - 1 })));
    await fc.assert(
      fc.asyncProperty(counts, fc.array(step, { maxLength: 60 }), async ([count, kept], steps) => {
        const places = new FairPlaces(count, kept);
        const model = new Model(count, kept);
        const asked: Promise<boolean>[] = [];
        for (const { party, takes } of steps) {
          if (takes) {
            asked.push(places.take(party, LONG_MS));
            model.take(party);
          } else if (model.heldBy(party) > 0) {
            places.giveBack(party);
            model.giveBack(party);
          }
          expect(places.taken).toBe(model.taken);
          expect(places.taken).toBeLessThanOrEqual(count);
          for (const each of PARTIES) expect(places.heldBy(each)).toBe(model.heldBy(each));
        }
        // Nobody is left behind: once every place is given back, all that asked had theirs.
        while (model.taken > 0) {
          const holder = PARTIES.find((each) => model.heldBy(each) > 0) ?? 'quiet';
          places.giveBack(holder);
          model.giveBack(holder);
        }
        expect(await Promise.all(asked)).toEqual(asked.map(() => true));
      }),
    );
  });

  it('let a quiet party wait for one place at most, however many others wait before it', async () => {
    const places = new FairPlaces(2);
    await places.take('storm', LONG_MS);
    await places.take('storm', LONG_MS);
    const storm = Array.from({ length: 100 }, () => places.take('storm', LONG_MS));
    const quiet = places.take('quiet', LONG_MS);
    places.giveBack('storm');
    expect(await quiet).toBe(true);
    expect(places.heldBy('storm')).toBe(1);
    for (let left = storm.length + 1; left > 0; left -= 1) places.giveBack('storm');
    await Promise.all(storm);
    places.giveBack('quiet');
    expect(places.taken).toBe(0);
  });

  it('that are kept for parties without one are free for them at once, whoever storms', async () => {
    const places = new FairPlaces(3, 1);
    const storm = Array.from({ length: 5 }, () => places.take('storm', LONG_MS));
    await Promise.all(storm.slice(0, 2));
    expect(places.heldBy('storm')).toBe(2);
    expect(await places.take('quiet', LONG_MS)).toBe(true);
    for (let left = 5; left > 0; left -= 1) places.giveBack('storm');
    await Promise.all(storm);
  });

  it('are given up by whoever waited too long, who gets none later', async () => {
    const places = new FairPlaces(1);
    await places.take('one', LONG_MS);
    expect(await places.take('two', 1)).toBe(false);
    places.giveBack('one');
    expect(places.taken).toBe(0);
  });
});
