import { expect, it } from '@jest/globals';
import { csvLines } from '../../src/bridge/csv.ts';

it.each([
  ['=1+1', "'=1+1"],
  ['+1', "'+1"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['\t=1', "'\t=1"],
  ['\r=1', '"\'\r=1"'],
  ['\n=1', '"\'\n=1"'],
  ['＝1＋1', "'＝1＋1"],
  ['＠SUM', "'＠SUM"],
  ['-1+cmd', "'-1+cmd"],
  ['-1.5', '-1.5'],
  ['a=1', 'a=1'],
])('a cell %j is %j, and no spreadsheet runs it', (given, cell) => {
  expect(csvLines([{ given }], ['given'])).toBe(`${cell}\r\n`);
});
