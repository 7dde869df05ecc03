/** An engine whose payloads are encrypted while it runs: switched on, its key changed, switched off, on a real Temporal server. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { operationWorkflowId } from '../../src/lib/ids.ts';
import { NO_KEYS } from '../../src/runtime/encryption-keys.ts';
import { keyIdsOf, searchKeyUsers } from '../../src/runtime/encryption-keys-used.ts';
import { payloadCipher } from '../../src/runtime/payload-encryption.ts';
import { TEST_PAYLOAD_KEYS } from '../support/command-key.ts';
import { keysOf } from '../support/encryption-keys.ts';
import { atRest, EngineHarness, lamportsOf } from '../support/engine-harness.ts';
import { SteadyFeed } from '../support/steady-feed.ts';
import { temporalAddress } from '../support/temporal-address.ts';

let engine: EngineHarness;
beforeAll(async () => {
  engine = await EngineHarness.start({ address: temporalAddress(), feed: new SteadyFeed() });
});
afterAll(async () => await engine?.close());

/** A deposit to its end, and the ids of the keys that its operation's history needs. */
async function deposit(): Promise<readonly string[]> {
  const commandId = crypto.randomUUID();
  const request = { kind: 'deposit', asset: 'SOL', amount: lamportsOf(0.1) } as const;
  expect(await engine.carryOut(request, { commandId })).toMatchObject({ success: true });
  await engine.untilState('rest', atRest);
  const history = await engine.client.workflow
    .getHandle(operationWorkflowId(engine.operationId(commandId)))
    .fetchHistory();
  return [...keyIdsOf(history.events)];
}

it('goes on when it is encrypted, when the key changes, and when it is no longer encrypted', async () => {
  expect(await deposit()).toEqual([]);
  await engine.encryptWith(keysOf('a'));
  expect(await deposit()).toEqual(['a']);
  await engine.encryptWith(keysOf('b', 'a'));
  expect(await deposit()).toEqual(['b']);
  const events = (await engine.handle.fetchHistory()).events;
  expect([...keyIdsOf(events)].sort()).toEqual(['a', 'b']);
  const users = await searchKeyUsers(engine.client, new Set(['a', 'b', 'none']));
  expect([...users.keys()].sort()).toEqual(['a', 'b']);
  await engine.encryptWith({ ...keysOf('b', 'a'), encrypts: null });
  expect(await deposit()).toEqual([]);
  expect((await engine.state()).holds).toEqual([]);
  expect(await engine.replay(engine.engineId)).toBe(1);
  for (const keys of [NO_KEYS, keysOf('b')]) {
    const replayed = engine.replay(engine.engineId, TEST_PAYLOAD_KEYS, payloadCipher(keys));
    await expect(replayed).rejects.toThrow(/encrypted with the key a/);
  }
});
