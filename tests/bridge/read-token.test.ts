/** The read-only token sees everything and changes nothing; wrong tokens are counted, and lock nobody out. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { WRONG_TOKENS_AT_ONCE } from '../../src/bridge/limits.ts';
import { ACTIONS } from '../../src/domain/order/command.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { type TestBridge, TOKEN, testBridge } from '../support/bridge.ts';
import { openTestJournal } from '../support/journal.ts';

const READ = 'read-only-token-of-the-tests';
let nowMs = Date.now();
let journal: Journal;
let bridge: TestBridge;

beforeAll(async () => {
  journal = await openTestJournal();
  bridge = await testBridge({ journal, clock: { nowMs: () => nowMs }, settings: { readToken: READ } });
});
afterAll(async () => {
  await bridge.close();
  await journal.close();
});

const ask = (path: string, token: string, method = 'GET') =>
  fetch(`${bridge.url}${path}`, { method, headers: { Authorization: `Bearer ${token}` } });

it.each(['/api/state', '/api/operations', '/api/series?names=equity', '/api/settings', '/metrics'])(
  'reads %s',
  async (path) => expect((await ask(path, READ)).status).toBe(200),
);

it('is told what it opens', async () => {
  expect(await (await ask('/api/config', READ)).json()).toMatchObject({ access: 'read' });
  expect(await (await ask('/api/config', TOKEN)).json()).toMatchObject({ access: 'full' });
});

it.each([
  ...['/api/preview', '/api/acknowledge?alert_id=x', '/api/backup'],
  ...['/api/token?access=read', '/api/token?access=full'],
])('may not post to %s', async (path) => {
  const answer = await ask(path, READ, 'POST');
  expect(answer.status).toBe(403);
  expect(await answer.json()).toMatchObject({ error: { code: 'PERMISSION_DENIED' } });
});

it('opens the socket, and commands nothing there', async () => {
  const client = await bridge.connect({ token: READ });
  await client.ofType('SYSTEM_STATS');
  for (const action of ACTIONS.filter((one) => one !== 'GET_STATE')) {
    const answer = await client.command(action, DATA[action] ?? {});
    expect(answer).toMatchObject({
      success: false,
      data: { status: 'rejected' },
      error: { code: 'PERMISSION_DENIED' },
    });
  }
  expect(bridge.gateway.received).toEqual([]);
  expect(bridge.gateway.verdicts).toEqual([]);
  expect((await client.command('GET_STATE')).error?.code).not.toBe('PERMISSION_DENIED');
  client.close();
});

/** What each action needs to be understood at all. */
const DATA: Readonly<Record<string, unknown>> = {
  START_ENGINE: { mode: 'paper' },
  DRIFT_DEPOSIT: { amount: 1 },
  DRIFT_WITHDRAW: { amount: 1 },
  DRIFT_OPEN_POSITION: { market: 'SOL-PERP', direction: 'short', size: 1 },
  DRIFT_CLOSE_POSITION: { market: 'SOL-PERP' },
  SETTLE_PNL: { market: 'SOL-PERP' },
  ADOPT_POSITION: { market: 'SOL-PERP' },
  ENABLE_AUTO_CARRY: { market: 'SOL-PERP', policy_hash: 'a'.repeat(64) },
  RESOLVE_TRANSACTION: { operation_id: 'op-1', verdict: 'landed', note: 'seen' },
};

it('wrong tokens are refused with 429 after a while, counted, and lock nobody out', async () => {
  for (let sent = 0; sent < WRONG_TOKENS_AT_ONCE; sent += 1)
    expect((await ask('/api/state', 'wrong-token-of-an-attacker')).status).toBe(401);
  const refused = await ask('/api/state', 'wrong-token-of-an-attacker');
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get('Retry-After'))).toBeGreaterThan(0);
  expect(await refused.json()).toMatchObject({ error: { code: 'RATE_LIMITED', details: { part: 'token' } } });
  expect((await ask('/api/state', TOKEN)).status).toBe(200);
  expect((await fetch(`${bridge.url}/api/state`)).status).toBe(401);
  expect(await bridge.registry.metrics()).toContain(`driftless_wrong_tokens_total ${WRONG_TOKENS_AT_ONCE + 1}`);
  nowMs += 60_000;
  expect((await ask('/api/state', 'wrong-token-of-an-attacker')).status).toBe(401);
});
