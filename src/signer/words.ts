/** An instruction that the signer knows, in one word with what it says. Sequences of words are operations. */
export type Word =
  | { readonly word: 'limit'; readonly units: bigint }
  | { readonly word: 'price'; readonly microLamports: bigint }
  | { readonly word: 'tip' | 'wrap'; readonly lamports: bigint }
  | { readonly word: 'allocate' | 'initialize' | 'unwrap' | 'ensure' }
  | { readonly word: 'openStats' | 'open' | 'cancel' | 'amms' | 'funding' | 'settle' }
  | { readonly word: 'deposit' | 'withdraw'; readonly asset: string; readonly amount: bigint }
  | { readonly word: 'interest'; readonly spotMarket: string }
  | { readonly word: 'place'; readonly reduceOnly: boolean; readonly base: bigint };
