/** The trade ticket: presets that reach neutral, questions to the server while one types, and a preview in words. */
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { costRows, forecastRows, refusalWords } from '../../dashboard/src/state/forecast.ts';
import { gateFigure, gateLimit } from '../../dashboard/src/state/gate-figures.ts';
import { LatestQuestion } from '../../dashboard/src/state/latest-question.ts';
import { type PresetBasis, presetOf, presetWords, SHARES } from '../../dashboard/src/state/presets.ts';
import { correctionTo, FULL_HEDGE_PPM } from '../../src/domain/hedge/delta.ts';
import { lamports } from '../../src/domain/money/units.ts';
import * as z from '../../src/lib/codec.ts';
import { ANSWER_EXAMPLES } from '../../src/protocol/examples.ts';
import { CommandPreview } from '../../src/protocol/preview.ts';
import { paperPolicy } from '../support/snapshots.ts';

const SOL = 1_000_000_000n;

describe('a preset', () => {
  const basis: PresetBasis = {
    spotBase: 10n * SOL,
    perpBase: 0n,
    stepBase: 1_000_000n,
    minimumBase: 5_000_000n,
    tolerancePct: 1,
  };
  const of = (share: bigint, change: Partial<PresetBasis> = {}) => presetOf(share, { ...basis, ...change });

  it('counts what is held already', () => {
    expect(of(25n).size).toBe('2.5');
    expect(of(100n, { perpBase: -4n * SOL }).size).toBe('6');
    expect(of(50n, { perpBase: -5n * SOL })).toMatchObject({ size: null, remainingBase: 0n });
  });

  it('goes to the nearest step, and says what remains', () => {
    // A wallet of 20 SOL on a market with steps of 0.1: 19.9995 deposited is 20.0, not 19.9.
    const odd = of(100n, { spotBase: 19_999_500_000n, stepBase: SOL / 10n });
    expect(odd.size).toBe('20');
    expect(presetWords(odd)).toBe("100 % of spot: is 0.0005 SOL more than that, by the market's step");
    const less = of(100n, { spotBase: 10_000_400_000n });
    expect(less.size).toBe('10');
    expect(presetWords(less)).toBe('100 % of spot: leaves 0.0004 SOL unhedged, less than can be traded');
    expect(presetWords(of(100n))).toBe('100 % of spot: exactly');
    expect(presetWords(of(50n, { perpBase: -5n * SOL }))).toBe('50 % of spot is hedged already');
  });

  it('of 100 % is what the engine itself would correct to', () => {
    const amount = fc.bigInt({ min: 10n * 1_000_000n, max: 10_000n * SOL });
    fc.assert(
      fc.property(
        amount,
        fc.bigInt({ min: 0n, max: 100n }),
        fc.constantFrom(1_000_000n, 10_000_000n, SOL / 10n),
        (spot, part, step) => {
          const perp = -(((spot * part) / 100n / step) * step);
          const policy = paperPolicy();
          const preset = presetOf(100n, {
            spotBase: spot,
            perpBase: perp,
            stepBase: step,
            minimumBase: null,
            tolerancePct: 1,
          });
          const correction = correctionTo(
            FULL_HEDGE_PPM,
            { spot: lamports(spot), perp: lamports(perp) },
            lamports(step),
            policy,
          );
          const sold = spot + perp - preset.remainingBase;
          fc.pre(spot >= step);
          // A half step is rounded toward zero there, and away from it here.
          expect([-correction, -correction + step]).toContain(sold);
          expect(preset.remainingBase <= step && preset.remainingBase >= -step).toBe(true);
        },
      ),
    );
  });

  it('is nothing without spot, or below the smallest order', () => {
    expect(SHARES.map((share) => of(share, { spotBase: 0n }).size)).toEqual([null, null, null]);
    expect(of(100n, { perpBase: -10n * SOL + 4_000_000n }).size).toBeNull();
  });
});

