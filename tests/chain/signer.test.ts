import { createPublicKey, verify } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, describe, expect, it } from '@jest/globals';
import { Keypair } from '@solana/web3.js';
import fc from 'fast-check';
import { itUnless } from '../../localnet/tests/support/unless.ts';
import { type LoadedSigner, loadSigner } from '../../src/chain/local-signer.ts';
import { fromBase58, toBase58 } from '../../src/lib/base58.ts';
import { CriticalError } from '../../src/lib/errors.ts';

const folder = mkdtempSync(join(tmpdir(), 'driftless-key-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const pair = Keypair.generate();
const base58 = toBase58(pair.secretKey);
const json = JSON.stringify([...pair.secretKey]);

function fileWith(text: string, mode = 0o600): string {
  const path = join(folder, `key-${Math.floor(performance.now() * 1_000)}.json`);
  writeFileSync(path, text, { mode });
  chmodSync(path, mode);
  return path;
}

const fromText = (privateKey: string) => loadSigner({ privateKey, keypairPath: null });
const fromFile = (keypairPath: string) => loadSigner({ privateKey: null, keypairPath });

function refused(load: () => unknown): CriticalError {
  try {
    load();
  } catch (error) {
    if (error instanceof CriticalError) return error;
    throw error;
  }
  throw new Error('it was taken');
}

/** Names of functions and files, the test's and fast-check's among them: a drawn text may well contain such a word. */
const STACK_LINE = /^ +at .*$/gm;
/** All that an error could take along: message, cause, details, hidden fields, and its stack but for the places. */
const allOf = (error: unknown): string =>
  `${inspect(error, { depth: 9, showHidden: true })} ${JSON.stringify(error)}`.replace(STACK_LINE, '');

describe('a key', () => {
  it('is read in base58, as JSON bytes, as a JSON string, with blanks and a byte order mark around it', () => {
    for (const text of [base58, json, JSON.stringify(base58), ` ${base58}\n`, `\uFEFF${json}\n`]) {
      expect(fromText(text)?.signer.publicKey.toBase58()).toBe(pair.publicKey.toBase58());
      expect(fromFile(fileWith(text))?.signer.publicKey.toBase58()).toBe(pair.publicKey.toBase58());
    }
  });

  it('signs so that its public key verifies it', async () => {
    const message = Uint8Array.from([1, 2, 3]);
    const signature = await fromText(base58)?.signer.sign(message);
    expect(signature).toHaveLength(64);
    const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), pair.publicKey.toBuffer()]);
    const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
    expect(verify(null, message, key, signature as Uint8Array)).toBe(true);
  });

  it('is not needed: without one there is no signer', () => {
    expect(loadSigner({ privateKey: null, keypairPath: null })).toBeNull();
  });
});

const halves = [...pair.secretKey.slice(0, 32), ...Keypair.generate().publicKey.toBytes()];
const MALFORMED: readonly (readonly [what: string, text: string, code: string, says: RegExp])[] = [
  ['empty', '', 'KEY_EMPTY', /is empty/],
  ['blank', ' \n\t', 'KEY_EMPTY', /is empty/],
  ['an address', pair.publicKey.toBase58(), 'KEY_LENGTH', /32 bytes, which is an address or a seed/],
  ['a seed', JSON.stringify([...pair.secretKey.slice(0, 32)]), 'KEY_LENGTH', /32 bytes/],
  ['cut', base58.slice(0, -3), 'KEY_LENGTH', /has 6\d bytes/],
  ['too long', base58.repeat(2), 'KEY_LENGTH', /has 1\d\d characters/],
  ['65 bytes', JSON.stringify([...pair.secretKey, 0]), 'KEY_LENGTH', /has 65 bytes/],
  ['an empty array', '[]', 'KEY_LENGTH', /has 0 bytes/],
  ['not base58', base58.replace(/^./, '0'), 'KEY_NOT_BASE58', /neither base58 nor/],
  ['hexadecimal', Buffer.from(pair.secretKey).toString('hex').slice(0, 128), 'KEY_NOT_BASE58', /hexadecimal/],
  ['base64', Buffer.from(pair.secretKey).toString('base64'), 'KEY_NOT_BASE58', /neither base58/],
  ['two words', `${base58.slice(0, 40)} ${base58.slice(40)}`, 'KEY_NOT_BASE58', /contains spaces/],
  ['broken JSON', json.slice(0, -1), 'KEY_NOT_JSON', /looks like JSON/],
  ['a JSON object', JSON.stringify({ secretKey: [...pair.secretKey] }), 'KEY_NOT_AN_ARRAY', /not an array of bytes/],
  ['an array of text', JSON.stringify([...pair.secretKey].map(String)), 'KEY_NOT_BYTES', /whole numbers from 0 to 255/],
  ['a number too large', JSON.stringify([...pair.secretKey.slice(1), 256]), 'KEY_NOT_BYTES', /0 to 255/],
  ['a fraction', JSON.stringify([...pair.secretKey.slice(1), 1.5]), 'KEY_NOT_BYTES', /0 to 255/],
  ['another seed’s public key', JSON.stringify(halves), 'KEY_MISMATCH', /does not match its seed/],
];

