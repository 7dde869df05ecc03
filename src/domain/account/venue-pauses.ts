/** What a venue's pauses forbid, in the words of the commands. */
import type { VenuePauses } from './snapshot.ts';

type PausableOperation = 'deposit' | 'withdraw' | 'increase' | 'reduce' | 'settle';

const WORDS: readonly (readonly [PausableOperation, string])[] = [
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

/** The same word, of one operation: whoever has only the words finds it among them. */
export const pauseWord = (operation: PausableOperation): string =>
  WORDS.find(([name]) => name === operation)?.[1] ?? operation;
