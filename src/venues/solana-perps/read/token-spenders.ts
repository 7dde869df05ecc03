/** What a token account says beside its mint, its owner and its amount. */

const DELEGATE = [72, 108] as const;
const AFTER_STATE = [121, 165] as const;

/** Who may spend from a token account, or close it, beside its owner: the same text as long as nothing of it changes. */
export const tokenSpenders = (data: Buffer): string =>
  [DELEGATE, AFTER_STATE].map(([from, to]) => data.subarray(from, to).toString('hex')).join(' ');
