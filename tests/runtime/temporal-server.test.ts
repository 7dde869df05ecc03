/** Temporal's dev server as we start it: a web page that reaches one of its ports (DNS rebinding) gets nothing there. */
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { pino } from 'pino';
import { onTestFinished } from '../../localnet/tests/support/on-test-finished.ts';
import { itUnless } from '../../localnet/tests/support/unless.ts';
import { findTemporalCli } from '../../src/runtime/temporal-cli.ts';
import { hiddenPlace, startTemporalServer } from '../../src/runtime/temporal-server.ts';
import { freePort } from '../support/free-ports.ts';

const LISTENS = '0A';
const LOOPBACK = '0100007F';

/** Ports of 127.0.0.1 on which the process listens, as Linux tells them. */
function portsOf(pid: number): readonly number[] {
  const folder = `/proc/${pid}/fd`;
  const sockets = new Set(
    readdirSync(folder).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(join(folder, fd)))?.[1] ?? [];
      } catch {
        return [];
      }
    }),
  );
  const rows = readFileSync('/proc/net/tcp', 'utf8').trim().split('\n').slice(1);
  return rows.flatMap((row) => {
    const [, at = '', , state, , , , , , inode = ''] = row.trim().split(/\s+/);
    const [host, port = ''] = at.split(':');
    return state === LISTENS && host === LOOPBACK && sockets.has(inode) ? Number.parseInt(port, 16) : [];
  });
}

/** The status; 0: no HTTP is spoken there. */
const ask = (port: number, method: string, path: string, headers: Record<string, string>): Promise<number> =>
  new Promise((resolve) => {
    const sent = request({ host: '127.0.0.1', port, path, method, headers, timeout: 2_000 }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.once('timeout', () => sent.destroy(new Error('silent')));
    sent.once('error', () => resolve(0));
    sent.end(method === 'POST' ? '{}' : undefined);
  });

itUnless(process.platform !== 'linux' && 'its ports are read from /proc')(
  'neither its HTTP API nor another of its ports takes a request that a browser can send',
  async () => {
    const home = mkdtempSync(join(tmpdir(), 'driftless-temporal-'));
    onTestFinished(() => rmSync(home, { recursive: true, force: true }));
    const cli = (await findTemporalCli({ given: process.env.TEMPORAL_CLI, env: process.env, say: () => undefined }))
      .path;
    const server = await startTemporalServer({
      ...{ cli, home, logDir: home, port: await freePort(), ui: await hiddenPlace(), namespace: 'default' },
      logger: pino({ level: 'silent' }),
    });
    onTestFinished(() => server.stop());
    const ports = portsOf(server.pid() as number);
    const signal = '/api/v1/namespaces/default/workflows/engine/signal/configure';
    const statuses = await Promise.all(
      ports.flatMap((port) =>
        ['rebound.example', `rebound.example:${port}`, `127.0.0.1:${port}`, `localhost:${port}`].flatMap((host) => {
          const headers = { host, origin: `http://${host}`, 'content-type': 'application/json' };
          return [
            ask(port, 'GET', '/api/v1/namespaces', headers),
            ask(port, 'POST', signal, headers),
            ask(port, 'POST', signal.slice('/api/v1'.length), headers),
          ];
        }),
      ),
    );
    expect(statuses.filter((status) => ![0, 403, 404].includes(status))).toEqual([]);
    // The HTTP API was found, and refused.
    expect(statuses).toContain(403);
  },
);
