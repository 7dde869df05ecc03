/** Live without a key: what it may do, what it reports when something is wrong, and that it recovers by itself. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeOnDrift } from '../../localnet/tests/support/drift-program.ts';
import { type LiveProduct, liveProduct } from '../support/live-product.ts';
import { longOnly } from '../support/long.ts';
import { until } from '../support/product.ts';
import type { Caller } from '../support/product-caller.ts';

const TIMEOUT_MS = 400_000;
const GONE_MS = 15_000;
const READS = 5;
const TOLD_WITHIN_MS = 500;

longOnly(describeOnDrift)('watching alone', () => {
  let live: LiveProduct;
  let caller: Caller;

  beforeAll(async () => {
    live = await liveProduct({ SOLANA_PRIVATE_KEY: '', LIVE_PERMISSIONS: 'read-only' });
    live.run.env.AUTHORITY = live.net.wallet.address;
    await live.run.launch().ready();
    caller = await live.run.caller();
  }, TIMEOUT_MS);

  afterAll(async () => await live?.end(), TIMEOUT_MS);

  type Alert = Awaited<ReturnType<typeof live.run.list>>[number];
  const alert = async (code: string, kind = 'alert', which: (one: Alert) => boolean = () => true) =>
    await until(`${code} ${kind}`, async () =>
      (await live.run.list('alerts')).find((one) => one.code === code && one.kind === kind && which(one)),
    );
  const engine = async () => (await live.run.state()).engine;

  it(
    'stops with the remedy when there is no account to watch',
    async () => {
      expect(await alert('USER_NOT_INITIALISED')).toMatchObject({ severity: 'critical' });
      expect(live.run.product.output).toContain('USER_NOT_INITIALISED');
      expect(live.run.product.output).toContain('LIVE_PERMISSIONS=capital');
      expect(await until('a stopped engine', async () => (await engine()).state === 'stopped')).toBe(true);
      const refused = await caller.end('START_ENGINE', { mode: 'live' });
      expect(refused).toMatchObject({ success: false, error: { code: 'USER_NOT_INITIALISED' } });
    },
    TIMEOUT_MS,
  );

  it(
    'starts once that is corrected, and shows the account',
    async () => {
      const owner = live.net.actor(live.net.wallet.secretKey);
      await owner.done(owner.initialize());
      await owner.done(owner.deposit('SOL', 2_000_000_000n));
      const started = await until('START to be taken', async () => {
        const answer = await caller.end('START_ENGINE', { mode: 'live' });
        return answer.success ? answer : null;
      });
      expect(started.data).toMatchObject({ wallet: { account: true } });
      await until(
        'the deposit of the account',
        async () => Math.abs((await live.run.state()).drift_state.net_delta - 2) < 1e-6,
      );
      await until('every part to be ready', () => live.run.isReady());
      expect((await engine()).state).toBe('running');
    },
    TIMEOUT_MS,
  );

  it('tells a socket of each read well within 500 ms of it', async () => {
    const from = caller.broadcasts.length;
    const firstTold = () => {
      const ages = new Map<string, number>();
      for (const { type, data } of caller.broadcasts.slice(from)) {
        if (type !== 'SYSTEM_STATS') continue;
        const { as_of, age_ms, market } = data as {
          readonly as_of?: string | null;
          readonly age_ms?: number | null;
          readonly market?: { readonly market_time: string } | null;
        };
        if (as_of == null || market == null || ages.has(as_of)) continue;
        // The age counts from the chain's own time; since the read is what is asked here.
        const chainAgeMs = Math.max(0, Date.parse(as_of) - Date.parse(market.market_time));
        ages.set(as_of, (age_ms ?? Number.NaN) - chainAgeMs);
      }
      // The first one may have been reported before.
      return [...ages.values()].slice(1).toSorted((a, b) => a - b);
    };
    const ages = await until('five reads', async () => (firstTold().length >= READS ? firstTold() : null));
    // The median: a machine under load may hold up one of them.
    expect(ages[Math.floor(ages.length / 2)]).toBeLessThan(TOLD_WITHIN_MS);
  });

  it.each([
    ['DRIFT_DEPOSIT', { amount: '0.5' }],
    ['DRIFT_WITHDRAW', { amount: '0.5' }],
    ['DRIFT_OPEN_POSITION', { market: 'SOL-PERP', direction: 'short', size: '0.5' }],
    ['FLATTEN', {}],
  ])('refuses %s: the permission, and what would allow it', async (action, data) => {
    if (action === 'DRIFT_WITHDRAW') await caller.end('STOP_ENGINE');
    const { error, message } = await caller.end(action, data);
    expect(error?.code).toBe('PERMISSION_DENIED');
    expect(message).toContain('LIVE_PERMISSIONS');
    expect((await engine()).holds.filter((hold: { readonly code: string }) => hold.code === 'flattened')).toEqual([]);
    await caller.end('START_ENGINE', { mode: 'live' });
  });

  it(
    'says in one sentence that Drift is frozen, watches on, and tells when it is over',
    async () => {
      live.net.pauses.exchange(['deposit']);
      const partly = await alert('VENUE_PAUSED');
      expect(partly.details).toMatchObject({ forbids: ['deposits'] });
      live.net.pauses.exchange('all');
      const told = await alert('VENUE_PAUSED', 'alert', ({ id }) => id !== partly.id);
      expect(told.message).toMatch(/^Drift is frozen: .*what can be read\.$/);
      const { market, drift_state } = await live.run.state();
      expect(market.pauses).toEqual({
        detail: told.message,
        forbids: ['deposits', 'withdrawals', 'opening and increasing', 'closing and reducing', 'settling PnL'],
      });
      expect(drift_state.health).toBe(100);
      live.net.pauses.exchange([]);
      await alert('VENUE_PAUSED', 'recovered');
    },
    TIMEOUT_MS,
  );

  it(
    'is halted while no node answers, says so, and goes on by itself',
    async () => {
      live.net.addFault({ kind: 'gone', forMs: GONE_MS });
      const halted = await until('a halt', async () => {
        const now = await engine();
        return now.trading_state === 'halted' ? now : null;
      });
      expect(halted.holds[0]).toMatchObject({ code: 'connection', cleared_by: 'itself' });
      expect(await alert('CONNECTION_LOST')).toMatchObject({ action: expect.stringContaining('every 10 s') });
      await until('the connection again', async () => (await engine()).trading_state === 'active');
      await alert('CONNECTION_LOST', 'recovered');
    },
    TIMEOUT_MS,
  );

  it(
    'has no target of ours for the neutral position of its owner, and no alert',
    async () => {
      const owner = live.net.actor(live.net.wallet.secretKey);
      await owner.done(owner.trade({ direction: 'short', size: 2_000_000_000n }));
      await until('the short', async () => (await live.run.state()).drift_state.positions?.[0]?.amount === -2);
      const now = await until('a decision on it', async () => {
        const { engine: at } = await live.run.state();
        return at.decision?.code === 'WATCH_ONLY' ? at : null;
      });
      expect(now).toMatchObject({ hedge_target: null, holds: [], trading_state: 'active' });
      const codes = (await live.run.list('alerts')).map(({ code }) => code);
      expect(codes.filter((code) => /FOREIGN|NAKED|GATE_BLOCKED/.test(code))).toEqual([]);
    },
    TIMEOUT_MS,
  );
});
