import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { defaultPayloadConverter, type Payload, type SerializationContext } from '@temporalio/common';
import fc from 'fast-check';
import { onTestFinished } from '../../localnet/tests/support/on-test-finished.ts';
import { isUnsigned, unwrapped } from '../../src/lib/unsigned-payload.ts';
import { closedDoors, openPayloadKeys, payloadKeyOf, signingCodec } from '../../src/runtime/payload-signatures.ts';

const KEYS = [payloadKeyOf('the token')] as const;
const HERE: SerializationContext = { type: 'workflow', namespace: 'default', workflowId: 'engine:1' };
const ACTIVITY: SerializationContext = {
  ...{ type: 'activity', namespace: 'default', workflowId: 'engine:1', activityId: '7', isLocal: false },
};

const checking = (keys: readonly [string, ...string[]] = KEYS) => {
  const [codec] = closedDoors(keys).dataConverter?.payloadCodecs ?? [];
  if (codec === undefined) throw new Error('no codec');
  return codec;
};
const sign = async (value: unknown, context: SerializationContext, key = KEYS[0]): Promise<Payload> => {
  const [signed] = await signingCodec([key]).encode([defaultPayloadConverter.toPayload(value)], context);
  return signed as Payload;
};
const taken = async (payload: Payload, context: SerializationContext, keys = checking()): Promise<unknown> =>
  defaultPayloadConverter.fromPayload((await keys.decode([payload], context))[0] as Payload);

/** What JSON can carry: it writes -0 as 0. */
const json = fc.jsonValue().map((drawn) => JSON.parse(JSON.stringify(drawn)) as unknown);
const value = fc.oneof(fc.constant(undefined), json);

describe('what is signed', () => {
  it('comes back as it was, and stays readable on its way', async () => {
    await fc.assert(
      fc.asyncProperty(value, async (given) => {
        const signed = await sign(given, HERE);
        expect(await taken(signed, HERE)).toEqual(given);
        expect(defaultPayloadConverter.fromPayload(signed)).toEqual(given);
      }),
    );
  });

  it.each([
    ['another workflow', { ...HERE, workflowId: 'engine:2' }],
    ['an activity of the same workflow', ACTIVITY],
    ['another activity', { ...ACTIVITY, activityId: '8' }],
  ])('is a stranger’s in %s', async (_, there) => {
    expect(isUnsigned(await taken(await sign({ size: '1' }, HERE), there as SerializationContext))).toBe(true);
    if ((there as SerializationContext).type === 'activity' && there !== ACTIVITY)
      expect(isUnsigned(await taken(await sign({ size: '1' }, ACTIVITY), there as SerializationContext))).toBe(true);
  });

  it('is a stranger’s once a byte of it is another', async () => {
    await fc.assert(
      fc.asyncProperty(json, fc.nat(), fc.integer({ min: 1, max: 255 }), async (given, place, change) => {
        const signed = await sign(given, HERE);
        const data = Uint8Array.from(signed.data ?? []);
        const at = place % data.length;
        data[at] = (data[at] ?? 0) ^ change;
        expect(isUnsigned(await taken({ ...signed, data }, HERE))).toBe(true);
      }),
    );
  });
});

it('what nobody signed is taken apart from the rest, with its value', async () => {
  await fc.assert(
    fc.asyncProperty(value, async (given) => {
      const strange = await taken(defaultPayloadConverter.toPayload(given), HERE);
      expect(isUnsigned(strange)).toBe(true);
      expect(unwrapped(strange)).toEqual(given);
    }),
  );
  expect(isUnsigned(await taken({ metadata: {}, data: new Uint8Array([1, 2]) }, HERE))).toBe(true);
});

it('the keys of former tokens are kept, for their owner only: what they signed may be on its way', async () => {
  const home = mkdtempSync(join(tmpdir(), 'driftless-keys-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const first = await openPayloadKeys(home, 'the first token');
  expect(await openPayloadKeys(home, 'the first token')).toEqual(first);
  const second = await openPayloadKeys(home, 'the second token');
  expect(second).toEqual([payloadKeyOf('the second token'), payloadKeyOf('the first token')]);
  expect(await taken(await sign(1, HERE, first[0]), HERE, checking(second))).toBe(1);
  expect(await openPayloadKeys(home, 'the first token')).toEqual([second[1], second[0]]);
  const file = join(home, 'payload-keys');
  expect(readFileSync(file, 'utf8')).not.toContain('token');
  if (process.platform !== 'win32') expect(statSync(file).mode & 0o077).toBe(0);
});
