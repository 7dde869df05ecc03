import { afterAll, beforeAll, expect, it } from '@jest/globals';
import pino from 'pino';
import { Registry } from 'prom-client';
import { startWorkerPort } from '../../src/runtime/worker-port.ts';
import { READY } from '../support/bridge.ts';
import { freePort } from '../support/free-ports.ts';

const TOKEN = 'token-of-the-worker-port';
const READ = 'read-token-of-the-worker-port';
let port: number;
let ready = true;
let door: Awaited<ReturnType<typeof startWorkerPort>>;
const options = async () => ({
  ...{ port, token: TOKEN, readToken: READ, registry: new Registry(), nowMs: Date.now },
  logger: pino({ level: 'silent' }),
  readiness: async () => (ready ? READY : { ...READY, temporal: { ok: false, detail: 'does not answer' } }),
});
beforeAll(async () => {
  port = await freePort();
  door = await startWorkerPort(await options());
});
afterAll(() => door.stop());

const status = async (path: string, token?: string): Promise<number> => {
  const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  return (await fetch(`http://127.0.0.1:${port}${path}`, { headers })).status;
};

it('serves health and readiness to anybody, and metrics to either token', async () => {
  expect(await status('/healthz')).toBe(200);
  expect(await status('/readyz')).toBe(200);
  ready = false;
  expect(await status('/readyz')).toBe(503);
  expect(await status('/metrics')).toBe(401);
  expect(await status('/metrics', 'wrong')).toBe(401);
  expect(await status('/metrics', READ)).toBe(200);
  expect(await status('/metrics', TOKEN)).toBe(200);
  expect(await status('/api/state', TOKEN)).toBe(404);
});

it('says which setting moves it when the port is taken', async () => {
  await expect(startWorkerPort(await options())).rejects.toThrow(/Set WORKER_PORT to a free one/);
});
