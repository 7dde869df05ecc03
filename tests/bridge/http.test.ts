import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Counter, Registry } from 'prom-client';
import { SERIES_NAMES } from '../../src/domain/figures/series-names.ts';
import { refused } from '../../src/domain/order/command.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { engineOf, equityOf, snapshotAt } from '../journal/records.ts';
import {
  ENGINE_ID,
  journalThatHangs,
  journalThatIsDown,
  READY,
  type TestBridge,
  TOKEN,
  testBridge,
} from '../support/bridge.ts';
import { openTestJournal } from '../support/journal.ts';
import { receivedResponse } from '../support/received.ts';

const T0 = Date.UTC(2026, 0, 15);
const HOUR = 3_600_000;

let journal: Journal;
let bridge: TestBridge;

const ask = async (path: string, from: TestBridge = bridge) => {
  const response = await receivedResponse(
    path,
    await fetch(`${from.url}${path}`, { headers: { Authorization: `Bearer ${TOKEN}` } }),
  );
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') === true;
  // biome-ignore lint/suspicious/noExplicitAny: tests read whatever came over the wire
  return { status: response.status, headers: response.headers, text, json: (isJson ? JSON.parse(text) : null) as any };
};

beforeAll(async () => {
  journal = await openTestJournal();
  const registry = new Registry();
  new Counter({ name: 'of_the_test', help: 'x', registers: [registry] }).inc();
  bridge = await testBridge({ journal, metricsRegistry: registry });
  await journal.recordTrades(
    Array.from({ length: 5 }, (_, index) => ({
      engineId: ENGINE_ID,
      operationId: index === 4 ? null : 'op-1',
      market: 'SOL-PERP',
      side: 'sell' as const,
      size: '1500000000',
      price: '147123456',
      fee: '55171',
      signature: `sig-${index}`,
      index: 0,
      tsMs: T0 + index * HOUR,
    })),
  );
  await journal.recordTrades([
    {
      engineId: 'engine:paper:synthetic:9:0',
      operationId: null,
      market: 'SOL-PERP',
      side: 'buy',
      size: '1',
      price: '1',
      fee: '0',
      signature: 'other',
      index: 0,
      tsMs: T0,
    },
  ]);
  await journal.recordFunding([
    {
      engineId: ENGINE_ID,
      market: 'SOL-PERP',
      periodTsMs: T0,
      rate: '-12500',
      position: '-1500000000',
      amount: '-2758',
      tsMs: T0 + 5,
    },
  ]);
  await journal.recordEquity({
    engineId: ENGINE_ID,
    tsMs: T0,
    marketTimeMs: T0,
    equity: '2000000001',
    baseline: '2000000000',
    price: '0',
    basis: '0',
    slippage: '-9',
    funding: '20',
    interest: '0',
    fees: '-10',
    gas: '0',
    transfers: '0',
    external: '0',
    unexplained: '0',
    quotePrice: '999800',
  });
  await journal.raiseAlert({
    id: 'alert-1',
    engineId: ENGINE_ID,
    kind: 'alert',
    severity: 'warning',
    code: 'HEALTH_LOW',
    message: '=HYPERLINK("x"), "quoted"',
    action: 'Deposit or close.',
    operationId: 'op-1',
    details: { health: 40 },
    tsMs: T0,
  });
  await journal.openOperation({
    operationId: 'op-1',
    engineId: ENGINE_ID,
    commandId: 'c-1',
    kind: 'open',
    status: 'running',
    createdAtMs: T0,
    intent: { kind: 'open', market: 'SOL-PERP', size: '-1500000000' },
  });
  await journal.recordAttempt({
    operationId: 'op-1',
    number: 1,
    signature: 'sig-0',
    wire: 'c2VjcmV0',
    lastValidBlockHeight: 150,
    slot: 100,
    intent: { kind: 'deposit', asset: 'USDC', amount: '2500000' },
    stage: 'submitted',
    outcome: null,
    error: null,
    signedAtMs: T0,
    updatedAtMs: T0 + 1,
  });
});
afterAll(async () => {
  await bridge.close();
  await journal.close();
});

