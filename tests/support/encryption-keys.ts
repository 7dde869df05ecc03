/** Keys of CODEC_KEYS_FILE for tests: each follows from its id, or from another seed. */
import { createHash } from 'node:crypto';
import { type EncryptionKeys, parseEncryptionKeys } from '../../src/runtime/encryption-keys.ts';

export const keyLine = (id: string, seed = id): string =>
  `${id} ${createHash('sha256').update(`a test's key ${seed}`).digest('base64')}`;

/** The first encrypts. */
export function keysOf(...ids: readonly [string, ...string[]]): EncryptionKeys {
  const read = parseEncryptionKeys(ids.map((id) => keyLine(id)).join('\n'), 'the keys of a test');
  if (read.kind === 'refused') throw new Error(read.problem);
  return read.keys;
}
