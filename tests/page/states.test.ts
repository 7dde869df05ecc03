/**
 * Every designed state of the page in a real Chromium, on the real bridge: both themes, on a phone and on wide screens, at
 * 200 % zoom and with forced colours. Each is judged by axe and must fit its screen. With DRIFTLESS_SCREENS set to a folder,
 * the pictures of the phone and of the wide screen are kept there.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Browser, chromium, type Page } from 'playwright-core';
import { openPage } from '../../src/runtime/page.ts';
import { seriousFindings } from '../support/axe.ts';
import { findChromium } from '../support/chromium.ts';
import { longOnly } from '../support/long.ts';
import { SCENES } from '../support/page-scenes.ts';
import { openStage, type Scene, type Stage } from '../support/page-stage.ts';
import { withContext } from '../support/with-context.ts';

const SCREENS = process.env.DRIFTLESS_SCREENS ?? null;
const WAIT_MS = 60_000;
/** Charts are drawn a frame after their data came. */
const DRAWN_MS = 1_000;
const QUALITY = 72;

interface View {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly theme: 'light' | 'dark';
  readonly forcedColors?: 'active';
  /** Its picture is kept. */
  readonly kept?: true;
}

const inBoth = (view: Omit<View, 'theme'>): readonly View[] => [
  { ...view, theme: 'light' },
  { ...view, theme: 'dark' },
];
const SCREEN_KINDS: readonly { readonly scale: number; readonly views: readonly View[] }[] = [
  { scale: 2, views: inBoth({ name: 'phone', width: 390, height: 844, kept: true }) },
  {
    scale: 1,
    views: [
      ...inBoth({ name: 'wide', width: 2560, height: 1400, kept: true }),
      ...inBoth({ name: 'desktop', width: 1440, height: 900 }),
      { name: 'forced colours', width: 1440, height: 900, theme: 'dark', forcedColors: 'active' },
      // A browser's zoom of 200 % halves the pixels that the page sees.
      { name: 'desktop at 200 %', width: 720, height: 450, theme: 'light' },
    ],
  },
];

longOnly(describe)('the states of the page', () => {
  let folder: string;
  let built: string;
  let browser: Browser;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'driftless-states-'));
    built = await openPage({ root: process.cwd(), folder, say: () => undefined });
    const found = await findChromium();
    browser = await chromium.launch({ executablePath: found.executablePath, args: [...found.args] });
    if (SCREENS !== null) mkdirSync(SCREENS, { recursive: true });
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(SCENES.map((scene) => [scene.name, scene] as const))('%s', async (name, scene) => {
    const stage = await openStage(scene, built);
    const complaints: string[] = [];
    try {
      const pages = await Promise.all(
        SCREEN_KINDS.map(({ scale }) => opened(browser, stage, scene, scale, complaints)),
      );
      // A connection that is then refused is an error to the browser, as it should be.
      expect(complaints).toEqual([]);
      if (scene.cut === true) await cutOff(stage, pages);
      for (const [kind, { views }] of SCREEN_KINDS.entries()) {
        const page = pages[kind] as Page;
        for (const view of views) {
          const found = await judged(page, view);
          if (SCREENS !== null && view.kept === true) {
            writeFileSync(join(SCREENS, `${name}-${view.name}-${view.theme}.webp`), await picture(page));
          }
          withContext(`${view.name}, ${view.theme}`, () => expect(found).toEqual({ serious: [], width: view.width }));
        }
        await page.close();
      }
      if (scene.cut !== true) expect(complaints).toEqual([]);
    } finally {
      await stage.close();
    }
  });
});

/** The page with its figures and charts. */
async function opened(
  browser: Browser,
  stage: Stage,
  scene: Scene,
  deviceScaleFactor: number,
  complaints: string[],
): Promise<Page> {
  const page = await browser.newPage({ deviceScaleFactor, reducedMotion: 'reduce' });
  page.setDefaultTimeout(WAIT_MS);
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  await page.goto(stage.url);
  await page
    .getByTestId(scene.path === '/engines' ? 'engine-row' : 'charts')
    .first()
    .waitFor();
  return page;
}

async function cutOff(stage: Stage, pages: readonly Page[]): Promise<void> {
  await stage.cut();
  for (const page of pages) {
    await page.locator('[data-testid=connection]:not([data-state=open])').first().waitFor({ state: 'attached' });
    await page.locator('[data-testid=figures-age][data-stale=true]').first().waitFor({ state: 'attached' });
  }
}

/** What is wrong with the page in this view, once it is drawn. */
async function judged(
  page: Page,
  { width, height, theme, forcedColors }: View,
): Promise<{ readonly serious: readonly string[]; readonly width: unknown }> {
  await page.setViewportSize({ width, height });
  await page.emulateMedia({ colorScheme: theme, forcedColors: forcedColors ?? 'none' });
  await page.waitForTimeout(DRAWN_MS);
  return {
    serious: await seriousFindings(page),
    width: await page.evaluate('document.documentElement.scrollWidth'),
  };
}

/** As WebP: a third of the size of a PNG. */
async function picture(page: Page): Promise<Buffer> {
  const devtools = await page.context().newCDPSession(page);
  const { data } = await devtools.send('Page.captureScreenshot', { format: 'webp', quality: QUALITY });
  return Buffer.from(data, 'base64');
}