describe('a malformed key is refused in words of its own', () => {
  for (const [what, text, code, says] of MALFORMED) {
    it(`${what}: ${code}`, () => {
      const inSetting = refused(() => fromText(text));
      expect(inSetting.code).toBe(code);
      expect(inSetting.message).toMatch(says);
      expect(inSetting.message).toMatch(/^SOLANA_PRIVATE_KEY /);
      const inFile = refused(() => fromFile(fileWith(text)));
      expect(inFile.code).toBe(code);
      expect(inFile.message).toMatch(/^The key file /);
    });
  }

  it('whatever it is, no part of it is told', () => {
    const given = fc.oneof(
      fc.constantFrom(...MALFORMED.map(([, text]) => text)),
      fc.string({ minLength: 8, maxLength: 200 }),
      fc
        .array(fc.integer({ min: 100, max: 300 }), { minLength: 8, maxLength: 70 })
        .map((bytes) => JSON.stringify(bytes)),
    );
    fc.assert(
      fc.property(given, (text) => {
        const told = allOf(refused(() => fromText(text)));
        // The words and the stack of any refusal: a generated key such as "property" may stand there by chance.
        const common = allOf(refused(() => fromText('*')));
        // Any eight characters of it, or three bytes in a row.
        for (let i = 0; i + 8 <= text.length; i += 4) {
          const piece = text.slice(i, i + 8);
          if (/^\s*$/.test(piece) || common.includes(piece)) continue;
          expect(told).not.toContain(piece);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('a key file', () => {
  it('that is missing, a folder, or closed to us is named', () => {
    expect(refused(() => fromFile(join(folder, 'none.json')))).toMatchObject({ code: 'KEY_FILE_MISSING' });
    expect(refused(() => fromFile(join(folder, 'none.json'))).message).toContain('none.json');
    expect(refused(() => fromFile(folder))).toMatchObject({ code: 'KEY_FILE_UNREADABLE' });
  });

  itUnless(
    (process.platform === 'win32' || process.getuid?.() === 0) && 'root may read everything, Windows has no modes',
  )('without permission is told as unreadable', () => {
    expect(refused(() => fromFile(fileWith(json, 0o000)))).toMatchObject({ code: 'KEY_FILE_UNREADABLE' });
  });

  it('that is no key file by its size is not read', () => {
    expect(refused(() => fromFile(fileWith('1'.repeat(5_000)))).message).toMatch(/5000 bytes/);
  });

  itUnless(process.platform === 'win32' && 'Windows has no modes')(
    'that others may read is taken with a warning',
    () => {
      expect(fromFile(fileWith(json, 0o600))?.warnings).toEqual([]);
      for (const mode of [0o644, 0o640, 0o604]) {
        const [warning] = fromFile(fileWith(json, mode))?.warnings ?? [];
        expect(warning).toMatch(new RegExp(`mode ${mode.toString(8)}.*chmod 600`));
        expect(warning).not.toContain(base58.slice(0, 8));
      }
    },
  );

  it('in whose place the key itself was given is not quoted', () => {
    for (const text of [base58, json]) expect(allOf(refused(() => fromFile(text)))).not.toContain(text.slice(10, 40));
  });

  it('beside a setting with the same key is fine, with another it is refused, naming both addresses', () => {
    const other = Keypair.generate();
    const keypairPath = fileWith(json);
    expect(loadSigner({ privateKey: base58, keypairPath })?.signer.publicKey.toBase58()).toBe(
      pair.publicKey.toBase58(),
    );
    const error = refused(() => loadSigner({ privateKey: toBase58(other.secretKey), keypairPath }));
    expect(error.code).toBe('KEY_AMBIGUOUS');
    expect(error.details).toEqual({
      privateKey: other.publicKey.toBase58(),
      keypairPath: pair.publicKey.toBase58(),
    });
  });
});

it('a signer that is printed, logged or sent shows its address only', () => {
  const { signer } = fromText(base58) as LoadedSigner;
  const shown = `${inspect(signer, { depth: 9, showHidden: true })} ${JSON.stringify({ signer })} ${String(signer)}`;
  expect(shown).toContain(pair.publicKey.toBase58());
  expect(shown).not.toContain(base58.slice(0, 16));
  expect(shown).not.toContain([...pair.secretKey.slice(0, 4)].join(', '));
  expect(shown).not.toContain(Buffer.from(pair.secretKey.slice(0, 8)).toString('hex'));
});

it('base58 there and back is the same, for any bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      expect(fromBase58(toBase58(bytes))).toEqual(Uint8Array.from(bytes));
    }),
    { numRuns: 200 },
  );
  expect(fromBase58('0')).toBeNull();
});
