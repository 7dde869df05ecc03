/** POST /api/acknowledge: a person has seen an alert. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Journal } from '../../src/journal/journal.ts';
import { alertOf, newId } from '../journal/records.ts';
import { ENGINE_ID, type TestBridge, TOKEN, testBridge } from '../support/bridge.ts';
import { openTestJournal } from '../support/journal.ts';
import { receivedResponse } from '../support/received.ts';

let journal: Journal;
let bridge: TestBridge;

beforeAll(async () => {
  journal = await openTestJournal();
  bridge = await testBridge({ journal });
});
afterAll(async () => {
  await bridge.close();
  await journal.close();
});

async function acknowledge(query: string, headers: Readonly<Record<string, string>> = {}) {
  const options = { method: 'POST', headers: { Authorization: `Bearer ${TOKEN}`, ...headers } };
  const response = await receivedResponse(
    '/api/acknowledge',
    await fetch(`${bridge.url}/api/acknowledge${query}`, options),
  );
  return { status: response.status, json: await response.json() };
}

it('notes it once and for good, and says what is wrong', async () => {
  const alert = alertOf({ id: newId(), engineId: ENGINE_ID });
  await journal.raiseAlert(alert);
  for (let twice = 0; twice < 2; twice += 1) {
    expect(await acknowledge(`?alert_id=${alert.id}`)).toEqual({
      status: 200,
      json: { alert_id: alert.id, acknowledged: true },
    });
  }
  const headers = { Authorization: `Bearer ${TOKEN}` };
  const list = await receivedResponse('/api/alerts', await fetch(`${bridge.url}/api/alerts`, { headers }));
  expect(await list.json()).toMatchObject({
    items: [{ id: alert.id, acknowledged_at: expect.stringMatching(/Z$/), deliveries: [] }],
  });
  expect(await acknowledge('?alert_id=none')).toMatchObject({ status: 404, json: { error: { code: 'NOT_FOUND' } } });
  expect(await acknowledge('')).toMatchObject({ status: 400, json: { error: { details: { field: 'alert_id' } } } });
});

it('needs the token, and refuses the page of another site', async () => {
  expect((await acknowledge('?alert_id=x', { Authorization: 'Bearer wrong' })).status).toBe(401);
  expect((await acknowledge('?alert_id=x', { Origin: 'https://elsewhere.example' })).status).toBe(403);
});
