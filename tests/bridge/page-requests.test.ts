/** What the page asks beside the lists: previews, the steps of an operation, and the door for who has no token. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Journal } from '../../src/journal/journal.ts';
import { snapshotAt } from '../journal/records.ts';
import { ENGINE_ID, journalThatIsDown, type TestBridge, TOKEN, testBridge } from '../support/bridge.ts';
import { openTestJournal } from '../support/journal.ts';
import { receivedResponse } from '../support/received.ts';

let journal: Journal;
let bridge: TestBridge;

beforeAll(async () => {
  journal = await openTestJournal();
  await journal.recordSnapshot({ engineId: ENGINE_ID, generation: 1, attempt: 1 }, snapshotAt(Date.now()));
  bridge = await testBridge({ journal });
});
afterAll(async () => {
  await bridge.close();
  await journal.close();
});

async function post(body: unknown, headers: Readonly<Record<string, string>> = {}, from: TestBridge = bridge) {
  const path = '/api/preview';
  const response = await receivedResponse(
    path,
    await fetch(`${from.url}${path}`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${TOKEN}`, ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    }),
  );
  // biome-ignore lint/suspicious/noExplicitAny: tests read whatever came over the wire
  return { status: response.status, json: (await response.json()) as any };
}
const open = { action: 'DRIFT_OPEN_POSITION', data: { market: 'SOL-PERP', direction: 'short', size: '0.5' } };

describe('POST /api/preview', () => {
  it('answers with the account before and after, costs and gates, and sends nothing', async () => {
    const { status, json } = await post(open);
    expect(status).toBe(200);
    expect(json).toMatchObject({ action: 'DRIFT_OPEN_POSITION', size_sol: -0.5, size_base: '-500000000' });
    expect(json.gates.length).toBeGreaterThan(10);
    expect(json.as_of).not.toBeNull();
    expect(bridge.gateway.received).toEqual([]);
    expect(await journal.db.selectFrom('commands').selectAll().execute()).toEqual([]);
  });

  it('needs the token, and refuses the page of another site', async () => {
    expect((await post(open, { Authorization: 'Bearer wrong' })).status).toBe(401);
    expect((await post(open, { Origin: 'https://elsewhere.example' })).status).toBe(403);
    expect((await post(open, { Origin: bridge.url })).status).toBe(200);
  });

  it('refuses what a command would be refused for, naming the field', async () => {
    const wrong = await post({ action: 'DRIFT_DEPOSIT', data: { amount: -1 } });
    expect(wrong).toMatchObject({
      status: 400,
      json: { error: { code: 'INVALID_FIELD', details: { field: 'amount' } } },
    });
    expect((await post({ action: 'NO_SUCH' })).json.error.code).toBe('UNKNOWN_ACTION');
    expect((await post('[1')).json.error.code).toBe('INVALID_MESSAGE');
    expect((await post('x'.repeat(20_000))).status).toBe(413);
  });

  it('says that a command for the other mode would be refused', async () => {
    const { json } = await post({ action: 'START_ENGINE', data: { mode: 'live' } });
    expect(json.refusal.code).toBe('ENGINE_RUNNING_OTHER_MODE');
  });

  it('answers with unknown figures while the journal is away', async () => {
    const cutOff = await testBridge({ journal: journalThatIsDown() });
    try {
      const { status, json } = await post({ action: 'FLATTEN' }, {}, cutOff);
      expect(status).toBe(200);
      expect(json).toMatchObject({ as_of: null, refusal: null, gates: [], after: { health: null } });
    } finally {
      await cutOff.close();
    }
  });

  it('is the only address that takes a POST', async () => {
    const response = await fetch(`${bridge.url}/api/state`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${TOKEN}` },
    });
    expect(response.status).toBe(405);
  });
});

describe('GET /api/steps', () => {
  const steps = async (query: string) => {
    const path = `/api/steps${query}`;
    const response = await receivedResponse(
      path,
      await fetch(`${bridge.url}${path}`, { headers: { Authorization: `Bearer ${TOKEN}` } }),
    );
    // biome-ignore lint/suspicious/noExplicitAny: tests read whatever came over the wire
    return { status: response.status, json: (await response.json()) as any };
  };

  it('has each step of an operation in order, and none of one that is not known', async () => {
    for (const [sequence, stage] of ['signed', 'submitted', 'confirmed'].entries()) {
      await journal.recordTransition({
        ...{ operationId: 'op-1', sequence, stage, atMs: sequence, attempt: 1, detail: null },
        ...{ signature: 'sig', outcome: stage === 'confirmed' ? 'confirmed' : null },
      });
    }
    const { json } = await steps('?operation_id=op-1');
    expect(json.items.map(({ stage }: { stage: string }) => stage)).toEqual(['signed', 'submitted', 'confirmed']);
    expect((await steps('?operation_id=nobody')).json).toEqual({ items: [] });
  });

  it('names the field that is wrong', async () => {
    for (const query of ['', '?operation_id=', '?operation_id=a/b']) {
      expect(await steps(query)).toMatchObject({
        status: 400,
        json: { error: { details: { field: 'operation_id' } } },
      });
    }
  });
});

describe('the page without its token', () => {
  it('says in words what to do; a program gets the structured error', async () => {
    const asPerson = await fetch(`${bridge.url}/`, { headers: { Accept: 'text/html,*/*;q=0.8' } });
    expect(asPerson.status).toBe(401);
    expect(asPerson.headers.get('content-type')).toMatch(/html/);
    expect(await asPerson.text()).toContain('npm start');
    const asProgram = await fetch(`${bridge.url}/`);
    expect(await asProgram.json()).toMatchObject({ error: { code: 'UNAUTHORIZED' } });
  });
});

describe('GET /api/tax', () => {
  it('adds up to the journal, whole beyond a page, and runs nothing in a spreadsheet', async () => {
    const T0 = Date.UTC(2026, 0, 15);
    const fills = Array.from({ length: 1_203 }, (_, number) => ({
      ...{ engineId: ENGINE_ID, operationId: null, market: '=HYPERLINK("x")', index: 0, fee: '7' },
      ...{ side: number % 2 === 0 ? ('sell' as const) : ('buy' as const), size: '1000000000' },
      ...{ price: String(150_000_000 + number), signature: `tax-${number}`, tsMs: T0 + number },
    }));
    await journal.recordTrades(fills);
    const response = await fetch(`${bridge.url}/api/tax?from=${T0}`, { headers: { Authorization: `Bearer ${TOKEN}` } });
    expect(response.headers.get('content-disposition')).toContain('driftless-tax.csv');
    const [header = '', ...lines] = (await response.text()).trim().split('\r\n');
    expect(header.split(',').slice(0, 4)).toEqual(['date', 'kind', 'market', 'asset']);
    expect(lines.filter((line) => line.includes(',trading_fee,'))).toHaveLength(fills.length);
    expect(lines.filter((line) => line.includes(',disposal,'))).toHaveLength(601);
    expect(lines.every((line) => line.includes(`"'=HYPERLINK(""x"")"`))).toBe(true);
  });
});
