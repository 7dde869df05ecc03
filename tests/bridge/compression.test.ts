import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Journal } from '../../src/journal/journal.ts';
import { ENGINE_ID, type TestBridge, TOKEN, testBridge } from '../support/bridge.ts';
import { openTestJournal } from '../support/journal.ts';
import { withContext } from '../support/with-context.ts';

const SCRIPT = `export const figures = ${JSON.stringify(Array.from({ length: 2_000 }, (_, index) => index % 7))};\n`;

let folder: string;
let journal: Journal;
let bridge: TestBridge;

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly bytes: Buffer;
}

/** As it came over the wire, not yet decompressed. */
const ask = (path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const request = get(
      `${bridge.url}${path}`,
      { headers: { authorization: `Bearer ${TOKEN}`, ...headers } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({ status: response.statusCode, headers: response.headers, bytes: Buffer.concat(chunks) }),
        );
      },
    );
    request.on('error', reject);
  });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'driftless-page-'));
  await mkdir(join(folder, 'assets'));
  await writeFile(join(folder, 'index.html'), '<!doctype html><title>page</title>');
  await writeFile(join(folder, 'assets', 'index-abc.js'), SCRIPT);
  journal = await openTestJournal();
  bridge = await testBridge({ journal, settings: { pageDir: folder } });
});
afterAll(async () => {
  await bridge.close();
  await journal.close();
  await rm(folder, { recursive: true });
});

describe('a file of the page', () => {
  it.each([
    ['br', brotliDecompressSync],
    ['gzip', gunzipSync],
  ])('comes as %s to whoever accepts that, the same each time, with its headers', async (encoding, decompress) => {
    for (let time = 0; time < 2; time += 1) {
      const { headers, bytes } = await ask('/assets/index-abc.js', { 'accept-encoding': encoding });
      expect(headers).toMatchObject({
        'content-encoding': encoding,
        vary: 'Accept-Encoding',
        'cache-control': 'public, max-age=31536000, immutable',
      });
      expect(headers['content-type']).toContain('javascript');
      expect(headers['content-security-policy']).toContain("default-src 'none'");
      expect(bytes.length).toBeLessThan(SCRIPT.length / 5);
      expect(decompress(bytes).toString()).toBe(SCRIPT);
    }
  });

  it('comes as it is to whoever does not say, or asks for a part of it', async () => {
    const whole = await ask('/assets/index-abc.js');
    expect(whole.headers['content-encoding']).toBeUndefined();
    expect(whole.bytes.toString()).toBe(SCRIPT);
    const part = await ask('/assets/index-abc.js', { 'accept-encoding': 'br', range: 'bytes=0-9' });
    expect(part).toMatchObject({ status: 206 });
    expect(part.bytes.toString()).toBe(SCRIPT.slice(0, 10));
  });

  it('that does not exist is not found, and nothing outside is reached', async () => {
    const paths = ['/assets/other.js', '/assets/..%2F..%2Fpackage.json', '/assets/..%2f..%2fetc%2fpasswd.js'];
    for (const path of paths) {
      const { status } = await ask(path, { 'accept-encoding': 'br' });
      withContext(path, () => expect(status).toBe(404));
    }
  });
});

describe('an answer', () => {
  it('is compressed when it is long', async () => {
    await journal.recordTrades(
      Array.from({ length: 20 }, (_, index) => ({
        engineId: ENGINE_ID,
        operationId: null,
        market: 'SOL-PERP',
        side: 'sell' as const,
        size: '1500000000',
        price: '147123456',
        fee: '55171',
        signature: `sig-${index}`,
        index: 0,
        tsMs: Date.UTC(2026, 0, 15),
      })),
    );
    const { headers, bytes } = await ask('/api/trades', { 'accept-encoding': 'gzip' });
    expect(headers).toMatchObject({ 'content-encoding': 'gzip', 'content-type': 'application/json; charset=utf-8' });
    const plain = await ask('/api/trades');
    expect(gunzipSync(bytes)).toEqual(plain.bytes);
    expect(JSON.parse(plain.bytes.toString()).items).toHaveLength(20);
    expect(bytes.length).toBeLessThan(plain.bytes.length / 4);
    expect(plain.headers.vary).toContain('Accept-Encoding');
  });

  it('is sent as it is when it is short', async () => {
    const { headers, bytes } = await ask('/api/funding', { 'accept-encoding': 'br, gzip' });
    expect(headers['content-encoding']).toBeUndefined();
    expect(JSON.parse(bytes.toString())).toEqual({ items: [], next_cursor: null });
  });
});