describe('the lists', () => {
  it('give a trade as numbers, with exact base units beside', async () => {
    const { json } = await ask('/api/trades?limit=1&from=2026-01-15T03:00:00Z&to=2026-01-15T03:00:00Z');
    expect(json.items).toEqual([
      {
        operation_id: 'op-1',
        market: 'SOL-PERP',
        side: 'sell',
        size: 1.5,
        price: 147.123456,
        fee: 0.055171,
        signature: 'sig-3',
        ts: '2026-01-15T03:00:00.000Z',
        size_base: '1500000000',
        price_base: '147123456',
        fee_base: '55171',
        index: 0,
        quote_asset: null,
      },
    ]);
  });

  it('give a funding payment, an equity row, an alert and an operation under their names', async () => {
    const [funding, equity, alerts, operations] = await Promise.all(
      ['funding', 'equity', 'alerts', 'operations'].map(async (list) => (await ask(`/api/${list}`)).json.items),
    );
    expect(funding).toEqual([
      {
        market: 'SOL-PERP',
        period_ts: '2026-01-15T00:00:00.000Z',
        rate: -0.0000125,
        position: -1.5,
        amount: -0.002758,
        ts: '2026-01-15T00:00:00.005Z',
        rate_base: '-12500',
        position_base: '-1500000000',
        amount_base: '-2758',
        quote_asset: null,
      },
    ]);
    expect(equity[0]).toMatchObject({
      equity: 2000.000001,
      funding: 0.00002,
      fees: -0.00001,
      equity_base: '2000000001',
      unexplained: 0,
      quote_price: 0.9998,
      quote_price_base: '999800',
    });
    expect(alerts[0]).toMatchObject({
      id: 'alert-1',
      kind: 'alert',
      severity: 'warning',
      code: 'HEALTH_LOW',
      operation_id: 'op-1',
    });
    expect(operations[0]).toMatchObject({
      operation_id: 'op-1',
      command_id: 'c-1',
      kind: 'open',
      status: 'running',
      created_at: '2026-01-15T00:00:00.000Z',
      ended_at: null,
      intent: { market: 'SOL-PERP', size: -1.5, size_base: '-1500000000' },
      attempts: [
        {
          signature: 'sig-0',
          stage: 'submitted',
          outcome: null,
          intent: { asset: 'USDC', amount: 2.5, amount_base: '2500000' },
        },
      ],
    });
    expect(JSON.stringify(operations)).not.toContain('c2VjcmV0');
    expect(operations[0]).not.toHaveProperty('error');
  });

  it('page through everything once, newest first, of this engine alone', async () => {
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const { json } = await ask(
        `/api/trades?limit=2${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}`,
      );
      seen.push(...json.items.map((item: { signature: string }) => item.signature));
      cursor = json.next_cursor;
    } while (cursor !== null);
    expect(seen).toEqual(['sig-4', 'sig-3', 'sig-2', 'sig-1', 'sig-0']);
  });

  it('take times as ISO 8601 or milliseconds', async () => {
    const iso = await ask('/api/trades?from=2026-01-15T01:00:00Z&to=2026-01-15T02:00:00Z');
    const ms = await ask(`/api/trades?from=${T0 + HOUR}&to=${T0 + 2 * HOUR}`);
    expect(ms.json).toEqual(iso.json);
    expect(iso.json.items).toHaveLength(2);
  });

  it('come as CSV, with a header even when empty, and nothing that a spreadsheet would run', async () => {
    const trades = await ask('/api/trades?format=csv&limit=2');
    expect(trades.headers.get('content-type')).toContain('text/csv');
    expect(trades.headers.get('content-disposition')).toContain('driftless-trades.csv');
    expect(trades.headers.get('x-next-cursor')).toBeTruthy();
    const [header, row] = trades.text.split('\r\n');
    expect(header).toBe(
      'operation_id,market,side,size,price,fee,signature,ts,size_base,price_base,fee_base,index,quote_asset',
    );
    expect(row).toMatch(/^,SOL-PERP,sell,1.5,147.123456,0.055171,sig-4,/);
    const empty = await ask('/api/funding?format=csv&from=2030-01-01');
    expect(empty.text).toBe(
      'market,period_ts,rate,position,amount,ts,rate_base,position_base,amount_base,quote_asset\r\n',
    );
    const alerts = await ask('/api/alerts?format=csv');
    expect(alerts.text).toContain(`"'=HYPERLINK(""x""), ""quoted"""`);
    const funding = await ask('/api/funding?format=csv');
    expect(funding.text.split('\r\n')[1]).toContain('-12500,-1500000000,-2758');
  });

  it('come as CSV in full, however many there are, compressed as they come', async () => {
    const many = await testBridge({ journal, settings: { engineId: 'engine:paper:synthetic:8:0' } });
    const trades = Array.from({ length: 2_345 }, (_, index) => ({
      ...{ engineId: 'engine:paper:synthetic:8:0', operationId: null, market: 'SOL-PERP', side: 'buy' as const },
      ...{ size: '1', price: '1', fee: '0', signature: `many-${index}`, index: 0, tsMs: T0 + index },
    }));
    await journal.recordTrades(trades);
    const signatures = (text: string) => text.split('\r\n').flatMap((line) => /many-\d+/.exec(line)?.[0] ?? []);
    const newestFirst = trades.map(({ signature }) => signature).reverse();
    const whole = await ask('/api/trades?format=csv', many);
    expect(signatures(whole.text)).toEqual(newestFirst);
    expect(whole.headers.get('content-encoding')).toMatch(/^(br|gzip)$/);
    const part = await ask(`/api/trades?format=csv&from=${T0 + 100}&to=${T0 + 1_600}`, many);
    expect(signatures(part.text)).toEqual(newestFirst.slice(2_345 - 1_601, 2_345 - 100));
    await many.close();
  });

  it('cut a CSV whose journal stops answering, so that it does not look whole', async () => {
    let pages = 0;
    const failing = new Proxy(journal, {
      get: (target, name) =>
        name === 'trades'
          ? async (query: Parameters<Journal['trades']>[0]) => {
              pages += 1;
              if (pages > 1) throw new Error('gone');
              return { ...(await target.trades({ ...query, limit: 2 })) };
            }
          : Reflect.get(target, name),
    });
    const cut = await testBridge({ journal: failing });
    await expect(ask('/api/trades?format=csv', cut)).rejects.toThrow();
    expect(pages).toBe(2);
    await cut.close();
  });

  it('give decisions with figures and gates, and commands with their answers', async () => {
    const gate = { code: 'COOLDOWN', pass: false, blocks: true, have: 30, need: 0, unit: 's', remedy: 'Wait.' };
    const reason = { code: 'COOLDOWN', text: 'The cooldown has 30 s left.', figures: { remaining_ms: 30_000 } };
    await journal.recordDecision({
      ...{ engineId: ENGINE_ID, tsMs: T0, marketTimeMs: T0, action: 'none', size: null },
      ...{ reasons: [reason], gates: [gate] },
    });
    const found = (await ask('/api/decisions')).json.items;
    expect(found).toEqual([
      {
        ...{ ts: '2026-01-15T00:00:00.000Z', market_ts: '2026-01-15T00:00:00.000Z' },
        ...{ action: 'none', size: null, size_base: null, reasons: [reason], gates: [gate] },
      },
    ]);
    const base = { engineId: ENGINE_ID, action: 'DRIFT_DEPOSIT' as const, requestHash: 'h', operationId: null };
    const request = { kind: 'deposit', amount: '1' };
    await journal.admitCommand({ ...base, commandId: 'c-refused', request, receivedAtMs: T0 });
    await journal.admitCommand({ ...base, commandId: 'c-open', request, receivedAtMs: T0 + 1 });
    await journal.recordAnswer('c-refused', refused({ code: 'ENGINE_BUSY', message: 'Busy.' }), T0 + 2);
    const ids = async (query: string) =>
      (await ask(`/api/commands?${query}`)).json.items.map((item: { command_id: string }) => item.command_id);
    expect(await ids('')).toEqual(['c-open', 'c-refused']);
    expect(await ids('status=rejected')).toEqual(['c-refused']);
    expect(await ids('status=open')).toEqual(['c-open']);
    expect((await ask('/api/commands?status=rejected')).json.items[0]).toMatchObject({
      ...{ status: 'rejected', message: 'Busy.', error: { code: 'ENGINE_BUSY' } },
      ...{ received_at: '2026-01-15T00:00:00.000Z', answered_at: '2026-01-15T00:00:00.002Z' },
    });
  });

  it.each([
    ['status=odd', 'status'],
    ['limit=0', 'limit'],
    ['limit=-1', 'limit'],
    ['limit=1.5', 'limit'],
    ['limit=1001', 'limit'],
    ['limit=1e3', 'limit'],
    ['limit=', 'limit'],
    ['limit=5&limit=6', 'limit'],
    ['limit[]=5', null],
    ['from=yesterday', 'from'],
    ['from=', 'from'],
    ['from=1744948801', 'from'],
    ['to=2026-13-45', 'to'],
    ['to=99999999999999999', 'to'],
    ['from=2026-01-02&to=2026-01-01', 'from'],
    ['cursor=', 'cursor'],
    ['cursor=nonsense', 'cursor'],
    [`cursor=${'x'.repeat(1_000)}`, 'cursor'],
    ['format=xml', 'format'],
  ])('refuse ?%s by its field', async (parameters, field) => {
    const { status, json } = await ask(`/api/operations?${parameters}`);
    if (field === null) return expect(status).toBe(200);
    expect(status).toBe(400);
    expect(json.error).toMatchObject({ code: 'INVALID_FIELD', details: { field } });
    expect(json.error.details.expected).toBeTruthy();
  });
});

