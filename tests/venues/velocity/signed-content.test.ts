import { describe, expect, it } from '@jest/globals';
import { Keypair, type TransactionInstruction } from '@solana/web3.js';
import { compile } from '../../../src/chain/draft.ts';
import { toInstruction } from '../../../src/venues/solana-perps/to-instruction.ts';
import { VELOCITY_PROGRAM_ID } from '../../../src/venues/velocity/program/accounts.ts';
import { plainOrder, velocityInstruction } from '../../../src/venues/velocity/program/instructions.ts';
import { signedContent } from '../../../src/venues/velocity/signed-content.ts';

const payer = Keypair.generate().publicKey;
const us = payer.toBase58();
const OTHER_PROGRAM = 'dRiftyHA39MWEi3m9aunc5MzRF1JYuBsbn6VPcn33UH';
const own = { user: us, userStats: us, authority: us, payer: us, vault: us };

function wireOf(...instructions: readonly TransactionInstruction[]): string {
  const budget = { computeUnits: 1, price: 1, tip: null };
  return Buffer.from(compile({ payer, instructions }, budget, '1'.repeat(32)).serialize()).toString('base64');
}

const order = { ...plainOrder({ direction: 'short', base: 7n, maxTs: 12n }), successCondition: null };
const taken = toInstruction(velocityInstruction('placeAndTakePerpOrder', own, order));
const NOTHING = { order: null, settles: false, opensAccount: false };

describe('what signed bytes ask for', () => {
  it('an order: its side, size and end, whether it is taken at once or placed only', () => {
    const placed = toInstruction(velocityInstruction('placePerpOrder', own, { ...order, direction: 'long' }));
    const asked = { size: 7n, maxTsMs: 12_000 };
    expect(signedContent(wireOf(taken), VELOCITY_PROGRAM_ID)).toEqual({
      ...NOTHING,
      order: { side: 'sell', ...asked },
    });
    expect(signedContent(wireOf(placed), VELOCITY_PROGRAM_ID)).toEqual({
      ...NOTHING,
      order: { side: 'buy', ...asked },
    });
  });

  it('an order that has no end says nothing', () => {
    const endless = velocityInstruction('placeAndTakePerpOrder', own, { ...order, maxTs: null });
    expect(signedContent(wireOf(toInstruction(endless)), VELOCITY_PROGRAM_ID)).toEqual(NOTHING);
  });

  it('settling, and opening the account', () => {
    const settle = velocityInstruction('settleMultiplePnls', own, { marketIndexes: [0], mode: 'trySettle' });
    const open = velocityInstruction('initializeUser', own, { subAccount: 0, name: new Uint8Array(32) });
    expect(signedContent(wireOf(toInstruction(open), toInstruction(settle)), VELOCITY_PROGRAM_ID)).toEqual({
      ...NOTHING,
      settles: true,
      opensAccount: true,
    });
  });

  it.each([
    ['of another program', wireOf(taken), OTHER_PROGRAM],
    ['that are no transaction', 'AAAA', VELOCITY_PROGRAM_ID],
  ])('bytes %s ask for nothing', (_what, wire, program) => {
    expect(signedContent(wire, program)).toEqual(NOTHING);
  });
});
