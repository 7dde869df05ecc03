import fs, { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { waitUntil } from '../../localnet/tests/support/until.ts';
import { CriticalError } from '../../src/lib/errors.ts';
import { type LoggerOptions, openLogger } from '../../src/runtime/logger.ts';
import { createRedactor } from '../../src/runtime/redaction.ts';
import { temporalLogger } from '../../src/runtime/temporal-runtime.ts';

const KEY = '4wBqpZM9xaSheZzJSMawUKKwhdpChKbZ5eu5ky4Vigw6eZcDnN4KzJzPm5qXhbXKVTcBYaKdMTcPNsQ7d5qGZyRz';

let folder: string;
let terminal: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'driftless-log-'));
  terminal = '';
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (options: Partial<LoggerOptions> = {}) =>
  openLogger({
    ...{ folder, environment: 'development', level: null, redactor: createRedactor([KEY]) },
    terminal: (text) => {
      terminal += text;
    },
    ...options,
  });
const files = () => readdirSync(folder).filter((name) => name.endsWith('.log'));
const inFile = () =>
  files()
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('');

describe('the logger', () => {
  it('writes JSON lines to a file of the day and human lines to the terminal', async () => {
    const { logger, close } = await open();
    logger.info({ part: 'engine', size: '1.5' }, 'trade');
    await close();
    expect(files()).toHaveLength(1);
    expect(files()[0]).toMatch(/^driftless\.\d{4}-\d{2}-\d{2}\.1\.log$/);
    expect(JSON.parse(inFile().trim())).toMatchObject({ part: 'engine', size: '1.5', msg: 'trade', level: 30 });
    expect(terminal).toMatch(/INFO.*engine: trade/);
  });

  it.each([
    ['development', ['debug', 'info', 'warn'], ['info', 'warn']],
    ['production', ['info', 'warn'], ['info', 'warn']],
    ['test', ['debug', 'info', 'warn'], ['warn']],
  ] as const)('lets %s decide the levels', async (environment, file, shown) => {
    const { logger, close } = await open({ environment });
    for (const level of ['debug', 'info', 'warn'] as const) logger[level](`line-${level}`);
    await close();
    for (const level of ['debug', 'info', 'warn'] as const) {
      expect(inFile().includes(`line-${level}`)).toBe((file as readonly string[]).includes(level));
      expect(terminal.includes(`line-${level}`)).toBe((shown as readonly string[]).includes(level));
    }
  });

  it('says once that the disk is full, and writes on when there is room again, what it kept first', async () => {
    const { logger, close } = await open();
    logger.info('before');
    await waitUntil('the first line', () => inFile().includes('before'), { withinMs: 10_000, everyMs: 10 });
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    const write = jest.spyOn(fs, 'write').mockImplementation(((...args: unknown[]) => {
      setImmediate(args.at(-1) as (error: Error) => void, full);
    }) as never);
    try {
      for (const line of ['first', 'second']) {
        const calls = write.mock.calls.length;
        logger.info(line);
        await waitUntil('a try', () => write.mock.calls.length > calls, { withinMs: 10_000, everyMs: 10 });
        await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
      }
    } finally {
      write.mockRestore();
    }
    expect(terminal.match(/cannot be written: ENOSPC/g)).toHaveLength(1);
    logger.info('third');
    await waitUntil('the file again', () => inFile().includes('third'), { withinMs: 10_000, everyMs: 10 });
    expect(inFile()).toMatch(/first.*\n.*second.*\n.*third/);
    expect(terminal).toContain('is written again');
    await close();
  });

  it('writes JSON to the terminal in production', async () => {
    const { logger, close } = await open({ environment: 'production' });
    logger.warn('careful');
    await close();
    expect(JSON.parse(terminal.trim())).toMatchObject({ msg: 'careful', level: 40 });
  });

  it('lets LOG_LEVEL overrule the environment, and silent write nothing', async () => {
    const loud = await open({ environment: 'production', level: 'debug' });
    loud.logger.debug('deep');
    await loud.close();
    expect(inFile()).toContain('deep');
    const silent = await open({ level: 'silent' });
    silent.logger.fatal('nobody hears');
    await silent.close();
    expect(inFile() + terminal).not.toContain('nobody hears');
  });

  it('gives errors with type, code, stack and causes', async () => {
    const { logger, close } = await open();
    const cause = new Error('the disk is full');
    logger.error({ err: new CriticalError('BAD', 'it broke', { have: 1 }, { cause }) }, 'failed');
    await close();
    const { err } = JSON.parse(inFile().trim()) as { err: Record<string, unknown> };
    expect(err).toMatchObject({ type: 'CriticalError', code: 'BAD', category: 'critical', details: { have: 1 } });
    expect(err.stack).toContain('logger.test.ts');
    expect(err.cause).toMatchObject({ message: 'the disk is full' });
  });

  it.each([
    ['a field', { key: KEY }, 'x'],
    ['the message', {}, `the key is ${KEY}!`],
    ['an error’s message and stack', { err: new Error(`bad key ${KEY}`) }, 'x'],
    ['a nested error', { err: new Error('outer', { cause: new Error(`inner ${KEY}`) }) }, 'x'],
    ['a URL', { url: `https://host/?token=${KEY}&a=1` }, 'x'],
    ['a deep object', { a: [{ b: { c: [`<${KEY}>`] } }] }, 'x'],
  ])('takes a known secret out of %s', async (_where, fields, message) => {
    const { logger, close } = await open();
    logger.error(fields, message);
    await close();
    expect(inFile()).toContain('[redacted]');
    expect(inFile()).not.toContain(KEY);
    expect(terminal).not.toContain(KEY);
  });

  it('keeps thirty files, however often it is started', async () => {
    for (let day = 1; day <= 28; day += 1) {
      for (const month of ['01', '02']) {
        writeFileSync(join(folder, `driftless.2025-${month}-${String(day).padStart(2, '0')}.1.log`), 'old\n');
      }
    }
    writeFileSync(join(folder, 'somebody-elses.log'), 'not ours');
    const { logger, close } = await open();
    logger.info('today');
    await close();
    const ours = files().filter((name) => name.startsWith('driftless.'));
    expect(ours).toHaveLength(30);
    expect(ours).not.toContain('driftless.2025-01-01.1.log');
    expect(ours).toContain('driftless.2025-02-28.1.log');
    expect(files()).toContain('somebody-elses.log');
  });

  it('takes Temporal’s lines, its INFO as our debug', async () => {
    const { logger, close } = await open();
    const temporal = temporalLogger(logger);
    temporal.info('Worker state changed', { state: 'RUNNING' });
    temporal.warn('Activity failed', { activityType: 'sign' });
    await close();
    const lines = inFile()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { level: number; msg: string });
    expect(lines.map(({ level, msg }) => [level, msg])).toEqual([
      [20, 'Worker state changed'],
      [40, 'Activity failed'],
    ]);
  });
});

