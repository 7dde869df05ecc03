import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { visible } from '../../src/lib/visible.ts';

const ESC = '\u001b';

describe('text for a terminal', () => {
  it.each([
    ['clears the screen', `${ESC}[2J${ESC}[H`, '\\u001b[2J\\u001b[H'],
    ['sets the window’s title', `${ESC}]0;owned\u0007`, '\\u001b]0;owned\\u0007'],
    ['writes over its line', 'lost\rwon', 'lost\\u000dwon'],
    ['rubs letters out', 'lost\b\b', 'lost\\u0008\\u0008'],
    ['uses the eight-bit form', '\u009b2J', '\\u009b2J'],
    ['conceals', `${ESC}[8mhidden`, '\\u001b[8mhidden'],
    ['turns letters round', 'abc\u202edef', 'abc\\u202edef'],
  ])('that %s is shown as its code', (_what, given, shown) => {
    expect(visible(given)).toBe(shown);
  });

  it('keeps lines, tabs, colours and letters of all scripts', () => {
    const text = `${ESC}[1mbold${ESC}[22m\t${ESC}[31mred${ESC}[39m ünï 日本 👍\n`;
    expect(visible(text)).toBe(text);
  });

  it('has no control character left but those, whatever came, and is JSON of the same value where it was JSON', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (given) => {
        const shown = visible(given).replaceAll(new RegExp(`${ESC}\\[\\d+m`, 'g'), '');
        expect(/[^\P{Cc}\n\t]/u.test(shown)).toBe(false);
        expect(visible(visible(given))).toBe(visible(given));
        expect(JSON.parse(visible(JSON.stringify(given)))).toBe(given);
      }),
    );
  });
});
