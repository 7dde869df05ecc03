import { BorshCoder, type Idl } from '@coral-xyz/anchor';
import driftIdl from '@drift-labs/sdk/lib/node/idl/drift.json' with { type: 'json' };
import { describe, expect, it } from '@jest/globals';
import { describeOnDrift } from '../../../../localnet/tests/support/drift-program.ts';
import { driftEvents } from '../../../../src/venues/drift/events/drift-events.ts';
import type { PerpsEvent } from '../../../../src/venues/solana-perps/perps-event.ts';
import { type BooksChain, booksChain, SOL, USD } from '../books/books-chain.ts';

const coder = new BorshCoder(driftIdl as unknown as Idl);
const PROGRAM = 'dRiftyHA39MWEi3m9aunc5MzRF1JYuBsbn6VPcn33UH';
const OTHER = 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA';

async function logsOf(chain: BooksChain, signature: string): Promise<readonly string[]> {
  const landed = await chain.land(signature);
  expect(landed.error).toBeNull();
  return landed.logs;
}

describeOnDrift('what v2.84 logs', () => {
  it('is read as the SDK reads it where its layout is the same, and in full where it is not', async () => {
    const chain = await booksChain();
    const logs: (readonly string[])[] = [];
    logs.push(await logsOf(chain, chain.us.initialize()));
    logs.push(await logsOf(chain, chain.us.deposit('SOL', 3n * SOL)));
    logs.push(await logsOf(chain, chain.us.deposit('USDC', 100n * USD)));
    logs.push(await logsOf(chain, chain.us.trade({ direction: 'short', size: SOL })));
    await chain.net.advance(60);
    await chain.hours(1);
    logs.push(await logsOf(chain, chain.us.settlePnl()));
    const events = logs.flatMap((lines) => driftEvents(lines, chain.net.programId).events);
    const kinds = new Set(events.map(({ kind }) => kind));
    for (const kind of ['new_user', 'deposit', 'order_placed', 'order_action', 'funding', 'settle'] as const) {
      expect(kinds).toContain(kind);
    }
    expect(kinds).not.toContain('unreadable');

    let compared = 0;
    for (const line of logs.flat()) {
      if (!line.startsWith('Program data: ')) continue;
      const theirs = decoded(line.slice('Program data: '.length));
      if (theirs?.name !== 'FundingPaymentRecord' && theirs?.name !== 'SettlePnlRecord') continue;
      const [ours] = driftEvents([`Program ${PROGRAM} invoke [1]`, line], PROGRAM).events;
      const { data } = theirs;
      compared += 1;
      if (ours?.kind === 'funding') expect(ours.payment.toString()).toBe(String(data.fundingPayment));
      else if (ours?.kind === 'settle') expect(ours.pnl.toString()).toBe(String(data.pnl));
      else throw new Error(`read as ${ours?.kind}`);
    }
    expect(compared).toBeGreaterThanOrEqual(2);
    const placed = events.find(
      (event): event is Extract<PerpsEvent, { kind: 'order_placed' }> => event.kind === 'order_placed',
    );
    expect(placed).toMatchObject({
      user: chain.us.user,
      direction: 'short',
      size: SOL,
      orderType: 'market',
      reduceOnly: false,
    });
  });
});

function decoded(text: string) {
  try {
    return coder.events.decode(text);
  } catch {
    return null;
  }
}

/** A payment of 7 micro-USD, written by hand. */
function paymentLine(bytesMissing = 0): string {
  const body = Buffer.alloc(8 + 32 + 32 + 2 + 8 + 8 + 8 + 16 + 16);
  body.writeBigInt64LE(1_700_000_000n, 0);
  body.writeUInt16LE(0, 72);
  body.writeBigInt64LE(7n, 74);
  body.writeBigInt64LE(-5_000_000_000n, 82);
  const name = Buffer.from([8, 59, 96, 20, 137, 201, 56, 95]);
  return `Program data: ${Buffer.concat([name, body.subarray(0, body.length - bytesMissing)]).toString('base64')}`;
}

describe('events in a log', () => {
  const payment = { kind: 'funding', payment: 7n, baseAmount: -5_000_000_000n, tsMs: 1_700_000_000_000 };

  it('count when the program itself wrote them, also when another called it', () => {
    const logs = [
      `Program ${OTHER} invoke [1]`,
      `Program ${PROGRAM} invoke [2]`,
      paymentLine(),
      `Program ${PROGRAM} success`,
      paymentLine(),
      `Program ${OTHER} success`,
    ];
    const { events, truncated } = driftEvents(logs, PROGRAM);
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject(payment);
    expect(truncated).toBe(false);
  });

  it('do not count when another program prints the same bytes, or words that look like the runtime’s', () => {
    const logs = [
      `Program ${OTHER} invoke [1]`,
      paymentLine(),
      `Program log: Program ${PROGRAM} invoke [1]`,
      paymentLine(),
      `Program ${OTHER} success`,
    ];
    expect(driftEvents(logs, PROGRAM).events).toEqual([]);
  });

  it('that were cut off are not taken for all', () => {
    const logs = [`Program ${PROGRAM} invoke [1]`, paymentLine(), 'Log truncated'];
    expect(driftEvents(logs, PROGRAM)).toMatchObject({ truncated: true, events: [payment] });
  });

  it('of another layout are named, not guessed', () => {
    const [event] = driftEvents([`Program ${PROGRAM} invoke [1]`, paymentLine(20)], PROGRAM).events;
    expect(event).toMatchObject({ kind: 'unreadable', name: 'FundingPaymentRecord' });
  });
});
