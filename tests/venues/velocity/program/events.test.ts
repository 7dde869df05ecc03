import { describe, expect, it } from '@jest/globals';
import { encodeBorsh } from '../../../../src/venues/solana-perps/borsh-table.ts';
import { eventDiscriminator } from '../../../../src/venues/solana-perps/discriminator.ts';
import { VELOCITY_PROGRAM_ID } from '../../../../src/venues/velocity/program/accounts.ts';
import { VELOCITY_EVENTS, velocityEvents } from '../../../../src/venues/velocity/program/events.ts';

const OTHER_PROGRAM = '11111111111111111111111111111111';
const USER = '11111111111111111111111111111112';

const SETTLED = {
  ts: 1_786_205_423n,
  user: USER,
  marketIndex: 0,
  pnl: -1_933_382n,
  base: -10_000_000_000n,
  quoteAfter: 763_407_560n,
  quoteEntry: 761_740_788n,
  settlePrice: 76_340_756n,
  explanation: 'none',
} as const;

const line = (prefix: string, bytes: Uint8Array): string => {
  const payload = Buffer.concat([Buffer.from(eventDiscriminator('SettlePnlRecord'), 'hex'), bytes]);
  return `${prefix}${payload.toString('base64')}`;
};
const within = (program: string, ...lines: readonly string[]): readonly string[] => [
  `Program ${program} invoke [1]`,
  ...lines,
  `Program ${program} success`,
];

describe('events', () => {
  const bytes = encodeBorsh(VELOCITY_EVENTS.SettlePnlRecord, SETTLED);

  it('carry the discriminators of the program', () => {
    const found = Object.fromEntries(Object.keys(VELOCITY_EVENTS).map((name) => [name, eventDiscriminator(name)]));
    expect(found).toEqual({
      DepositRecord: 'b4f1dacf66872c86',
      SpotInterestRecord: 'b7bacbbae1bb5f82',
      FundingPaymentRecord: '083b601489c9385f',
      FundingRateRecord: '4403ff1a855b93fe',
      OrderRecord: '681340385915025a',
      OrderActionRecord: 'e0344347c2ed6d01',
      SettlePnlRecord: '3944691a77c6d559',
      LiquidationRecord: '7f11006cb60de735',
      NewUserRecord: 'ecba71db2a3395f9',
      SwapRecord: 'a2bb7bc28a38faf1',
    });
  });

  it.each(['Program data: ', 'Program log: '])('are read from lines that begin with "%s"', (prefix) => {
    const logs = within(VELOCITY_PROGRAM_ID, line(prefix, bytes));
    expect(velocityEvents(logs)).toEqual({ events: [{ name: 'SettlePnlRecord', ...SETTLED }], truncated: false });
  });

  it('of another program count for nothing', () => {
    expect(velocityEvents(within(OTHER_PROGRAM, line('Program data: ', bytes))).events).toEqual([]);
  });

  it('with bytes too few or too many are unreadable, never nothing', () => {
    const short = velocityEvents(within(VELOCITY_PROGRAM_ID, line('Program data: ', bytes.subarray(0, -1))));
    const long = velocityEvents(within(VELOCITY_PROGRAM_ID, line('Program data: ', Buffer.concat([bytes, bytes]))));
    const unreadable = { name: 'unreadable', event: 'SettlePnlRecord' };
    expect([...short.events, ...long.events]).toMatchObject([unreadable, unreadable]);
  });

  it('after the end of a log that was cut off are unknown', () => {
    const logs = [`Program ${VELOCITY_PROGRAM_ID} invoke [1]`, 'Log truncated', line('Program data: ', bytes)];
    expect(velocityEvents(logs)).toEqual({ events: [], truncated: true });
  });
});
