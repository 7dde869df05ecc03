import { describe, expect, it } from '@jest/globals';
import { GATE_CODES } from '../../../src/domain/gates/gate-table.ts';
import { gateSentence } from '../../../src/domain/gates/gate-words.ts';

const failed = (code: (typeof GATE_CODES)[number], have: number | string | null, need: number | string, unit = '') =>
  gateSentence({ code, have, need, unit });

describe('what a gate that did not pass says', () => {
  it.each([
    ['PERMISSION', 'read-only', 'trading', 'Trading is disabled (read-only).'],
    ['PERMISSION', 'capital', 'trading', 'Trading is disabled (capital only).'],
    ['PERMISSION', 'read-only', 'capital', 'Deposits and withdrawals are disabled (read-only).'],
    ['VENUE_PAUSED', 'paused', 'open', 'The venue has paused this operation.'],
    ['FEE_MONEY', 0, 0.000005, 'The wallet has 0.000000 SOL; this transaction costs 0.000005 SOL.'],
    ['PRICE_UNKNOWN', null, 'a mark or oracle price', 'The price is unknown.'],
    ['ACCOUNT_STATUS', 'none', 'active', 'There is no account yet.'],
    ['MARKET_STATUS', 'reduce_only', 'active', 'The market is reduce only.'],
    ['ORACLE_INVALID', 'stale by 12 slots', 'valid', 'The oracle price is not usable: stale by 12 slots.'],
    ['SNAPSHOT_AGE', 41.5, 30, 'The account data is 41.5 s old; the limit is 30 s.'],
    ['RPC_LATENCY', 812.4, 500, 'The RPC node takes 812 ms; the limit is 500 ms.'],
    ['GAS_RESERVE', 0.016985, 0.017, 'The wallet would keep 0.016985 SOL for gas; it must keep 0.017000 SOL.'],
    ['GAS_RESERVE', -994, 0.017, 'The wallet lacks 994.0000 SOL for this, and it must keep 0.0170 SOL for gas.'],
    ['MINIMUM_SIZE', 0.0001, 0.1, 'The size is 0.0001 SOL; the minimum is 0.1000 SOL.'],
    ['MINIMUM_SIZE', 0.00001, 0.01, 'The size is 0.000010 SOL; the minimum is 0.010000 SOL.'],
    ['LEVERAGE', 5.25, 5, 'Leverage would be 5.25x; the limit is 5x.'],
    ['LEVERAGE', null, 5, 'Leverage would be unknown; the limit is 5x.'],
    ['HEALTH_AFTER', 0, 80, 'Health would be 0 %; it must stay above 80 %.'],
    ['DELTA_EXPOSED', -99.999999, 1, 'The account would be \u2212100 % away from neutral; the tolerance is 1 %.'],
    ['UNPROFITABLE', -34.83, 3.3, 'Expected funding: \u2212$34.83. Costs: $3.30.'],
    ['UNPROFITABLE', -0.001, 0, 'Expected funding: \u2212$0.0010. Costs: $0.0000.'],
  ] as const)('%s with %s against %s', (code, have, need, sentence) => {
    expect(failed(code, have, need)).toBe(sentence);
  });

  it('names the asset of an amount', () => {
    expect(failed('INSUFFICIENT_FUNDS', 4.982985, 5, 'SOL')).toBe('Available: 4.982985 SOL. Needed: 5 SOL.');
  });

  it('tells an exposure without spot in SOL', () => {
    expect(failed('DELTA_EXPOSED', -99, 0, 'SOL')).toBe(
      'The account would be 99.0000 SOL short, with next to no spot to hedge.',
    );
    expect(failed('DELTA_EXPOSED', 5.5, 0, 'SOL')).toContain('5.5000 SOL long');
  });

  it('is a sentence for every gate, whatever is unknown', () => {
    for (const code of GATE_CODES) {
      for (const have of [null, 1, -0.5, 'a_word']) {
        const sentence = failed(code, have, 1, 'SOL');
        expect(sentence).toMatch(/^[A-Z].*\.$/);
        expect(sentence).not.toMatch(/[A-Z]+_[A-Z]+|undefined|NaN|a_word/);
      }
    }
  });
});
