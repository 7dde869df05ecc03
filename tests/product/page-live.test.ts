/**
 * The page in live mode, on the real product and a local chain with the real Drift program: what each permission allows, and
 * the way out of a transaction that landed unseen.
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Browser, chromium, type Page } from 'playwright-core';
import { describeOnDrift } from '../../localnet/tests/support/drift-program.ts';
import { seriousFindings } from '../support/axe.ts';
import { findChromium } from '../support/chromium.ts';
import { type LiveProduct, liveProduct } from '../support/live-product.ts';
import { longOnly } from '../support/long.ts';
import { PATIENCE_MS, until } from '../support/product.ts';
import { withContext } from '../support/with-context.ts';

const TIMEOUT_MS = 600_000;
const SOL = 1_000_000_000n;
const COMMANDS = ['open-submit', 'funds-submit', 'rebalance', 'settle', 'close-position', 'flatten'];

let live: LiveProduct;
let browser: Browser;
let page: Page;
const complaints: string[] = [];

/** A chain with an account of 3 SOL, and a browser. */
async function begin(settings: NodeJS.ProcessEnv = {}): Promise<void> {
  live = await liveProduct(settings);
  const owner = live.net.actor(live.net.wallet.secretKey);
  await owner.done(owner.initialize());
  await owner.done(owner.deposit('SOL', 3n * SOL));
  const found = await findChromium();
  browser = await chromium.launch({ executablePath: found.executablePath, args: [...found.args] });
}
async function end(): Promise<void> {
  if (page?.isClosed() === false) await page.close();
  await browser?.close();
  await live?.end();
}

const part = (testid: string) => page.getByTestId(testid);
const text = async (testid: string): Promise<string> => ((await part(testid).textContent()) ?? '').trim();
const operations = () => live.run.list('operations');
const spot = async (): Promise<number> => Number.parseFloat((await text('spot')).replace('+', ''));
const isSpot = (words: RegExp): Promise<unknown> => until(`spot ${words}`, async () => words.test(await text('spot')));

/** Starts the product with these settings, and opens the page. */
async function started(settings: NodeJS.ProcessEnv): Promise<void> {
  if (page?.isClosed() === false) {
    await page.close();
    await live.run.product.interrupt();
  }
  Object.assign(live.run.env, settings);
  await live.run.start();
  page = await browser.newPage({ viewport: { width: 1360, height: 1000 } });
  page.setDefaultTimeout(PATIENCE_MS);
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(`${live.run.url}/?token=${live.run.env.DRIFTLESS_TOKEN}`);
  await page.locator('[data-testid=connection][data-state=open]').waitFor();
  await isSpot(/^\+[1-9]/);
}
const isSpotNear = (want: number): Promise<unknown> =>
  until(`spot ${want}`, async () => Math.abs((await spot()) - want) < 0.001);
const ended = async (action: string, status: string): Promise<string> => {
  const result = page.locator(`[data-testid=result][data-action=${action}]`).first();
  await result.waitFor();
  await until(`${action} to be ${status}`, async () => (await result.getAttribute('data-status')) === status);
  return (await result.getByTestId('result-message').textContent()) ?? '';
};
/** Answers the question of the engine, where it has one. */
const confirm = async (): Promise<void> => {
  await part('confirm-dialog').waitFor();
  await part('confirm-send').click();
  await part('confirm-dialog').waitFor({ state: 'detached' });
};
const reason = async (testid: string): Promise<string | null> => {
  expect(await part(testid).getAttribute('aria-disabled')).toBe('true');
  return await page.locator(`#${testid}-reason`).textContent();
};
async function deposit(amount: string): Promise<void> {
  await part('funds-deposit').check({ force: true });
  await part('funds-amount').fill(amount);
  await part('funds-submit').click();
}