describe('redaction', () => {
  const { scrub, add } = createRedactor();

  it.each([
    ['postgres://me:hunter2@db:5432/x', 'postgres://[redacted]@db:5432/x'],
    ['GET /?token=abcdefgh&x=1', 'GET /?token=[redacted]&x=1'],
    ['https://rpc/?api-key=abc', 'https://rpc/?api-key=[redacted]'],
    ['Authorization: Bearer abc.def-123', 'Authorization: Bearer [redacted]'],
    ['DRIFTLESS_TOKEN=abc', 'DRIFTLESS_TOKEN=[redacted]'],
    ['{"SOLANA_PRIVATE_KEY":"abc"}', '{"SOLANA_PRIVATE_KEY":"[redacted]"}'],
  ])('knows a secret by where it stands: %s', (text, clean) => {
    expect(scrub(text)).toBe(clean);
  });

  it('leaves signatures and addresses alone: they look like keys and are public', () => {
    const signature = '2v2Wvjm47ukJY9SHVZzjrLJZHMxLoydASae3BQofXbVkZm5veisq4YLLB54JVmWesnVkc7bx7YZex6AujbjBBJQA';
    expect(scrub(`landed ${signature}`)).toBe(`landed ${signature}`);
  });

  it('knows a key given as JSON bytes with and without spaces', () => {
    add('[1, 2, 3, 44, 55]');
    expect(scrub('x [1,2,3,44,55] y')).not.toContain('44');
    expect(scrub('x [1, 2, 3, 44, 55] y')).not.toContain('44');
  });
});