describe('health and metrics', () => {
  it('say that the process is up, and which parts are there', async () => {
    expect((await ask('/healthz')).json).toEqual({ ok: true });
    expect((await ask('/readyz')).json).toEqual({ ready: true, parts: READY });
  });

  it('are 503 when a part is missing or does not tell', async () => {
    const missing = await testBridge({
      journal,
      readiness: async () => ({ ...READY, worker: { ok: false, detail: 'no worker polls' } }),
    });
    expect(await ask('/readyz', missing)).toMatchObject({
      status: 503,
      json: { ready: false, parts: { worker: { ok: false, detail: 'no worker polls' }, journal: { ok: true } } },
    });
    await missing.close();
    const broken = await testBridge({ journal, readiness: () => Promise.reject(new Error('x')) });
    expect(await ask('/readyz', broken)).toMatchObject({
      status: 503,
      json: { ready: false, parts: { feed: { ok: false } } },
    });
    await broken.close();
  });

  it('count in the registry that was given', async () => {
    const { text } = await ask('/metrics');
    expect(text).toContain('of_the_test 1');
    expect(text).toContain('driftless_sockets 0');
  });
});

describe('state and config', () => {
  it('are objects, unknown as null, and hold no secret', async () => {
    const state = await ask('/api/state');
    expect(state.json).toMatchObject({ drift_state: { health: null }, engine: { engine_id: ENGINE_ID }, as_of: null });
    const config = await ask('/api/config');
    expect(config.json).toMatchObject({
      engine_id: ENGINE_ID,
      mode: 'paper',
      policy: { drift_tolerance_pct: 1, cooldown_seconds: 1800 },
    });
    expect(config.text + state.text).not.toContain(TOKEN);
  });

  it.each([
    ['down', journalThatIsDown],
    ['hanging', journalThatHangs],
  ])('are there with the journal %s, and the lists say so', async (_how, journalOf) => {
    const alone = await testBridge({ journal: journalOf() });
    expect((await ask('/api/state', alone)).json).toMatchObject({
      drift_state: { health: null },
      engine: { state: null },
    });
    const list = await ask('/api/trades', alone);
    expect(list).toMatchObject({ status: 503, json: { error: { code: 'UNAVAILABLE', details: { part: 'journal' } } } });
    await alone.close();
  });
});

