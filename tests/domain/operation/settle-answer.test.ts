/** What a settle answers: its figure always has the name of the asset that moved. */
import { expect, it } from '@jest/globals';
import type { LandedEffect, Sighting } from '../../../src/domain/transaction/attempt.ts';
import { landed, OperationDriver } from '../../support/operation-driver.ts';

const SETTLED: LandedEffect = { settledPnl: '12300000', quoteAsset: 'USDT' };

/** The end of a settle that landed with this effect, of an operation that knew the asset from its start or did not. */
function answerOf(effect: LandedEffect, known?: string) {
  const settle = new OperationDriver({ kind: 'settle', market: 'SOL-PERP' });
  const { task } = settle.state;
  settle.state = { ...settle.state, task: known === undefined ? task : { ...task, quoteAsset: known } };
  settle.result({
    kind: 'prepared',
    prepared: { ok: true, intent: { kind: 'settle', market: 'SOL-PERP' }, reducing: false },
    position: '0',
    nothing: null,
  });
  settle.send().sighted({ ...landed(), effect } as Sighting);
  return settle.state.answer;
}

it.each<[string, LandedEffect, string | undefined, string]>([
  ['the venue says the asset, and the start did not know it', SETTLED, undefined, 'Settled 12.3 USDT of PnL'],
  ['the start knew it', SETTLED, 'USDT', 'Settled 12.3 USDT of PnL'],
  ['an effect from before venues said it', { settledPnl: '12300000' }, 'USDC', 'Settled 12.3 USDC of PnL'],
  [
    'nobody says it: it is never taken for dollars',
    { settledPnl: '12300000' },
    undefined,
    'Settled 12.3 units of the quote asset of PnL',
  ],
])('%s', (_case, effect, known, message) => {
  const answer = answerOf(effect, known);
  expect(answer?.message).toBe(message);
  expect(answer?.data).toMatchObject({ settled_pnl: 12.3 });
  expect(answer?.data?.quote_asset).toBe(effect.quoteAsset ?? known);
});
