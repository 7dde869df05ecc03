/** The page in a real browser, on the whole product: a person's first steps, and what they must be able to trust. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Browser, chromium, type Page } from 'playwright-core';
import { seriousFindings } from '../support/axe.ts';
import { findChromium } from '../support/chromium.ts';
import { PATIENCE_MS, Product, productEnv, until } from '../support/product.ts';
import { shareBuild } from '../support/product-run.ts';

const folder = mkdtempSync(join(tmpdir(), 'driftless-page-'));
let product: Product;
let browser: Browser;
let page: Page;
/** The browser's own errors: a script that threw, a violation of the CSP. */
const complaints: string[] = [];

const part = (testid: string) => page.getByTestId(testid);
const text = async (testid: string): Promise<string> => ((await part(testid).textContent()) ?? '').trim();

/** The newest command of this action, once it has come to `status`. */
async function ended(action: string, status: string): Promise<string> {
  const result = page.locator(`[data-testid=result][data-action=${action}]`).first();
  await result.waitFor();
  await until(`${action} to be ${status}`, async () => (await result.getAttribute('data-status')) === status);
  return (await result.getByTestId('result-message').textContent()) ?? '';
}

beforeAll(async () => {
  const env = await productEnv({ POLL_INTERVAL_SECONDS: '1', MARKET_FEED: 'synthetic:page' });
  await shareBuild(join(folder, '.driftless'));
  product = await new Product(folder, env).ready();
  const found = await findChromium();
  browser = await chromium.launch({ executablePath: found.executablePath, args: [...found.args] });
  page = await browser.newPage({ viewport: { width: 1360, height: 900 } });
  page.setDefaultTimeout(PATIENCE_MS);
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  await page.goto(`${product.url}/?token=${product.token}`);
}, 2 * PATIENCE_MS);

afterAll(async () => {
  await browser?.close();
  await product?.end();
  rmSync(folder, { recursive: true, force: true });
}, PATIENCE_MS);

