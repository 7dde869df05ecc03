import { describe, expect, it } from '@jest/globals';
import { PaperVenue } from '../../../src/venues/paper/paper-venue.ts';
import { onBothDatabases } from '../../journal/both-databases.ts';
import { deposit, land, openBench, order, SOL, settle } from './support.ts';

await onBothDatabases((open) => {
  describe('the paper venue', () => {
    it('gives two workers on one account one effect per signature and one payment per period', async () => {
      const journal = await open();
      const one = await openBench(journal);
      const { venue: other } = await openBench(journal, { ...one });
      const attempts = await Promise.all([
        one.venue.sign(deposit(SOL)),
        other.sign(order('sell', 4n * SOL)),
        one.venue.sign(order('sell', 2n * SOL)),
      ]);
      await Promise.all(
        attempts.flatMap((attempt) => [one.venue, other, other].map((venue, route) => venue.submit(attempt, route))),
      );
      for (let hour = 0; hour < 5; hour += 1) {
        one.clock.passHour();
        await Promise.all([one.venue.read('confirmed'), other.read('confirmed'), other.read('finalized')]);
      }
      await land(other, settle);
      const snapshot = await one.venue.read('confirmed');
      expect(snapshot.wallet.sol).toBe(4n * SOL - 20_000n);
      expect(snapshot.account?.perps).toMatchObject([{ baseAmount: -6n * SOL }]);
      expect(snapshot.sources?.unexplained).toBe(0n);
      const paid = (await journal.funding({ engineId: one.engineId, limit: 100 })).items;
      expect(paid).toHaveLength(5);
      expect(paid.reduce((sum, { amount }) => sum + BigInt(amount), 0n) * 1_000_000_000n).toBe(
        snapshot.sources?.funding,
      );
      expect((await journal.trades({ engineId: one.engineId, limit: 100 })).items).toHaveLength(2);
    });

    it('forgets an account with its figures when it is reset, and begins anew', async () => {
      const journal = await open();
      const { venue, engineId, clock, feed } = await openBench(journal);
      await land(venue, order('sell', SOL));
      clock.passHour();
      await venue.read('confirmed');
      expect(await PaperVenue.accountTerms(journal, engineId)).toMatchObject({ sol: 10n * SOL, periodMs: 3_600_000 });
      await PaperVenue.reset(journal, engineId, clock.nowMs());
      expect(await PaperVenue.accountExists(journal, engineId)).toBe(false);
      expect(await PaperVenue.accountTerms(journal, engineId)).toBeNull();
      expect((await journal.funding({ engineId, limit: 1 })).items).toEqual([]);
      const anew = await openBench(journal, { engineId, clock, feed });
      expect((await anew.venue.read('confirmed')).account?.perps).toEqual([]);
    });
  });
});
