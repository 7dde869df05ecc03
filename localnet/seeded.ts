import { createHash } from 'node:crypto';

/** 32 bytes that depend on the seed and the words and on nothing else. */
export const seededBytes = (...words: readonly (string | number)[]): Uint8Array =>
  createHash('sha256').update(words.join('\u0000')).digest();

/** From 0 to below 1, of the same kind: a decision is the same in each run, whatever was decided before it. */
export const seededShare = (...words: readonly (string | number)[]): number =>
  Buffer.from(seededBytes(...words)).readUIntBE(0, 6) / 2 ** 48;
