/**
 * Every designed state of the page in a real Chromium, on the real bridge: both themes, on a phone and on wide screens. Each
 * is judged by axe and must fit its screen. With DRIFTLESS_SCREENS set to a folder, each is kept there as a picture.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Browser, chromium } from 'playwright-core';
import { runTask } from '../../src/runtime/tasks.ts';
import { seriousFindings } from '../support/axe.ts';
import { findChromium } from '../support/chromium.ts';
import { longOnly } from '../support/long.ts';
import { SCENES } from '../support/page-scenes.ts';
import { openStage, type Stage } from '../support/page-stage.ts';
import { withContext } from '../support/with-context.ts';

const SCREENS = process.env.DRIFTLESS_SCREENS ?? null;
const WAIT_MS = 60_000;
/** Charts are drawn a frame after their data came. */
const DRAWN_MS = 1_500;
const VIEWS = [
  { name: 'phone', width: 390, height: 844, scale: 2 },
  { name: 'desktop', width: 1440, height: 900, scale: 1 },
  { name: 'wide', width: 2560, height: 1400, scale: 1 },
] as const;
const THEMES = ['light', 'dark'] as const;
longOnly(describe)('the states of the page', () => {
  let folder: string;
  let browser: Browser;
  let stage: Stage | null = null;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'driftless-states-'));
    expect(await runTask(['page', process.cwd(), folder])).toBe(0);
    const found = await findChromium();
    browser = await chromium.launch({ executablePath: found.executablePath, args: [...found.args] });
    if (SCREENS !== null) mkdirSync(SCREENS, { recursive: true });
  });
  afterAll(async () => {
    await stage?.close();
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(SCENES.map((scene) => [scene.name, scene] as const))('%s', async (name, scene) => {
    await stage?.close();
    stage = await openStage(scene, folder);
    for (const view of VIEWS) {
      for (const theme of THEMES) {
        const page = await browser.newPage({
          viewport: { width: view.width, height: view.height },
          deviceScaleFactor: view.scale,
          colorScheme: theme,
          reducedMotion: 'reduce',
        });
        const complaints: string[] = [];
        page.on('pageerror', (error) => complaints.push(String(error)));
        page.on('console', (message) => {
          if (message.type() === 'error') complaints.push(message.text());
        });
        await page.goto(stage.url);
        await page.getByTestId('charts').waitFor({ timeout: WAIT_MS });
        await page.waitForTimeout(DRAWN_MS);
        const serious = await seriousFindings(page);
        const width = await page.evaluate('document.documentElement.scrollWidth');
        if (SCREENS !== null) await page.screenshot({ path: join(SCREENS, `${name}-${view.name}-${theme}.png`) });
        await page.close();
        withContext(`${view.name}, ${theme}`, () => {
          expect(serious).toEqual([]);
          expect(width).toBe(view.width);
          expect(complaints).toEqual([]);
        });
      }
    }
  });
});
