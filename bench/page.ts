/**
 * The page on a slow phone (Chromium's "Fast 3G", a processor four times slower), against a bare document on the same server;
 * the size of its scripts; and an hour of figures in a minute with all charts open: frames, heap and elements.
 */
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type Browser, type CDPSession, chromium, type Page } from 'playwright-core';
import { runTask } from '../src/runtime/tasks.ts';
import { findChromium } from '../tests/support/chromium.ts';
import { SCENES } from '../tests/support/page-scenes.ts';
import { openStage } from '../tests/support/page-stage.ts';
import { type Finding, say } from './support/report.ts';

/** As the developer tools have it: 1.6 Mbit/s, of which nine tenths arrive, and 562.5 ms to the first byte. */
const FAST_3G = { offline: false, latency: 562.5, downloadThroughput: 180_000, uploadThroughput: 84_375 };
const CPU_SLOWDOWN = 4;
const ROUNDS = 5;
const FIRST_PAINT_MS = 1_200;
const SCRIPTS_KB = 150;
const CHARTS_WITHIN_MS = 60_000;
/** An hour of messages, one a second, at sixty a second. */
const STREAM_MESSAGES = 3_600;
const STREAM_PER_SECOND = 60;
const MIB = 1_048_576;

export async function benchPage(): Promise<readonly Finding[]> {
  const folder = mkdtempSync(join(tmpdir(), 'driftless-bench-page-'));
  const root = process.cwd();
  if ((await runTask(['page', root, folder])) !== 0) throw new Error('the page could not be built');
  const scene = SCENES.find(({ name }) => name === 'hedged');
  if (scene === undefined) throw new Error('there is no scene of a hedged account');
  const stage = await openStage(scene, folder);
  const found = await findChromium();
  const browser = await chromium.launch({
    executablePath: found.executablePath,
    args: [...found.args],
  });
  try {
    return [await firstPaint(browser, stage.url), scriptSize(folder), ...(await anHour(browser, stage.url))];
  } finally {
    await browser.close();
    await stage.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** Of a new visit each time: nothing is cached, and the cookie is set already, as by the printed address. */
async function firstPaint(browser: Browser, url: string): Promise<Finding> {
  const bare = createServer((_request, response) => response.setHeader('Content-Type', 'text/html').end('<p>bare'));
  await once(bare.listen(0, '127.0.0.1'), 'listening');
  const bareUrl = `http://127.0.0.1:${(bare.address() as AddressInfo).port}/`;
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    ours.push(await paintedAfterMs(browser, url));
    theirs.push(await paintedAfterMs(browser, bareUrl));
  }
  bare.close();
  say(`first contentful paint, ms: ${ours.map((ms) => ms.toFixed(0)).join(' ')}`);
  return {
    what: 'page: first contentful paint, slow phone',
    figure: median(ours),
    unit: 'ms',
    yardstick: { what: 'a bare document', figure: median(theirs) },
    goal: { of: 'figure', atMost: FIRST_PAINT_MS, strictly: true },
  };
}

async function paintedAfterMs(browser: Browser, url: string): Promise<number> {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 }, deviceScaleFactor: 3 });
  try {
    const page = await context.newPage();
    const { origin, searchParams } = new URL(url);
    const token = searchParams.get('token');
    // The printed address answers with the cookie.
    if (token !== null) await context.request.get(url);
    const devtools = await context.newCDPSession(page);
    await devtools.send('Network.emulateNetworkConditions', FAST_3G);
    await devtools.send('Emulation.setCPUThrottlingRate', { rate: CPU_SLOWDOWN });
    await page.goto(origin, { waitUntil: 'load' });
    return await page.evaluate<number>(`new Promise((resolve) => {
      new PerformanceObserver((list) => {
        const paint = list.getEntriesByName('first-contentful-paint')[0];
        if (paint) resolve(paint.startTime);
      }).observe({ type: 'paint', buffered: true });
    })`);
  } finally {
    await context.close();
  }
}

function scriptSize(folder: string): Finding {
  const assets = join(folder, 'assets');
  const sizes = readdirSync(assets)
    .filter((name) => name.endsWith('.js'))
    .map((name) => ({ name, kb: gzipSync(readFileSync(join(assets, name)), { level: 9 }).length / 1_000 }));
  for (const { name, kb } of sizes) say(`${name}: ${kb.toFixed(1)} kB gzip`);
  return {
    what: 'page: all scripts, charts included',
    figure: sizes.reduce((sum, { kb }) => sum + kb, 0),
    unit: 'kB gzip',
    yardstick: { what: 'the limit', figure: SCRIPTS_KB },
    goal: { of: 'figure', atMost: SCRIPTS_KB },
  };
}

