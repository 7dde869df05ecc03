import { expect, it } from '@jest/globals';
import { describeOnDrift } from '../../../../localnet/tests/support/drift-program.ts';
import { decodeSnapshot, encodeSnapshot } from '../../../../src/domain/account/snapshot.ts';
import { PerpsVenue } from '../../../../src/venues/solana-perps/perps-venue.ts';
import { SolanaPerpsWriting } from '../../../../src/venues/solana-perps/write/perps-writing.ts';
import { SOL, sent, stillDrift } from '../../../support/still-venue.ts';

describeOnDrift('one read of the account', () => {
  it('serves the sizes, the simulation and the signature', async () => {
    const { net, deployment, chain } = await stillDrift();
    const clock = { nowMs: () => Date.now() };
    const venue = new PerpsVenue({
      engineId: 'engine:drift:test:0',
      deployment,
      chain,
      clock,
      permissions: 'trading',
      books: null,
      writing: (reader) => new SolanaPerpsWriting({ chain, reader, clock }),
    });
    let reads = 0;
    const read = venue.reader.read.bind(venue.reader);
    venue.reader.read = async (commitment) => {
      reads += 1;
      return await read(commitment);
    };
    const intent = { kind: 'deposit', asset: 'SOL', amount: SOL.toString() } as const;

    const seen = await venue.read('confirmed');
    expect(await venue.simulate(intent, seen)).toMatchObject({ ok: true });
    const attempt = await venue.sign(intent);
    expect(reads).toBe(1);
    expect((await sent({ net, writing: venue }, attempt)).error).toBeNull();

    // A snapshot that is not this venue's own confirmed read costs one: a copy, a finalized one, none at all.
    const others = [decodeSnapshot(encodeSnapshot(seen)), await venue.read('finalized'), undefined];
    for (const other of others) {
      const before = reads;
      expect(await venue.simulate(intent, other)).toMatchObject({ ok: true });
      expect(reads - before).toBe(1);
    }
  });
});
