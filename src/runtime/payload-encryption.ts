/**
 * Encrypts what Temporal keeps, by AES-256-GCM, and decrypts it: docs/architecture/payloads.md. Each payload names the key that it
 * needs and the workflow (for an activity, also the activity) that it belongs to. Neither can be changed without the payload becoming
 * unreadable.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Payload, SerializationContext } from '@temporalio/common';
import proto from '@temporalio/proto';
import { CriticalError } from '../lib/errors.ts';
import type { EncryptionKey, EncryptionKeys } from './encryption-keys.ts';

const { Payload: PayloadMessage } = proto.temporal.api.common.v1;

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** The name that Temporal's tools know. */
const ENCODING = 'binary/encrypted';
export const KEY_ID = 'encryption-key-id';
const PLACE = 'driftless-place';

export interface PayloadCipher {
  seal(payload: Payload, context: SerializationContext | undefined): Payload;
  /**
   * A payload that is not encrypted comes back as it is.
   * @param context where it has to belong; absent: where it says that it belongs, for those who only read
   * @throws CriticalError CODEC_KEY_MISSING, CODEC_KEY_WRONG
   */
  open(payload: Payload, context?: SerializationContext): Payload;
}

/** If no key encrypts, payloads pass as they are, and one that is encrypted is still decrypted. */
export function payloadCipher({ encrypts, all }: EncryptionKeys): PayloadCipher {
  const byId = new Map(all.map((key) => [key.id, key]));
  return {
    seal: (payload, context) =>
      encrypts === null ? payload : sealed(encrypts, payload, JSON.stringify(placeOf(context))),
    open: (payload, context) => {
      const id = keyIdOf(payload);
      if (id === null) return payload;
      const key = byId.get(id);
      if (key === undefined) throw missing(id);
      return opened(key, payload, context === undefined ? textOf(payload, PLACE) : JSON.stringify(placeOf(context)));
    },
  };
}

/** Null: it is not encrypted. */
export function keyIdOf(payload: Payload): string | null {
  return textOf(payload, 'encoding') === ENCODING ? textOf(payload, KEY_ID) : null;
}

/** Where a payload belongs, as signature and encryption bind it. */
export function placeOf(context: SerializationContext | undefined): readonly string[] {
  const { type = '', workflowId = '' } = context ?? {};
  const activityId = context?.type === 'activity' ? (context.activityId ?? '') : '';
  return [type, workflowId, activityId];
}

/** The SDK gives an empty payload as an array. */
export const bytesOf = (data: Payload['data']): Uint8Array =>
  data instanceof Uint8Array ? data : Uint8Array.from(data ?? []);

function sealed({ id, bytes }: EncryptionKey, payload: Payload, place: string): Payload {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, bytes, nonce);
  cipher.setAAD(boundTo(id, place));
  const text = PayloadMessage.encode({ metadata: payload.metadata ?? {}, data: bytesOf(payload.data) }).finish();
  const data = new Uint8Array(Buffer.concat([nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()]));
  return { metadata: { encoding: utf8(ENCODING), [KEY_ID]: utf8(id), [PLACE]: utf8(place) }, data };
}

function opened({ id, bytes }: EncryptionKey, payload: Payload, place: string): Payload {
  try {
    const data = bytesOf(payload.data);
    const decipher = createDecipheriv(ALGORITHM, bytes, data.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
    decipher.setAAD(boundTo(id, place));
    decipher.setAuthTag(data.subarray(data.length - TAG_BYTES));
    const text = Buffer.concat([decipher.update(data.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
    const { metadata, data: plain } = PayloadMessage.decode(new Uint8Array(text));
    return { metadata, data: new Uint8Array(plain) };
  } catch (cause) {
    throw new CriticalError(
      'CODEC_KEY_WRONG',
      `The key ${id} in CODEC_KEYS_FILE does not decrypt a payload that names it. Another key has its id, or the payload was changed or copied from elsewhere.`,
      { key: id },
      { cause },
    );
  }
}

const missing = (id: string): CriticalError =>
  new CriticalError(
    'CODEC_KEY_MISSING',
    `A workflow's history is encrypted with the key ${id}, which is not in CODEC_KEYS_FILE. Add its line again, below the first.`,
    { key: id },
  );

const boundTo = (id: string, place: string): Buffer => Buffer.from(JSON.stringify(['driftless payload', 1, id, place]));
const utf8 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

function textOf({ metadata }: Payload, name: string): string {
  const bytes = metadata?.[name];
  return ArrayBuffer.isView(bytes) ? Buffer.from(bytes).toString() : '';
}