longOnly(describeOnDrift)('the page and its permissions', () => {
  beforeAll(async () => {
    await begin({ SOLANA_PRIVATE_KEY: '', LIVE_PERMISSIONS: 'read-only' });
    live.run.env.AUTHORITY = live.net.wallet.address;
  }, TIMEOUT_MS);
  afterAll(end, TIMEOUT_MS);

  it(
    'read-only: shows the account, and disables every command with its reason',
    async () => {
      await started({});
      expect(await text('mode')).toMatch(/^LIVE/);
      expect(await text('permissions')).toBe('Read-only');
      await isSpot(/^\+3\.0000 SOL$/);
      await part('open-size').fill('1');
      await part('funds-amount').fill('0.1');
      for (const command of COMMANDS) {
        const said = await reason(command);
        withContext(command, () => expect(said).toMatch(/read-only|no position/));
        await part(command).click({ force: true });
      }
      expect(await part('confirm-dialog').count()).toBe(0);
      expect(await part('result').count()).toBe(0);
      expect(await operations()).toEqual([]);
      expect(await text('trading-state')).toContain('active');
      expect(await seriousFindings(page)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it(
    'capital: deposits and withdraws, and trades nothing',
    async () => {
      await started({
        LIVE_PERMISSIONS: 'capital',
        SOLANA_PRIVATE_KEY: JSON.stringify([...live.net.wallet.secretKey]),
      });
      expect(await text('permissions')).toBe('Capital only');
      await part('open-size').fill('1');
      for (const command of ['open-submit', 'close-position', 'flatten']) {
        expect(await reason(command)).toContain('deposits and withdrawals only');
      }
      await deposit('0.5');
      await ended('DRIFT_DEPOSIT', 'done');
      await isSpot(/^\+3\.5000 SOL$/);
      await part('funds-withdraw').check({ force: true });
      await part('funds-amount').fill('0.25');
      await part('funds-submit').click();
      await ended('DRIFT_WITHDRAW', 'done');
      await isSpot(/^\+3\.2500 SOL$/);
    },
    TIMEOUT_MS,
  );

  it(
    'trading: opens after a question, closes, flattens and resumes',
    async () => {
      await started({
        LIVE_PERMISSIONS: 'trading',
        SOLANA_PRIVATE_KEY: JSON.stringify([...live.net.wallet.secretKey]),
      });
      expect(await text('permissions')).toBe('Trading enabled');
      await part('open-size').fill('1');
      await part('open-submit').click();
      await part('confirm-dialog').waitFor();
      expect(await page.locator('#dialog-title').textContent()).toBe('Confirm: Open short 1 SOL on SOL-PERP');
      expect(await page.locator('body').textContent()).not.toContain('CONFIRMATION_REQUIRED');
      await confirm();
      await ended('DRIFT_OPEN_POSITION', 'done');
      await page.locator('[data-testid=position-row]').waitFor();
      await until('the perp', async () => (await text('perp')) === '−1.0000 SOL');
      await part('close-position').click();
      await confirm();
      await ended('DRIFT_CLOSE_POSITION', 'done');
      await part('positions-empty').waitFor();
      await part('flatten').click();
      await confirm();
      await until('the halt', async () => (await text('trading-state')).includes('halted'));
      await part('hold-resume-flattened').click();
      await until('trading again', async () => (await text('trading-state')).includes('active'));
      expect(complaints).toEqual([]);
    },
    TIMEOUT_MS,
  );
});

longOnly(describeOnDrift)('the page and a stuck transaction', () => {
  beforeAll(async () => {
    await begin();
    await started({});
  }, TIMEOUT_MS);
  afterAll(end, TIMEOUT_MS);

  /** A deposit that lands while no node tells of it. */
  async function stuck(amount: string): Promise<readonly string[]> {
    const faults = [
      live.net.addFault({ kind: 'http', methods: ['getSignatureStatuses'] }),
      live.net.addFault({ kind: 'silent' }),
    ];
    await deposit(amount);
    await part('panel-unresolved').waitFor();
    await until('the words', async () =>
      (await text('panel-unresolved')).includes(`Deposit of ${amount} SOL: not known yet whether it happened`),
    );
    return faults.map(({ id }) => id);
  }
  async function answer(verdict: 'landed' | 'failed' | 'retry'): Promise<void> {
    expect(await reason('verdict-submit')).toContain('Choose what happened first');
    await part(`verdict-${verdict}`).check({ force: true });
    await part('verdict-note').fill(`seen by the test of ${verdict}`);
    await part('verdict-submit').click();
    await confirm();
  }
  const isOver = async (): Promise<void> => {
    await part('panel-unresolved').waitFor({ state: 'detached' });
    await until('the alert to be settled', async () => {
      const standing = page.locator('[data-testid=alert][data-code=TRANSACTION_UNKNOWN][data-kind=alert]');
      return (await standing.count()) === 0;
    });
  };

  it(
    'a transaction that landed unseen: a person says so, and the chain agrees later',
    async () => {
      const before = await spot();
      const faults = await stuck('0.1');
      expect(await seriousFindings(page)).toEqual([]);
      await answer('landed');
      await ended('RESOLVE_TRANSACTION', 'done');
      await isOver();
      for (const id of faults) live.net.removeFault(id);
      await until('its proof', async () => (await operations())[0]?.ended_at !== null);
      expect((await operations())[0]).toMatchObject({ status: 'done', attempts: [{ outcome: 'confirmed' }] });
      await isSpotNear(before + 0.1);
      expect(complaints).toEqual([]);
    },
    TIMEOUT_MS,
  );
});