describe('whether hedging pays', () => {
  it('is unknown, in words, before the account was read', async () => {
    const { status, json } = await ask('/api/carry');
    expect(status).toBe(200);
    expect(json).toMatchObject({ as_of: null, pays: null, apr_now: null, auto: { policy: 'manual' } });
    expect(json.sentence).toContain('not known');
    expect(json.auto.policy_hash).toMatch(/^[0-9a-f]{32}$/);
  });
});

describe('balances, engines and statistics', () => {
  const live =
    'engine:drift:EtWTRABZ:dRiftyHA39MWEi3m9aunc5MzRF1JYuBsbn6VPcn33UH:So11111111111111111111111111111111111111112:3';

  it('are empty while nothing is known', async () => {
    const alone = await testBridge({ journal, settings: { engineId: 'engine:paper:synthetic:6:0' } });
    expect((await ask('/api/balances', alone)).json).toEqual({
      as_of: null,
      account: { venue: 'paper', authority: null, address: null, sub_account: 0, explorer_url: null },
      items: [],
      next_cursor: null,
    });
    expect((await ask('/api/statistics', alone)).json).toEqual({ as_of: null, spans: null, worst_day: null });
    await alone.close();
  });

  it('name the account, what it holds, and what it earned', async () => {
    const engineId = live;
    const address = 'FQRf3yTS3ywYAzYbQqpmGZ6bjdHfvnS8PXXgcqhgBYwE';
    const settings = { engineId, accountAddress: address, explorerUrl: 'https://solscan.io/tx/{signature}' };
    const bridge = await testBridge({ journal, settings });
    await journal.recordSnapshot({ engineId, generation: 1, attempt: 1 }, snapshotAt(T0));
    await journal.publishEngine(engineOf({ engineId, holds: [] }));
    for (const [hours, funding, fees] of [
      [0, '0', '-1000000'],
      [1, '3000000', '-1000000'],
    ] as const) {
      const marketTimeMs = T0 + hours * HOUR;
      await journal.recordEquity(
        equityOf({ engineId, tsMs: marketTimeMs, marketTimeMs, equity: '2000000000', funding, fees }),
      );
    }
    const account = {
      venue: 'drift',
      authority: 'So11111111111111111111111111111111111111112',
      address,
      sub_account: 3,
      explorer_url: `https://solscan.io/account/${address}`,
    };
    const balances = (await ask('/api/balances', bridge)).json;
    expect(balances.account).toEqual(account);
    expect((await ask('/api/config', bridge)).json.account).toEqual(account);
    expect(balances.items).toMatchObject([
      { asset: 'SOL', deposited: 10, deposited_base: '10000000000', borrowed: 0, wallet: 5, usd: 2250, weight: 0.9 },
      { asset: 'USDC', deposited: 500, wallet: 100, usd: 600, weight: 1, apr: 5 },
    ]);
    const csv = await ask('/api/balances?format=csv', bridge);
    expect(csv.text.split('\r\n')[1]).toMatch(/^SOL,10,0,5,2250,0.9,5,10000000000,0,5000000000,2250000000$/);
    const { spans, worst_day } = (await ask('/api/statistics', bridge)).json;
    expect(spans.all).toMatchObject({ hours: 1, net: 2, funding: 3, costs: -1, net_base: '2000000', capital: 2000 });
    expect(spans.all.net_apr_pct).toBeCloseTo(0.1 * 8766, 6);
    expect(spans.all.gross_apr_pct).toBeCloseTo(0.15 * 8766, 6);
    // What stood at the first midnight is the whole of the day before.
    expect(worst_day).toEqual({ day: '2026-01-14', net: -1, net_base: '-1000000' });
    const engines = (await ask('/api/engines', bridge)).json.items;
    expect(engines).toMatchObject([
      { engine_id: live, current: true, venue: 'drift', sub_account: 3, state: 'running' },
    ]);
    await bridge.close();
  });
});