/**
 * The server's own message again and again, each a minute later in market time. They are made in the page: messages that
 * come through Playwright are scripts to the browser, which keeps their sources, and the heap would show those.
 */
async function anHour(browser: Browser, url: string): Promise<readonly Finding[]> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  const devtools = await context.newCDPSession(page);
  await page.addInitScript(SPEEDED_UP);
  await page.goto(url);
  await page.getByTestId('charts').waitFor({ timeout: CHARTS_WITHIN_MS });
  await page.waitForFunction('globalThis.latest !== undefined');
  const before = await footprint(page, devtools);
  await page.evaluate(FRAMES);
  await page.evaluate(`speedUp(${STREAM_MESSAGES}, ${1_000 / STREAM_PER_SECOND})`);
  const frames = (await page.evaluate('globalThis.frameTimes')) as number[];
  const after = await footprint(page, devtools);
  await context.close();
  const worst = frames.toSorted((a, b) => a - b)[Math.floor(frames.length * 0.99)] ?? Number.NaN;
  say(
    `heap ${before.heap.toFixed(1)} to ${after.heap.toFixed(1)} MiB, elements ${before.elements} to ${after.elements}, ` +
      `nodes ${before.nodes} to ${after.nodes}, listeners ${before.listeners} to ${after.listeners}`,
  );
  return [
    {
      what: 'page: 99th of 100 frames in an hour of stream',
      figure: worst,
      unit: 'ms',
      yardstick: { what: 'a frame at 60 Hz', figure: 1_000 / 60 },
      goal: null,
    },
    {
      what: 'page: heap after that hour',
      figure: after.heap,
      unit: 'MiB',
      yardstick: { what: 'before', figure: before.heap },
      goal: null,
    },
    {
      what: 'page: elements after that hour',
      figure: after.elements,
      unit: '',
      yardstick: { what: 'before', figure: before.elements },
      goal: null,
    },
    {
      what: 'page: nodes after that hour, those held outside the document too',
      figure: after.nodes,
      unit: '',
      yardstick: { what: 'before', figure: before.nodes },
      goal: null,
    },
  ];
}

const FRAMES = `globalThis.frameTimes = [];
let last = performance.now();
const next = (now) => { globalThis.frameTimes.push(now - last); last = now; requestAnimationFrame(next); };
requestAnimationFrame(next);`;

/** Keeps the newest message with figures, and `speedUp` hands it to the page's own socket, later and later in market time. */
const SPEEDED_UP = `{
  const Real = globalThis.WebSocket;
  let socket;
  globalThis.WebSocket = class extends Real {
    constructor(...given) {
      super(...given);
      socket = this;
      this.addEventListener('message', ({ data, isTrusted }) => {
        if (isTrusted && data.includes('"SYSTEM_STATS"')) globalThis.latest = data;
      });
    }
  };
  const later = (minutes) => {
    const message = JSON.parse(globalThis.latest);
    const { market } = message.data;
    if (market !== null) {
      market.market_time = new Date(Date.parse(market.market_time) + minutes * 60_000).toISOString();
      market.oracle_price += Math.sin(minutes / 30);
    }
    return JSON.stringify(message);
  };
  globalThis.speedUp = (messages, everyMs) => new Promise((resolve) => {
    let sent = 0;
    const timer = setInterval(() => {
      if (sent === messages) {
        clearInterval(timer);
        resolve();
        return;
      }
      socket.dispatchEvent(new MessageEvent('message', { data: later(sent) }));
      sent += 1;
    }, everyMs);
  });
}`;

interface Footprint {
  readonly heap: number;
  readonly elements: number;
  /** Nodes with those that left the document and are still held. */
  readonly nodes: number;
  readonly listeners: number;
}

async function footprint(page: Page, devtools: CDPSession): Promise<Footprint> {
  // Unlike `gc()`, it drops compiled code that nothing runs any more.
  await devtools.send('HeapProfiler.collectGarbage');
  const { usedSize } = await devtools.send('Runtime.getHeapUsage');
  const { nodes, jsEventListeners: listeners } = await devtools.send('Memory.getDOMCounters');
  const elements = (await page.evaluate('document.querySelectorAll("*").length')) as number;
  return { heap: usedSize / MIB, elements, nodes, listeners };
}