describe('a question while one types', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  function asker() {
    const asked: { question: string; signal: AbortSignal; answer: (text: string) => void }[] = [];
    const answers: [string, string][] = [];
    const latest = new LatestQuestion<string, string>({
      ask: (question, signal) => new Promise((answer) => asked.push({ question, signal, answer })),
      onAnswer: (question, answer) => answers.push([question, answer]),
      isSame: (one, other) => one === other,
      waitMs: 250,
    });
    return { asked, answers, latest };
  }
  const settled = async () => await jest.advanceTimersByTimeAsync(0);

  it('is asked once one pauses, and only the last one', async () => {
    const { asked, latest } = asker();
    for (const text of ['1', '1.', '1.5']) {
      latest.set(text);
      await jest.advanceTimersByTimeAsync(100);
    }
    expect(asked).toEqual([]);
    await jest.advanceTimersByTimeAsync(150);
    expect(asked.map(({ question }) => question)).toEqual(['1.5']);
  });

  it('has only the answer to the latest, however late the others come', async () => {
    const { asked, answers, latest } = asker();
    latest.set('a');
    await jest.advanceTimersByTimeAsync(250);
    latest.set('b');
    await jest.advanceTimersByTimeAsync(250);
    expect(asked[0]?.signal.aborted).toBe(true);
    asked[1]?.answer('B');
    asked[0]?.answer('A');
    await settled();
    expect(answers).toEqual([['b', 'B']]);
  });

  it('is asked again when the account is read anew, but not while its answer is awaited', async () => {
    const { asked, answers, latest } = asker();
    latest.set('a');
    await jest.advanceTimersByTimeAsync(250);
    for (let read = 0; read < 5; read += 1) latest.set('a');
    expect(asked).toHaveLength(1);
    asked[0]?.answer('A');
    await settled();
    latest.set('a');
    expect(asked).toHaveLength(2);
    asked[1]?.answer('A2');
    await settled();
    expect(answers).toEqual([
      ['a', 'A'],
      ['a', 'A2'],
    ]);
  });

  it('that is withdrawn has no answer', async () => {
    const { asked, answers, latest } = asker();
    latest.set('a');
    await jest.advanceTimersByTimeAsync(250);
    latest.set(null);
    asked[0]?.answer('A');
    await settled();
    expect(answers).toEqual([]);
  });
});

describe('a preview in words', () => {
  const preview = (change: object = {}): CommandPreview =>
    z.decode(CommandPreview, { ...ANSWER_EXAMPLES['/api/preview'], ...change });
  const refusal = (code: string) => ({ code, message: `Refused: ${code}.` });

  it('shows what changes, and the four figures that people look for', () => {
    const rows = forecastRows(preview());
    expect(rows.find(({ label }) => label === 'Hedged')).toMatchObject({
      before: '0.0 %',
      after: '100.0 %',
      changed: true,
    });
    expect(rows.find(({ label }) => label === 'Liquidation')).toMatchObject({ before: 'none', after: '$268.41' });
    expect(rows.map(({ label }) => label)).not.toContain('In the wallet');
  });

  it('names the side in words, never a signed size', () => {
    expect(costRows(preview())).toContainEqual(['Trade', 'Sell 10.0000 SOL']);
    expect(costRows(preview({ size_sol: null, size_base: null })).map(([label]) => label)).not.toContain('Worst price');
  });

  it('says that it never pays at this rate, and of unknown figures that they are unknown', () => {
    const { costs } = ANSWER_EXAMPLES['/api/preview'];
    const of = (change: object) => Object.fromEntries(costRows(preview({ costs: { ...costs, ...change } })));
    expect(of({ break_even_days: null })['Break-even']).toBe('Not at current rates');
    expect(of({ worst_price_usd: null })['Worst price']).toBe('unknown');
    expect(of({ expected_funding_usd: null })).not.toHaveProperty('Break-even');
  });

  it('keeps an exit from being sent only for a missing permission', () => {
    for (const action of ['DRIFT_CLOSE_POSITION', 'FLATTEN']) {
      for (const code of ['VENUE_PAUSED', 'GATE_BLOCKED', 'NO_POSITION', 'ENGINE_HALTED', 'UNAVAILABLE']) {
        expect(refusalWords(preview({ action, refusal: refusal(code) }))).toBeNull();
      }
      expect(refusalWords(preview({ action, refusal: refusal('PERMISSION_DENIED') }))).toMatch(/PERMISSION_DENIED/);
    }
    expect(refusalWords(preview({ refusal: refusal('GATE_BLOCKED') }))).toBe('Refused: GATE_BLOCKED.');
  });
});

describe('a figure of a check', () => {
  it('has fixed decimals and its unit, and no absurd percentage', () => {
    expect(gateFigure(-999_994_809.6258613, '%')).toBe('below −1,000 %');
    expect(gateFigure(12.3456, '%')).toBe('12.35 %');
    expect(gateFigure(0.123456789, 'SOL')).toBe('0.1235 SOL');
    expect(gateFigure(1_234.5, 'USD')).toBe('$1,234.50');
    expect(gateFigure(30, 's')).toBe('30 s');
    expect(gateFigure('read-only', 'permission')).toBe('read-only');
    expect(gateFigure(null, 'x')).toBe('unknown');
    expect(gateLimit(null, 'x')).toBe('');
  });
});
