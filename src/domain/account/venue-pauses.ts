/** What a venue's pauses forbid, in the words of the commands. */
import type { VenuePauses } from './snapshot.ts';

const WORDS: readonly (readonly ['deposit' | 'withdraw' | 'increase' | 'reduce' | 'settle', string])[] = [
  ['deposit', 'deposits'],
  ['withdraw', 'withdrawals'],
  ['increase', 'opening and increasing'],
  ['reduce', 'closing and reducing'],
  ['settle', 'settling PnL'],
];

export function forbidden(pauses: VenuePauses): readonly string[] {
  const assets = (operation: 'deposit' | 'withdraw', word: string): readonly string[] =>
    pauses[operation] ? [] : (pauses.refusedAssets?.[operation] ?? []).map((asset) => `${word} of ${asset}`);
  return [
    ...WORDS.filter(([name]) => pauses[name]).map(([, word]) => word),
    ...assets('deposit', 'deposits'),
    ...assets('withdraw', 'withdrawals'),
  ];
}
