import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EngineNames } from '../../../src/domain/engine/engine-names.ts';

const OWN = 'engine:paper:synthetic:1:0';
const CALM = 'engine:paper:synthetic:1:1';
const named = (...names: readonly string[]): EngineNames =>
  new EngineNames(
    OWN,
    names.map((name, index) => ({ name, engineId: `engine:paper:synthetic:1:${index + 1}` })),
  );

describe('the name of an engine', () => {
  it('is told only where there are several; an engine that is not of this process has its id', () => {
    expect([OWN, CALM].map((id) => named().nameOf(id))).toEqual([null, CALM]);
    expect([OWN, CALM, 'engine:other'].map((id) => named('calm').nameOf(id))).toEqual(['own', 'calm', 'engine:other']);
  });

  it.each([
    ['calm', CALM],
    ['Calm', CALM],
    ['own', OWN],
    [CALM, CALM],
    ['UPPER', 'engine:paper:synthetic:1:3'],
    ['upper', 'engine:paper:synthetic:1:2'],
  ])('%s finds %s', (written, engineId) => {
    expect(named('calm', 'upper', 'UPPER').find(written)).toMatchObject({ kind: 'found', engine: { engineId } });
  });

  it.each([
    ['cal', 'There is no engine cal. Engines: calm, own, upper, UPPER.'],
    ['Upper', 'Several engines are called so but for capitals: upper, UPPER. Write it exactly.'],
    ['', 'There is no engine . Engines: own, calm, upper, UPPER.'],
  ])('%j is refused with the choices', (written, why) => {
    expect(named('calm', 'upper', 'UPPER').find(written)).toEqual({ kind: 'not found', why });
  });

  it('a refusal among a thousand is short, and names what was nearly written', () => {
    const names = named(...Array.from({ length: 1_000 }, (_, index) => `${index < 990 ? 'paper' : 'spare'}-${index}`));
    const found = names.find('spare');
    expect(found).toMatchObject({
      kind: 'not found',
      why: expect.stringMatching(/^There is no engine spare\. Engines: spare-990, .* and 989 more/),
    });
    fc.assert(
      fc.property(fc.string({ maxLength: 5_000 }), (written) => {
        const answer = names.find(written);
        if (answer.kind === 'not found') expect(answer.why.length).toBeLessThan(1_200);
      }),
    );
  });
});
