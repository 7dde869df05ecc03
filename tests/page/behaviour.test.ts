/** How the page behaves under a hand, a keyboard and the wishes of a browser: in a real Chromium, on the real bridge. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { actionOf } from '../../src/domain/order/command.ts';
import { openPage } from '../../src/runtime/page.ts';
import { findChromium } from '../support/chromium.ts';
import { longOnly } from '../support/long.ts';
import { SCENES } from '../support/page-scenes.ts';
import { openStage, type Scene, type Stage } from '../support/page-stage.ts';
import { until } from '../support/product.ts';
import { withContext } from '../support/with-context.ts';

const PHONE = { width: 390, height: 844 };
const DESKTOP = { width: 1440, height: 900 };
const WAIT_MS = 60_000;
const MANY_ALERTS = 50;
const MANY_TABS = 200;
/** Of WCAG, for text of the usual size. */
const LEAST_CONTRAST = 4.5;

const hedged = SCENES.find(({ name }) => name === 'hedged') as Scene;
const ALERTED: Scene = {
  ...hedged,
  alerts: Array.from({ length: MANY_ALERTS }, (_, index) => ({
    id: `alert-${index}`,
    kind: 'alert' as const,
    severity: 'warning' as const,
    code: `MADE_UP_${index}`,
    message: `Alert number ${index}, in a sentence that fills a line of the narrow column where alerts stand.`,
    action: 'Look at it.',
    operationId: null,
    details: {},
    tsMs: Date.now() - index * 1_000,
  })),
};

longOnly(describe)('the page under a hand', () => {
  let folder: string;
  let built: string;
  let browser: Browser;
  let stage: Stage;
  let page: Page;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'driftless-behaviour-'));
    built = await openPage({ root: process.cwd(), folder, say: () => undefined });
    const found = await findChromium();
    browser = await chromium.launch({ executablePath: found.executablePath, args: [...found.args] });
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Runs a test on a scene, as a browser of these wishes shows it. */
  const on =
    (scene: Scene, options: BrowserContextOptions, test: () => Promise<void>): (() => Promise<void>) =>
    async () => {
      stage = await openStage(scene, built);
      try {
        page = await browser.newPage({ reducedMotion: 'reduce', ...options });
        page.setDefaultTimeout(WAIT_MS);
        await page.goto(stage.url);
        await page.getByTestId('charts').waitFor();
        await test();
      } finally {
        await page?.close();
        await stage.close();
      }
    };
  const part = (testid: string) => page.getByTestId(testid);
  const sent = (): readonly string[] => stage.bridge.gateway.received.map(({ request }) => actionOf(request));
  const focused = (): Promise<string | null> =>
    page.evaluate<string | null>('document.activeElement?.dataset?.testid ?? document.activeElement?.id ?? null');

  it(
    'sends one command for a double click, and the second click lands nowhere',
    on(hedged, { viewport: DESKTOP }, async () => {
      await part('settle').dblclick();
      await part('confirm-send').dblclick();
      await part('confirm-dialog').waitFor({ state: 'detached' });
      await until('the command', () => sent().length > 0);
      expect(sent()).toEqual(['SETTLE_PNL']);
      expect(await part('confirm-dialog').count()).toBe(0);
    }),
  );

  for (const [name, viewport] of [
    ['a phone', PHONE],
    ['a desktop', DESKTOP],
  ] as const) {
    it(
      `opens each dialog at its title on ${name}, and gives the focus back`,
      on(hedged, { viewport }, async () => {
        for (const opener of ['close-position', 'flatten', 'rebalance', 'settle', 'engine-stop', 'position-close']) {
          await part(opener).focus();
          await page.keyboard.press('Enter');
          await part('confirm-dialog').waitFor();
          await page.waitForTimeout(300);
          const title = await page.evaluate<{ readonly top: number; readonly bottom: number }>(
            'document.getElementById("dialog-title").getBoundingClientRect().toJSON()',
          );
          const at = await focused();
          const scrolled = await page.evaluate('document.querySelector("dialog").scrollTop');
          await page.keyboard.press('Escape');
          await part('confirm-dialog').waitFor({ state: 'detached' });
          const back = await focused();
          withContext(opener, () => {
            expect({ at, scrolled, back }).toEqual({ at: 'dialog-title', scrolled: 0, back: opener });
            expect(title.top).toBeGreaterThanOrEqual(0);
            expect(title.bottom).toBeLessThan(viewport.height);
          });
        }
        expect(sent()).toEqual([]);
      }),
    );
  }

  it(
    'ends where its content ends, however many alerts there are',
    on(ALERTED, { viewport: DESKTOP }, async () => {
      await until('the alerts', async () => (await part('alert').count()) > 0);
      const { document, content } = await page.evaluate<{ readonly document: number; readonly content: number }>(`({
        document: window.document.documentElement.scrollHeight,
        content: Math.max(...[...window.document.querySelectorAll('.panel')].map((panel) => panel.getBoundingClientRect().bottom)) + scrollY,
      })`);
      expect(document - content).toBeLessThan(80);
    }),
  );

  for (const colorScheme of ['light', 'dark'] as const) {
    it(
      `shows cents, hints and figures at enough contrast in ${colorScheme}`,
      on(hedged, { viewport: DESKTOP, colorScheme }, async () => {
        await until('the cents', async () => (await page.locator('.cents-rest').count()) > 0);
        for (const selector of ['.cents-rest', '.figure-hint', '.answer-line small', '.feed-id', '.note']) {
          const contrast = await page.evaluate<number>(`(${leastContrast.toString()})(${JSON.stringify(selector)})`);
          withContext(selector, () => expect(contrast).toBeGreaterThanOrEqual(LEAST_CONTRAST));
        }
      }),
    );
  }

  it(
    'tells what is chosen from what is not when the browser forces its colours',
    on(hedged, { viewport: DESKTOP, forcedColors: 'active' }, async () => {
      const looks = await page.evaluate<readonly string[]>(`[...document.querySelectorAll('.choice-option')]
        .slice(0, 2)
        .map((option) => {
          const { backgroundColor, borderColor, borderStyle, outlineStyle, outlineColor, color } = getComputedStyle(option);
          return [backgroundColor, borderColor, borderStyle, outlineStyle, outlineColor, color].join();
        })`);
      expect(new Set(looks).size).toBe(2);
    }),
  );

  it(
    'moves nothing by itself for who asked for no motion',
    on(hedged, { viewport: DESKTOP }, async () => {
      await part('close-position').click();
      await part('confirm-dialog').waitFor();
      const moving = await page.evaluate<readonly string[]>(
        'document.getAnimations().filter((one) => one.playState === "running" && (one.effect.getTiming().duration > 1 || one.effect.getTiming().iterations > 1)).map((one) => one.effect.target.className)',
      );
      expect(moving).toEqual([]);
    }),
  );

  it(
    'can be walked by the Tab key from end to end, with the focus in sight at every step',
    on(hedged, { viewport: DESKTOP }, async () => {
      const seen: string[] = [];
      for (let step = 0; step < MANY_TABS; step += 1) {
        await page.keyboard.press('Tab');
        const place = await page.evaluate<{ readonly name: string; readonly shown: boolean } | null>(
          `(${focusPlace.toString()})()`,
        );
        if (place === null) break;
        withContext(`after ${seen.at(-1) ?? 'the start'}: ${place.name}`, () => expect(place.shown).toBe(true));
        seen.push(place.name);
      }
      expect(seen.length).toBeLessThan(MANY_TABS);
      expect(seen).toEqual(
        expect.arrayContaining(['close-position', 'flatten', 'open-size', 'funds-amount', 'settle']),
      );
    }),
  );
});

