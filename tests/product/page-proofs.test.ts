/**
 * What a person can do to the page, on the whole product in paper mode: the cycle by keyboard alone and on a phone, wrong
 * input in every field, two tabs, a reload at every step, and a network that is cut in the middle of a command.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Browser, type BrowserContextOptions, chromium, type Page, type WebSocketRoute } from 'playwright-core';
import { seriousFindings } from '../support/axe.ts';
import { findChromium } from '../support/chromium.ts';
import { longOnly } from '../support/long.ts';
import { PATIENCE_MS, Product, productEnv, until } from '../support/product.ts';
import { shareBuild } from '../support/product-run.ts';
import { withContext } from '../support/with-context.ts';

const MANY_TABS = 250;
const DESKTOP = { width: 1360, height: 900 };

longOnly(describe)('the page, whatever a person does', () => {
  const folder = mkdtempSync(join(tmpdir(), 'driftless-page-proofs-'));
  let product: Product;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    const env = await productEnv({ POLL_INTERVAL_SECONDS: '1', MARKET_FEED: 'synthetic:page' });
    await shareBuild(join(folder, '.driftless'));
    product = await new Product(folder, env).ready();
    const found = await findChromium();
    browser = await chromium.launch({ executablePath: found.executablePath, args: [...found.args] });
  }, 2 * PATIENCE_MS);
  afterAll(async () => {
    await browser?.close();
    await product?.end();
    rmSync(folder, { recursive: true, force: true });
  }, PATIENCE_MS);

  const part = (testid: string, on = page) => on.getByTestId(testid);
  const text = async (testid: string, on = page): Promise<string> =>
    ((await part(testid, on).textContent()) ?? '').trim();
  const isConnected = (on = page): Promise<void> => on.locator('[data-testid=connection][data-state=open]').waitFor();

  async function opened(options: BrowserContextOptions = {}, prepare?: (tab: Page) => Promise<void>): Promise<Page> {
    const tab = await browser.newPage({ viewport: DESKTOP, ...options });
    tab.setDefaultTimeout(PATIENCE_MS);
    await prepare?.(tab);
    await tab.goto(`${product.url}/?token=${product.token}`);
    await isConnected(tab);
    await until('the figures', async () => (await part('health-gauge', tab).getAttribute('data-value')) !== null);
    return tab;
  }

  async function operations(): Promise<readonly { readonly kind: string; readonly status: string }[]> {
    const answer = await product.get('/api/operations?limit=1000');
    return ((await answer.json()) as { readonly items: readonly { kind: string; status: string }[] }).items;
  }
  /** The newest entry of this action, once it has come to `status`. */
  async function ended(action: string, status: string, on = page): Promise<string> {
    const result = on.locator(`[data-testid=result][data-action=${action}]`).first();
    await result.waitFor();
    await until(`${action} to be ${status}`, async () => (await result.getAttribute('data-status')) === status);
    return (await result.getByTestId('result-message').textContent()) ?? '';
  }
  const focused = (): Promise<string> =>
    page.evaluate<string>('document.activeElement?.dataset?.testid ?? document.activeElement?.id ?? ""');
  /** Presses Tab until this has the focus, and nothing else. */
  async function tabTo(testid: string): Promise<void> {
    for (let pressed = 0; pressed < MANY_TABS; pressed += 1) {
      if ((await focused()) === testid) return;
      await page.keyboard.press('Tab');
    }
    throw new Error(`Tab never reaches ${testid}`);
  }
  const press = async (testid: string, key = 'Enter'): Promise<void> => {
    await tabTo(testid);
    await page.keyboard.press(key);
  };
  const isDone = (kind: string, count: number): Promise<unknown> =>
    until(`${count} of ${kind} to be done`, async () => {
      const done = (await operations()).filter((one) => one.kind === kind && one.status === 'done');
      return done.length === count;
    });

  it('does the whole cycle by keyboard alone, and gives the focus back after each question', async () => {
    page = await opened();
    await tabTo('funds-amount');
    await page.keyboard.type('0.5');
    await page.keyboard.press('Enter');
    await isDone('deposit', 1);
    expect(await focused()).toBe('funds-amount');

    await tabTo('open-size');
    await page.keyboard.type('2');
    await page.keyboard.press('Enter');
    await isDone('open', 1);
    await page.locator('[data-testid=position-row]').waitFor();
    expect(await focused()).toBe('open-size');

    for (const [opener, kind] of [
      ['rebalance', 'rebalance'],
      ['settle', 'settle'],
      ['close-position', 'close'],
    ] as const) {
      await press(opener);
      await part('confirm-dialog').waitFor();
      expect(await focused()).toBe('dialog-title');
      await page.keyboard.press('Escape');
      await part('confirm-dialog').waitFor({ state: 'detached' });
      expect(await focused()).toBe(opener);
      await page.keyboard.press('Enter');
      await part('confirm-dialog').waitFor();
      await press('confirm-send');
      await part('confirm-dialog').waitFor({ state: 'detached' });
      expect(await focused()).toBe(opener);
      await isDone(kind, 1);
    }
    await part('positions-empty').waitFor();

    await tabTo('funds-deposit');
    await page.keyboard.press('ArrowRight');
    expect(await part('funds-withdraw').isChecked()).toBe(true);
    await tabTo('funds-amount');
    await page.keyboard.type('0.25');
    await page.keyboard.press('Enter');
    await isDone('withdraw', 1);

    await press('flatten');
    await press('confirm-send');
    await until('the halt', async () => (await text('trading-state')).includes('halted'));
    await press('hold-resume-flattened');
    await until('trading again', async () => (await text('trading-state')).includes('active'));
    expect(await seriousFindings(page)).toEqual([]);
    await page.close();
  });

  it('takes no wrong input in any field, says why beside it, and sends nothing', async () => {
    page = await opened();
    const before = (await operations()).length;
    const amounts: readonly (readonly [string, RegExp])[] = [
      ['-1', /positive/],
      ['1,5', /point for decimals/],
      ['abc', /Digits and one point/],
      ['1e3', /exponent/],
      ['0', /more than zero/],
      ['1.0000000001', /At most \d decimals/],
      ['.', /Digits and one point/],
      ['999999999', /Available|Only|deposited/],
    ];
    const forms: readonly (readonly [string, string, readonly (readonly [string, RegExp])[]])[] = [
      ['open', 'open-short', [...amounts.slice(0, -1), ['0.0049', /Minimum|multiple/], ['1.0001', /multiple/]]],
      ['open', 'open-long', amounts.slice(0, -1)],
      ['funds', 'funds-deposit', amounts],
      ['funds', 'funds-withdraw', amounts],
    ];
    for (const [form, choice, values] of forms) {
      const field = form === 'open' ? 'open-size' : 'funds-amount';
      for (const asset of form === 'open' ? [null] : ['funds-sol', 'funds-usdc']) {
        await part(choice).check({ force: true });
        if (asset !== null) await part(asset).check({ force: true });
        for (const [value, words] of values) {
          await part(field).fill(value);
          const said = await text(`${field}-words`);
          const blocked = await part(`${form}-submit`).getAttribute('aria-disabled');
          await part(field).press('Enter');
          withContext(`${choice} ${asset ?? ''} ${value}`, () => {
            expect(said).toMatch(words);
            expect(blocked).toBe('true');
          });
        }
        await part(field).fill('');
      }
    }
    await part('range-custom').click();
    await part('range-from').fill('2026-02-01T00:00');
    await part('range-to').fill('2026-01-01T00:00');
    expect(await part('range-apply').isDisabled()).toBe(true);
    await part('range-from').fill('');
    expect(await part('range-apply').isDisabled()).toBe(true);
    await part('activity-search').fill('no such thing <b>');
    expect(await text('activity-empty')).toContain('Nothing matches');
    await part('history-from').fill('2030-01-01');
    await part('history-to').fill('2029-01-01');
    await until('no rows', async () => (await part('history-row').count()) === 0);
    expect((await operations()).length).toBe(before);
    expect(await seriousFindings(page)).toEqual([]);
    await page.close();
  });

  it('shows in one tab what is done in another', async () => {
    const other = await opened();
    page = await opened();
    await part('open-size').fill('1.5');
    await part('open-submit').click();
    await ended('DRIFT_OPEN_POSITION', 'done');
    await other.locator('[data-testid=position-row]').waitFor();
    const id = await page
      .locator('[data-testid=result][data-action=DRIFT_OPEN_POSITION]')
      .first()
      .getAttribute('data-command-id');
    await other.locator(`[data-testid=result][data-command-id="${id}"][data-status=done]`).waitFor();
    // A refusal goes to who asked for it; the other tab has it from the journal.
    const refused = await product.command('DRIFT_WITHDRAW', { amount: '4000', asset: 'SOL' });
    expect(refused.success).toBe(false);
    for (const tab of [page, other]) {
      await tab
        .locator(`[data-testid=result][data-action=DRIFT_WITHDRAW][data-command-id="${refused.command_id}"]`)
        .waitFor();
    }
    await other.close();
    await page.close();
  });

  it('keeps the truth when it is loaded again at every step', async () => {
    page = await opened();
    const reload = async (): Promise<void> => {
      await page.reload();
      await isConnected();
      await until('the figures', async () => (await part('health-gauge').getAttribute('data-value')) !== null);
    };
    const before = (await operations()).length;
    await part('funds-amount').fill('0.1');
    await reload();
    // What was typed and not sent is gone, and nothing was sent.
    expect(await part('funds-amount').inputValue()).toBe('');
    await part('close-position').click();
    await part('confirm-dialog').waitFor();
    await reload();
    expect(await part('confirm-dialog').count()).toBe(0);
    expect((await operations()).length).toBe(before);

    await part('funds-amount').fill('0.125');
    await part('funds-submit').click();
    await reload();
    expect(await ended('DRIFT_DEPOSIT', 'done')).toContain('0.125');
    expect((await operations()).length).toBe(before + 1);

    await part('close-position').click();
    await part('confirm-send').click();
    await reload();
    await ended('DRIFT_CLOSE_POSITION', 'done');
    await part('positions-empty').waitFor();
    // Now there is nothing to close: the answer says so, though it came while nobody listened.
    await part('close-position').click();
    await part('confirm-send').click();
    await reload();
    const close = page.locator('[data-testid=result][data-action=DRIFT_CLOSE_POSITION]').first();
    await until('the answer to the second close', async () =>
      ['done', 'rejected', 'failed'].includes((await close.getAttribute('data-status')) ?? ''),
    );
    await page.close();
  });

  it('says "no answer" when the network is cut in the middle of a command, and finds out what became of it', async () => {
    let cut: 'after' | 'before' | null = null;
    await product.command('DRIFT_DEPOSIT', { amount: '0.01', asset: 'SOL' });
    page = await opened({}, (tab) =>
      tab.routeWebSocket(/\/ws$/, (socket: WebSocketRoute) => {
        const server = socket.connectToServer();
        socket.onMessage((message) => {
          const isCommand = String(message).includes('"COMMAND"');
          if (cut === null || !isCommand) {
            server.send(message);
            return;
          }
          // Either the engine has it and the answer is lost, or it never arrives.
          if (cut === 'after') server.send(message);
          cut = null;
          void tab.context().setOffline(true);
          void socket.close({ code: 4_000, reason: 'cut' });
          server.onMessage(() => undefined);
          setTimeout(() => void server.close(), 200);
        });
      }),
    );
    for (const way of ['after', 'before'] as const) {
      const before = (await operations()).length;
      cut = way;
      await part('funds-amount').fill(way === 'after' ? '0.11' : '0.12');
      await part('funds-submit').click();
      const entry = page.locator('[data-testid=result][data-action=DRIFT_DEPOSIT]').first();
      await until('"no answer"', async () => (await entry.getAttribute('data-status')) === 'unanswered');
      expect(await entry.getByTestId('result-message').textContent()).toContain('may or may not have accepted');
      expect(await part('funds-submit').getAttribute('aria-disabled')).toBe('true');
      await page.context().setOffline(false);
      await isConnected();
      if (way === 'after') {
        await until('its end', async () => (await entry.getAttribute('data-status')) === 'done');
        expect((await operations()).length).toBe(before + 1);
      } else {
        // It is never sent again by itself: another command goes through, and the first stays without an answer.
        const id = await entry.getAttribute('data-command-id');
        await part('funds-amount').fill('0.13');
        await part('funds-submit').click();
        expect(await ended('DRIFT_DEPOSIT', 'done')).toContain('0.13');
        expect((await operations()).length).toBe(before + 1);
        expect(await page.locator(`[data-command-id="${id}"]`).first().getAttribute('data-status')).toBe('unanswered');
      }
    }
    await page.close();
  });

  it('does the cycle on a phone by touch: exits in sight, dialogs at their title, nothing wider than the screen', async () => {
    page = await opened({
      viewport: { width: 360, height: 740 },
      deviceScaleFactor: 3,
      isMobile: true,
      hasTouch: true,
    });
    const fits = async (): Promise<void> =>
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
    await fits();
    for (const exit of ['close-position', 'flatten']) expect(await part(exit).isVisible()).toBe(true);
    await part('open-size').fill('1');
    await part('open-submit').tap();
    await ended('DRIFT_OPEN_POSITION', 'done');
    await fits();
    await part('close-position').tap();
    await part('confirm-dialog').waitFor();
    await page.locator('[data-testid=question-preview][data-kind=known]').waitFor();
    await fits();
    const title = await page.locator('#dialog-title').boundingBox();
    expect(title?.y ?? -1).toBeGreaterThanOrEqual(0);
    expect(title?.y ?? 999).toBeLessThan(740 / 2);
    const send = await part('confirm-send').boundingBox();
    expect((send?.y ?? 999) + (send?.height ?? 0)).toBeLessThanOrEqual(740);
    expect(await seriousFindings(page)).toEqual([]);
    await part('confirm-send').tap();
    await ended('DRIFT_CLOSE_POSITION', 'done');
    await part('positions-empty').waitFor();
    await fits();
    await page.close();
  });
});
