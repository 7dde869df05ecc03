/** Base58 with Bitcoin's alphabet: how Solana writes keys, signatures and blockhashes. */
const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
const DIGIT_OF = new Map([...ALPHABET].map((letter, digit) => [letter, digit]));

/** Digits are found five at a time, in words of two bytes: nothing then exceeds what a number holds exactly. */
const DIGITS_AT_ONCE = 5;
const FIVE_DIGITS = 58 ** DIGITS_AT_ONCE;
const WORD = 65_536;

/** Each leading zero byte is a `1`. */
export function toBase58(bytes: Uint8Array): string {
  let zeros = 0;
  while (zeros < bytes.length && bytes[zeros] === 0) zeros++;
  const words = wordsOf(bytes, zeros);
  let text = '';
  for (let first = 0; first < words.length; ) {
    let rest = 0;
    for (let at = first; at < words.length; at++) {
      const value = rest * WORD + (words[at] as number);
      words[at] = Math.floor(value / FIVE_DIGITS);
      rest = value % FIVE_DIGITS;
    }
    while (first < words.length && words[first] === 0) first++;
    const last = first === words.length;
    for (let digit = 0; digit < DIGITS_AT_ONCE && !(last && rest === 0); digit++) {
      text = ALPHABET[rest % 58] + text;
      rest = Math.floor(rest / 58);
    }
  }
  return '1'.repeat(zeros) + text;
}

/** The bytes from `from` on, two to a word, the highest first. */
function wordsOf(bytes: Uint8Array, from: number): number[] {
  const words: number[] = [];
  for (let at = bytes.length; at > from; at -= 2)
    words.push((at - 2 >= from ? (bytes[at - 2] as number) << 8 : 0) | (bytes[at - 1] as number));
  return words.reverse();
}

/** Null when a letter is not of the alphabet. The time grows with the square of the length: bound it first. */
export function fromBase58(text: string): Uint8Array | null {
  const bytes: number[] = [];
  for (const letter of text) {
    const digit = DIGIT_OF.get(letter);
    if (digit === undefined) return null;
    let carry = digit;
    for (let i = 0; i < bytes.length; i++) {
      carry += (bytes[i] as number) * 58;
      bytes[i] = carry & 0xff;
      carry >>= 8;
    }
    for (; carry > 0; carry >>= 8) bytes.push(carry & 0xff);
  }
  let zeros = 0;
  while (zeros < text.length && text[zeros] === '1') zeros++;
  return Uint8Array.from([...new Array<number>(zeros).fill(0), ...bytes.reverse()]);
}
