/**
 * Everything that worker and bridge hand to Temporal is signed, and what a worker takes from it is checked. So whoever merely
 * reaches Temporal's port starts, signals and schedules nothing that our workers act on: docs/architecture/bridge.md, "Doors".
 * The payloads stay readable in the Temporal UI, unless CODEC_KEYS_FILE has them encrypted first (docs/architecture/payloads.md).
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Payload, PayloadCodec, SerializationContext } from '@temporalio/common';
import { ApplicationFailure } from '@temporalio/common';
import type { ActivityInboundCallsInterceptor, WorkerOptions } from '@temporalio/worker';
import { macOf } from '../lib/mac.ts';
import { isUnsigned, unsignedPayload } from '../lib/unsigned-payload.ts';
import { NO_KEYS } from './encryption-keys.ts';
import { bytesOf, type PayloadCipher, payloadCipher, placeOf } from './payload-encryption.ts';
import { replacePrivateFile } from './private-file.ts';

/** The first signs. */
export type PayloadKeys = readonly [string, ...string[]];

const KEY_PURPOSE = 'driftless payloads, version 1';
const KEYS_FILE = 'payload-keys';
/** Of former tokens: what they signed may still be on its way when the token changes. */
const KEPT_KEYS = 8;
const WELL_FORMED = /^[0-9a-f]{64}$/;

const SIGNATURE = 'driftless-signature';
const DIGEST_CHARS = 32;

export const payloadKeyOf = (token: string): string => macOf(token, KEY_PURPOSE);

/** The key that the token gives, and after it those of the tokens before it, which the data folder remembers. */
export async function openPayloadKeys(home: string, token: string): Promise<PayloadKeys> {
  const path = join(home, KEYS_FILE);
  const current = payloadKeyOf(token);
  const kept = (await readFile(path, 'utf8').catch(() => '')).split('\n').filter((line) => WELL_FORMED.test(line));
  const former = kept.filter((key) => key !== current).slice(0, KEPT_KEYS - 1);
  if (kept[0] !== current) await replacePrivateFile(path, `${[current, ...former].join('\n')}\n`);
  return [current, ...former];
}

const NO_CIPHER = payloadCipher(NO_KEYS);

/** Encrypts, signs, and checks nothing: for a client, which takes only answers. */
export function signingCodec([key]: PayloadKeys, cipher: PayloadCipher = NO_CIPHER): PayloadCodec {
  return {
    encode: async (payloads, context) => payloads.map((payload) => signed(key, cipher.seal(payload, context), context)),
    decode: async (payloads) => payloads.map((payload) => cipher.open(payload)),
  };
}

/** Encrypts and signs, and wraps what none of these keys has signed for this workflow: for a worker. */
function checkingCodec(keys: PayloadKeys, cipher: PayloadCipher): PayloadCodec {
  return {
    ...signingCodec(keys, cipher),
    decode: async (payloads, context) =>
      payloads.map((payload) =>
        isSigned(keys, payload, context) ? cipher.open(payload, context) : wrapped(payload, cipher, context),
      ),
  };
}

/** For `Worker.create`: what nobody of ours has signed is refused. The workflows' part is in their bundle. */
export const closedDoors = (
  keys: PayloadKeys,
  cipher: PayloadCipher = NO_CIPHER,
): Required<Pick<WorkerOptions, 'dataConverter' | 'interceptors'>> => ({
  dataConverter: { payloadCodecs: [checkingCodec(keys, cipher)] },
  interceptors: { activity: [() => ({ inbound: { execute: refuseUnsigned } })] },
});

/** Not tried again: what an older version or token scheduled, its workflow schedules anew, and signed. */
const refuseUnsigned: NonNullable<ActivityInboundCallsInterceptor['execute']> = async (input, next) => {
  if (!input.args.some(isUnsigned)) return await next(input);
  throw ApplicationFailure.create({
    type: 'UNAUTHORIZED',
    message: 'This task was not scheduled by a worker with our token. Nothing was done.',
    nonRetryable: true,
  });
};

function signed(key: string, payload: Payload, context: SerializationContext | undefined): Payload {
  const signature = new Uint8Array(signatureOf(key, payload, context));
  return { ...payload, metadata: { ...payload.metadata, [SIGNATURE]: signature } };
}

function isSigned(keys: readonly string[], payload: Payload, context: SerializationContext | undefined): boolean {
  const given = payload.metadata?.[SIGNATURE];
  if (given == null) return false;
  return keys.some((key) => {
    const expected = signatureOf(key, payload, context);
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}

/** Bound to where it belongs: copied from one workflow to another, or from one activity to another, it does not fit. */
function signatureOf(key: string, { metadata, data }: Payload, context: SerializationContext | undefined): Buffer {
  const encoding = Buffer.from(metadata?.encoding ?? []).toString();
  return createHmac('sha256', key)
    .update(JSON.stringify([...placeOf(context), encoding]))
    .update('\n')
    .update(bytesOf(data))
    .digest();
}

/** Encrypted and unsigned is what an older token signed: its value counts where the history says that it was taken then. */
function wrapped(payload: Payload, cipher: PayloadCipher, context: SerializationContext | undefined): Payload {
  const digest = createHash('sha256').update(bytesOf(payload.data)).digest('hex').slice(0, DIGEST_CHARS);
  const { metadata, data } = openedIfPossible(payload, cipher, context);
  const encoding = Buffer.from('json/plain');
  const value = Buffer.from(metadata?.encoding ?? []).equals(encoding) ? parsed(bytesOf(data)) : undefined;
  return {
    metadata: { encoding: new Uint8Array(encoding) },
    data: new Uint8Array(Buffer.from(JSON.stringify(unsignedPayload(value, digest)))),
  };
}

/** A stranger can send what names any key: it stops nothing. */
function openedIfPossible(payload: Payload, cipher: PayloadCipher, context: SerializationContext | undefined): Payload {
  try {
    return cipher.open(payload, context);
  } catch {
    return payload;
  }
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString());
  } catch {
    return undefined;
  }
}