describe('the page', () => {
  it('says at first sight that it is paper, on made-up prices, and keeps the token out of its address', async () => {
    await page.locator('[data-testid=connection][data-state=open]').waitFor();
    expect(await text('mode')).toMatch(/^PAPER/);
    expect(await text('feed')).toContain('Synthetic prices (made up)');
    expect(await text('feed')).toContain('synthetic:page');
    expect(page.url()).not.toContain('token');
    await until('the figures', async () => (await part('health-gauge').getAttribute('data-value')) === '100');
    expect(await text('spot')).toBe('+10.0000 SOL');
    expect(await text('positions-empty')).toContain('No open position');
    expect(await text('liq-price')).toBe('None');
  });

  it('answers at a glance, and leads a new account to its next step', async () => {
    expect(await text('health-words')).toBe('Healthy');
    expect(await text('neutrality')).toBe('Unhedged');
    expect(await text('carry-apr')).toMatch(/^[+−]?[\d.,]+\s% APR now$/);
    expect(await part('step-deposit').getAttribute('data-state')).toBe('done');
    expect(await part('step-hedge').getAttribute('data-state')).toBe('now');
  });

  it('has its charts, balances and no serious finding of axe', async () => {
    await part('charts').waitFor();
    await part('balance-SOL').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
  });

  it('tells beside the field why a size cannot be sent, and does not send it', async () => {
    for (const [size, words] of [
      ['1,5', 'Use a point for decimals'],
      ['0.001', 'Minimum: 0.005 SOL'],
      ['1.23456', 'Must be a multiple of 0.001 SOL'],
      ['-1', 'The amount must be positive.'],
    ] as const) {
      await part('open-size').fill(size);
      expect(await text('open-size-words')).toContain(words);
      expect(await part('open-submit').getAttribute('aria-disabled')).toBe('true');
      await part('open-size').press('Enter');
    }
    expect(await part('result').count()).toBe(0);
  });

  it('opens a short, and shows the position', async () => {
    await part('open-size').fill('2.5');
    await part('open-submit').click();
    expect(await ended('DRIFT_OPEN_POSITION', 'done')).toContain('2.5');
    const row = page.locator('[data-testid=position-row][data-market=SOL-PERP]');
    await row.waitFor();
    expect(await row.getByTestId('position-amount').textContent()).toBe('−2.5000 SOL');
    await until('the exposure', async () => (await text('perp')) === '−2.5000 SOL');
    // The engine's own record of what was chosen comes beside the snapshot, not with it.
    await until('the hedge target', async () => /^25\.0\s%$/.test(await text('hedge-target')));
    expect(await part('equity-change').getAttribute('data-adds-up')).toBe('true');
  });

  it('deposits exactly what was typed', async () => {
    await part('funds-amount').fill('0.123456789');
    await part('funds-submit').click();
    expect(await ended('DRIFT_DEPOSIT', 'done')).toContain('0.123456789');
  });

  it('shows before it is sent what a command would come to, and what would have to be true', async () => {
    await part('open-size').fill('1');
    await page.locator('[data-testid=open-preview][data-kind=known]').waitFor();
    expect(await text('open-preview')).toMatch(/Hedged.*Worst price/);
    await part('open-long').check({ force: true });
    await part('open-size').fill('5000');
    await part('open-preview-gates').waitFor();
    expect(await part('open-submit').getAttribute('aria-disabled')).toBe('true');
    expect(await text('open-blocked')).not.toBe('');
    await part('open-size').fill('');
    await part('open-short').check({ force: true });
  });

  it('closes after asking, and the position is gone', async () => {
    await part('close-position').click();
    await part('confirm-cancel').click();
    expect(await part('position-row').count()).toBe(1);
    await part('close-position').click();
    await part('confirm-send').click();
    await ended('DRIFT_CLOSE_POSITION', 'done');
    await part('positions-empty').waitFor();
    expect(await part('position-row').count()).toBe(0);
    await until('the journal to show it', async () => (await part('history-row').count()) >= 3);
  });

  it('keeps what was done in sight after a reload, and fits a phone', async () => {
    const before = await part('result').count();
    await page.reload();
    await page.locator('[data-testid=connection][data-state=open]').waitFor();
    await until('the commands', async () => (await part('result').count()) === before);
    await page.setViewportSize({ width: 360, height: 740 });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
    expect(await part('close-position').isVisible()).toBe(true);
    await page.setViewportSize({ width: 1360, height: 900 });
  });

  it('broke no rule of its own security policy', () => {
    expect(complaints).toEqual([]);
  });

  it('says that the connection is lost, calls its figures stale, and sends nothing', async () => {
    await product.interrupt();
    await page.locator('[data-testid=connection]:not([data-state=open])').waitFor();
    expect(await text('connection')).toContain('Reconnecting');
    await page.locator('[data-testid=figures-age][data-stale=true]').waitFor();
    expect(await part('close-position').getAttribute('aria-disabled')).toBe('true');
  });

  it('comes back by itself when the product does, and says that it was upgraded meanwhile', async () => {
    expect(await part('other-version').count()).toBe(0);
    const config = '**/api/config';
    await page.route(config, async (route) => {
      const response = await route.fetch();
      const answer = (await response.json()) as object;
      await route.fulfill({ response, json: { ...answer, page: '/assets/index-of-later.js', policy: 'unknown' } });
    });
    const again = new Product(folder, product.env);
    product = again;
    await again.ready();
    await page.locator('[data-testid=connection][data-state=open]').waitFor();
    await page.locator('[data-testid=figures-age][data-stale=false]').waitFor();
    expect(await text('spot')).toMatch(/^\+10\.12/);
    await part('other-version').waitFor();
    await page.unroute(config);
    const greeted = page.waitForResponse(config);
    await part('reload').click();
    await greeted;
    await page.locator('[data-testid=figures-age][data-stale=false]').waitFor();
    expect(await part('other-version').count()).toBe(0);
  });
});