/** Runs in the page. Null: the focus has left the document. */
function focusPlace(): { readonly name: string; readonly shown: boolean } | null {
  // biome-ignore lint/suspicious/noExplicitAny: the browser's own names are unknown here
  const { document, getComputedStyle, innerHeight, innerWidth } = globalThis as any;
  const at = document.activeElement;
  if (at === null || at === document.body) return null;
  // The mark of a hidden radio button is on its label.
  const marked = at.matches('input[type=radio]') ? (at.closest('label') ?? at) : at;
  const marks = [at, marked, at.closest('.field-box'), at.parentElement].filter((one: unknown) => one != null);
  // Within a date the browser marks the part that has the focus.
  const isDate = at.matches('input[type^=date]');
  const shown =
    isDate ||
    marks.some((one: unknown) => {
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(one);
      return (outlineStyle !== 'none' && outlineWidth !== '0px') || boxShadow !== 'none';
    });
  const { top, bottom, left, right } = marked.getBoundingClientRect();
  const inSight = bottom > 0 && top < innerHeight && right > 0 && left < innerWidth;
  return {
    name: at.dataset.testid ?? at.id ?? at.tagName,
    shown: shown && inSight,
  };
}

/** Runs in the page: of all that fits the selector, the least contrast of a text and what is behind it. */
function leastContrast(selector: string): number {
  // biome-ignore lint/suspicious/noExplicitAny: the browser's own names are unknown here
  const { document, getComputedStyle } = globalThis as any;
  const channels = (colour: string): readonly number[] => (colour.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = ([red = 0, green = 0, blue = 0]: readonly number[]): number => {
    const part = (value: number): number =>
      value / 255 <= 0.03928 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4;
    return 0.2126 * part(red) + 0.7152 * part(green) + 0.0722 * part(blue);
  };
  const behind = (element: { readonly parentElement: unknown } | null): readonly number[] => {
    // biome-ignore lint/suspicious/noExplicitAny: as above
    for (let at: any = element; at !== null; at = at.parentElement) {
      const colour = channels(getComputedStyle(at).backgroundColor);
      if ((colour[3] ?? 1) > 0.99) return colour;
    }
    return [255, 255, 255];
  };
  const found = [...document.querySelectorAll(selector)];
  return Math.min(
    ...found.map((element) => {
      const text = luminance(channels(getComputedStyle(element).color));
      const ground = luminance(behind(element));
      return (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
    }),
  );
}
