/** The cases of docs/architecture/payloads.md, on the codecs as workers and clients have them. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { defaultPayloadConverter, type Payload, type SerializationContext } from '@temporalio/common';
import fc from 'fast-check';
import { onTestFinished } from '../../localnet/tests/support/on-test-finished.ts';
import { isUnsigned, unwrapped } from '../../src/lib/unsigned-payload.ts';
import {
  type EncryptionKeys,
  NO_KEYS,
  parseEncryptionKeys,
  readEncryptionKeys,
} from '../../src/runtime/encryption-keys.ts';
import { agreeOnKeys, keyIdsOf } from '../../src/runtime/encryption-keys-used.ts';
import { keyIdOf, payloadCipher } from '../../src/runtime/payload-encryption.ts';
import { closedDoors, type PayloadKeys, payloadKeyOf, signingCodec } from '../../src/runtime/payload-signatures.ts';
import { keyLine, keysOf } from '../support/encryption-keys.ts';

const SIGNS: PayloadKeys = [payloadKeyOf('the token')];
const HERE: SerializationContext = { type: 'workflow', namespace: 'default', workflowId: 'engine:1' };
const ELSEWHERE: SerializationContext = { ...HERE, workflowId: 'engine:2' };
const ACTIVITY: SerializationContext = {
  ...{ type: 'activity', namespace: 'default', workflowId: 'engine:1', activityId: '7', isLocal: false },
};
const OLD = keysOf('old');
const NEW_AND_OLD = keysOf('new', 'old');

const client = (keys: EncryptionKeys) => signingCodec(SIGNS, payloadCipher(keys));
function worker(keys: EncryptionKeys, signs = SIGNS) {
  const [codec] = closedDoors(signs, payloadCipher(keys)).dataConverter?.payloadCodecs ?? [];
  if (codec === undefined) throw new Error('no codec');
  return codec;
}
async function sent(value: unknown, keys: EncryptionKeys, place: SerializationContext = HERE): Promise<Payload> {
  const [payload] = await client(keys).encode([defaultPayloadConverter.toPayload(value)], place);
  return payload as Payload;
}
const unpacked = (payload: Payload | undefined): unknown => defaultPayloadConverter.fromPayload(payload as Payload);
const taken = async (
  payload: Payload,
  keys: EncryptionKeys,
  place: SerializationContext = HERE,
  signs = SIGNS,
): Promise<unknown> => unpacked((await worker(keys, signs).decode([payload], place))[0]);
const read = async (payload: Payload, keys: EncryptionKeys): Promise<unknown> =>
  unpacked((await client(keys).decode([payload]))[0]);

const VALUE = { size: '1.5', authority: 'a-secret-address' };
const value = fc.oneof(fc.constant(undefined), fc.jsonValue());
const place = fc.constantFrom(HERE, ELSEWHERE, ACTIVITY);

describe('an encrypted payload', () => {
  it('comes back as it was to workers and clients, also under a key that no longer encrypts', async () => {
    await fc.assert(
      fc.asyncProperty(value, place, fc.boolean(), async (given, where, isOld) => {
        const payload = await sent(given, isOld ? OLD : NEW_AND_OLD, where);
        expect(keyIdOf(payload)).toBe(isOld ? 'old' : 'new');
        const plain = unpacked(defaultPayloadConverter.toPayload(given));
        expect(await taken(payload, NEW_AND_OLD, where)).toEqual(plain);
        expect(await read(payload, NEW_AND_OLD)).toEqual(plain);
      }),
    );
  });

  it('shows nothing of its value, and is another one each time', async () => {
    const [first, second] = [await sent(VALUE, OLD), await sent(VALUE, OLD)];
    for (const { data } of [first, second]) expect(Buffer.from(data ?? []).includes('secret')).toBe(false);
    expect(Buffer.from(first.data ?? []).equals(Buffer.from(second.data ?? []))).toBe(false);
  });

  it('is a stranger’s in another workflow or activity', async () => {
    for (const [from, to] of [
      [HERE, ELSEWHERE],
      [HERE, ACTIVITY],
      [ACTIVITY, { ...ACTIVITY, activityId: '8' }],
    ] as const) {
      const strange = await taken(await sent(VALUE, OLD, from), OLD, to);
      expect(isUnsigned(strange)).toBe(true);
      // Its place is bound to the cipher as well: not even the value is known there.
      expect(unwrapped(strange)).toBeUndefined();
    }
  });

  it('is a stranger’s once a byte is another, and nobody reads it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const payload = await sent(VALUE, OLD);
        const data = Uint8Array.from(payload.data ?? []);
        const byte = at % data.length;
        data[byte] = (data[byte] ?? 0) ^ change;
        const changed = { ...payload, data };
        const strange = await taken(changed, OLD);
        expect(isUnsigned(strange)).toBe(true);
        expect(unwrapped(strange)).toBeUndefined();
        await expect(read(changed, OLD)).rejects.toMatchObject({ code: 'CODEC_KEY_WRONG' });
      }),
    );
  });

  it('is not read by the key of another id, nor from another place than it names', async () => {
    const payload = await sent(VALUE, NEW_AND_OLD);
    const as = (name: string, text: string): Payload => ({
      ...payload,
      metadata: { ...payload.metadata, [name]: new Uint8Array(Buffer.from(text)) },
    });
    for (const changed of [as('encryption-key-id', 'old'), as('driftless-place', '["workflow","engine:2",""]')])
      await expect(read(changed, NEW_AND_OLD)).rejects.toMatchObject({ code: 'CODEC_KEY_WRONG' });
  });

  it('names the key that is missing, or that another one stands under its id', async () => {
    const payload = await sent(VALUE, OLD);
    for (const keys of [NO_KEYS, keysOf('new')]) {
      const missing = { code: 'CODEC_KEY_MISSING', details: { key: 'old' } };
      await expect(taken(payload, keys)).rejects.toMatchObject(missing);
      await expect(read(payload, keys)).rejects.toMatchObject(missing);
    }
    const another = parseEncryptionKeys(keyLine('old', 'another'), 'a file');
    if (another.kind !== 'read') throw new Error(another.problem);
    await expect(taken(payload, another.keys)).rejects.toMatchObject({ code: 'CODEC_KEY_WRONG' });
  });

  it('that an older token signed is a stranger’s with its value, as a replay needs it', async () => {
    const payload = await sent(VALUE, OLD);
    const strange = await taken(payload, OLD, HERE, [payloadKeyOf('the token of next month')]);
    expect(isUnsigned(strange)).toBe(true);
    expect(unwrapped(strange)).toEqual(VALUE);
  });
});

it('a plain payload from before is taken and read, with keys as without', async () => {
  const payload = await sent(VALUE, NO_KEYS);
  for (const keys of [NO_KEYS, OLD]) {
    expect(await taken(payload, keys)).toEqual(VALUE);
    expect(await read(payload, keys)).toEqual(VALUE);
  }
});

it('what a stranger sends under any key id stops nothing', async () => {
  for (const id of ['old', 'none', '']) {
    const metadata = { encoding: Buffer.from('binary/encrypted'), 'encryption-key-id': Buffer.from(id) };
    expect(isUnsigned(await taken({ metadata, data: new Uint8Array([1, 2, 3]) }, OLD))).toBe(true);
  }
});

describe('the key file', () => {
  it('has one key a line, the first encrypts; off above them stops that', () => {
    const text = `# made today\n${keyLine('b')}\n\n${keyLine('a')}\n`;
    expect(parseEncryptionKeys(text, 'a file')).toMatchObject({
      ...{ kind: 'read', keys: { encrypts: { id: 'b' }, all: [{ id: 'b' }, { id: 'a' }] } },
    });
    expect(parseEncryptionKeys(`off\n${keyLine('a')}`, 'a file')).toMatchObject({
      ...{ kind: 'read', keys: { encrypts: null, all: [{ id: 'a' }] } },
    });
  });

  it.each([
    ['empty', '\n# nothing\n', /holds no key/],
    ['off without keys', 'off\n', /holds no key/],
    ['a key without an id', keyLine('a').split(' ')[1] ?? '', /Line 1 .* is no key/],
    ['a key that is too short', 'a c2hvcnQ=', /Line 1 .* is no key/],
    ['an id twice', `${keyLine('a')}\n${keyLine('a', 'b')}`, /Line 2 .* repeats the id a/],
  ])('is refused: %s, and no line is quoted', (_, text, problem) => {
    const read = parseEncryptionKeys(text, 'a file');
    expect(read).toMatchObject({ kind: 'refused', problem: expect.stringMatching(problem) });
    for (const word of text.split(/\s+/).filter((one) => one.length > 7)) {
      expect(JSON.stringify(read)).not.toContain(word);
    }
  });

  const onUnix = process.platform === 'win32' ? it.skip : it;
  onUnix('is refused while others may read it; a group may, as a cluster mounts it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'driftless-codec-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const path = join(folder, 'keys');
    writeFileSync(path, keyLine('a'));
    for (const [mode, kind] of [
      [0o644, 'refused'],
      [0o660, 'refused'],
      [0o640, 'read'],
      [0o600, 'read'],
    ] as const) {
      chmodSync(path, mode);
      expect(readEncryptionKeys(path).kind).toBe(kind);
    }
    expect(readEncryptionKeys(join(folder, 'none'))).toMatchObject({ problem: expect.stringContaining('ENOENT') });
  });
});

describe('a start', () => {
  /** @param users what Temporal's histories still need, by id */
  async function startWith(keys: EncryptionKeys, noted: Map<string, string>, users: Record<string, string> = {}) {
    let searched: readonly string[] | null = null;
    const search = async (ids: ReadonlySet<string>) => {
      searched = [...ids];
      return new Map(Object.entries(users).filter(([id]) => ids.has(id)));
    };
    const notes = {
      noted: async () => new Map(noted),
      note: async (id: string, fingerprint: string) => void noted.set(id, fingerprint),
      forget: async (id: string) => void noted.delete(id),
    };
    await agreeOnKeys(keys, notes, search);
    return searched;
  }

  it('looks for nothing where nothing was ever encrypted, and notes the key that encrypts', async () => {
    const noted = new Map<string, string>();
    expect(await startWith(NO_KEYS, noted)).toBeNull();
    expect(noted.size).toBe(0);
    expect(await startWith(NEW_AND_OLD, noted)).toBeNull();
    expect([...noted.keys()]).toEqual(['new']);
  });

  it('is refused without a key that a history needs, and names it', async () => {
    const noted = new Map<string, string>();
    await startWith(OLD, noted);
    for (const keys of [NO_KEYS, keysOf('new')]) {
      await expect(startWith(keys, noted, { old: 'engine:1' })).rejects.toMatchObject({
        ...{ code: 'CODEC_KEY_MISSING', message: expect.stringContaining('old (by engine:1)') },
      });
    }
    expect([...noted.keys()]).toEqual(['old']);
  });

  it('forgets a key that nothing needs, and searches no second time', async () => {
    const noted = new Map<string, string>();
    await startWith(OLD, noted);
    expect(await startWith(keysOf('new'), noted)).toEqual(['old']);
    expect([...noted.keys()]).toEqual(['new']);
    expect(await startWith(keysOf('new'), noted)).toBeNull();
  });

  it('is refused with another key under a noted id', async () => {
    const noted = new Map<string, string>();
    await startWith(OLD, noted);
    const another = parseEncryptionKeys(keyLine('old', 'another'), 'a file');
    if (another.kind !== 'read') throw new Error(another.problem);
    await expect(startWith(another.keys, noted)).rejects.toMatchObject({ code: 'CODEC_KEY_WRONG' });
  });

  it('finds keys in every payload of a history, however deep', async () => {
    const [deep, memo] = [await sent(VALUE, NEW_AND_OLD), await sent(VALUE, OLD)];
    const events = [{ attributes: { input: { payloads: [deep] }, empty: null } }, { memo: { fields: { x: memo } } }];
    expect([...keyIdsOf(events)].sort()).toEqual(['new', 'old']);
    expect([...keyIdsOf([{ input: { payloads: [await sent(VALUE, NO_KEYS)] } }])]).toEqual([]);
  });
});
