import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fromBase58, toBase58 } from '../../src/lib/base58.ts';

describe('base58', () => {
  it('writes leading zeros as ones', () => {
    expect(toBase58(Uint8Array.from([0, 0, 1]))).toBe('112');
    expect(toBase58(Uint8Array.from([255, 255]))).toBe('LUv');
    expect(toBase58(new Uint8Array(64))).toBe('1'.repeat(64));
    expect(toBase58(new Uint8Array(0))).toBe('');
  });

  it('reads back what it wrote', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        expect(fromBase58(toBase58(bytes))).toEqual(bytes);
      }),
    );
  });

  it('refuses letters that are not of the alphabet', () => {
    for (const letter of ['0', 'O', 'I', 'l', ' ', 'é']) expect(fromBase58(`1${letter}`)).toBeNull();
  });
});
