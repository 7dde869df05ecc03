import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Journal } from '../../src/journal/journal.ts';
import { openFeed } from '../../src/market-data/open-feed.ts';
import { PaperVenue } from '../../src/venues/paper/paper-venue.ts';
import { openTestJournal } from '../support/journal.ts';
import { OperationBench } from '../support/operations.ts';

const CHAIN = { slotMs: 20, blockhashLife: 25, finalitySlots: 5 };
const MARKET = 'SOL-PERP';

let journal: Journal;
let bench: OperationBench;
const venues = new Map<string, PaperVenue>();
let accounts = 0;

/** A fresh paper account of its own, and its engine's id. */
async function account(): Promise<{ engineId: string; venue: PaperVenue }> {
  accounts += 1;
  const engineId = `engine:paper:synthetic:7:${accounts}-${process.pid}`;
  const venue = await PaperVenue.open({
    engineId,
    journal,
    clock: { nowMs: () => Date.now() },
    feed: openFeed('synthetic:7'),
    seed: true,
    tuning: { chain: CHAIN },
  });
  venues.set(engineId, venue);
  return { engineId, venue };
}

beforeAll(async () => {
  journal = await openTestJournal();
  bench = await OperationBench.open(
    inject('temporalAddress'),
    async (engineId) => venues.get(engineId) as PaperVenue,
    journal,
  );
});
afterAll(async () => {
  await bench.close();
  await journal.close();
});

describe('operations on the paper venue', () => {
  it('deposits, answers with the fields of INTERFACE, and ends final', async () => {
    const { engineId } = await account();
    const reports = await bench.startSink(engineId);
    const operation = await bench.start(engineId, { kind: 'deposit', asset: 'SOL', amount: '1500000000' });
    const answer = await operation.result();
    expect(answer).toMatchObject({
      success: true,
      message: 'Deposited 1.5 SOL',
      data: {
        status: 'done',
        amount: 1.5,
        amount_base: '1500000000',
        commitment: 'confirmed',
        operation_id: operation.operationId,
        engine_id: engineId,
        mode: 'paper',
      },
    });
    const record = await journal.operation(operation.operationId);
    expect(record).toMatchObject({ status: 'done', kind: 'deposit', answer: { message: 'Deposited 1.5 SOL' } });
    expect(record?.attempts).toMatchObject([{ number: 1, stage: 'finalized', outcome: 'confirmed' }]);
    expect(answer.data.tx_signature).toBe(record?.attempts[0]?.signature);
    expect((await reports()).map((report) => report.phase)).toEqual(['released', 'ended']);
  });
});
