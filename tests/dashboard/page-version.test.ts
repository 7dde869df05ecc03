import { expect, it } from '@jest/globals';
import { isOtherPage } from '../../dashboard/src/state/page-version.ts';

const OWN = '/assets/index-a1.js';

it('a page sees that the server has another one', () => {
  expect(isOtherPage(OWN, '/assets/index-b2.js')).toBe(true);
  expect(isOtherPage(OWN, OWN)).toBe(false);
});

it('a page that cannot tell says nothing', () => {
  expect(isOtherPage(OWN, null)).toBe(false);
  expect(isOtherPage(null, '/assets/index-b2.js')).toBe(false);
  // Under development each edit makes another script.
  expect(isOtherPage('/src/main.tsx', OWN)).toBe(false);
});