describe('the series', () => {
  it('give lowest, highest and last of each time, gaps as gaps', async () => {
    const values = (equity: number | null) => SERIES_NAMES.map((name) => (name === 'equity' ? equity : null));
    for (const [minute, equity] of [700, 690, 710, null].entries()) {
      const tsMs = T0 + minute * 60_000;
      const fence = { engineId: ENGINE_ID, generation: 1, attempt: 1 };
      await journal.recordSnapshot(fence, snapshotAt(tsMs), { tsMs, values: values(equity) });
    }
    const { status, json } = await ask('/api/series?names=equity,health&points=2&from=2026-01-15&to=2026-01-16');
    expect(status).toBe(200);
    expect(json).toEqual({
      from: '2026-01-15T00:00:00.000Z',
      to: '2026-01-16T00:00:00.000Z',
      series: { equity: [[T0 + 120_000, 690, 710, 710]], health: [] },
    });
    const all = await ask('/api/series?names=equity');
    expect(all.json.series.equity.map(([, , , last]: number[]) => last)).toEqual([700, 690, 710]);
  });

  it.each([
    ['', 'names'],
    ['names=', 'names'],
    ['names=equity,nonsense', 'names'],
    ['names=equity&names=price', 'names'],
    ['names=equity&points=0', 'points'],
    ['names=equity&points=1', 'points'],
    ['names=equity&points=2.5', 'points'],
    ['names=equity&points=1e9', 'points'],
    ['names=equity&points=NaN', 'points'],
    ['names=equity&points=', 'points'],
    ['names=equity&from=1768435200', 'from'],
    ['names=equity&from=2026-13-45', 'from'],
    ['names=__proto__', 'names'],
    ['names=equity&points=5001', 'points'],
    ['names=equity&from=2026-01-02&to=2026-01-01', 'from'],
    ['names=equity&to=soon', 'to'],
  ])('refuse ?%s by its field', async (parameters, field) => {
    const { status, json } = await ask(`/api/series?${parameters}`);
    expect([status, json.error.code, json.error.details.field]).toEqual([400, 'INVALID_FIELD', field]);
  });
});
