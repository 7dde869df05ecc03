import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { HttpTimeout, postJson } from '../../src/chain/http-post.ts';

const TIMEOUT_MS = 20_000;
const servers: Server[] = [];

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
});

describe('a POST', () => {
  it('carries its body as JSON, whatever letters it holds, and gives status, text and Retry-After', async () => {
    const url = await serve(async (request, response) => {
      const echoed = `${request.headers['content-type']} ${await bodyOf(request)}`;
      response.writeHead(429, { 'retry-after': '7' }).end(echoed);
    });
    expect(await postJson(url, '{"é":"ß"}', TIMEOUT_MS)).toEqual({
      status: 429,
      retryAfter: '7',
      text: 'application/json {"é":"ß"}',
    });
  });

  it('reads an answer that comes compressed', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('small'));
    });
    expect((await postJson(url, '{}', TIMEOUT_MS)).text).toBe('small');
  });

  it('goes over the connection of the one before, but for one that was idle for longer than servers keep it', async () => {
    const ports = new Set<number | undefined>();
    const url = await serve((request, response) => {
      ports.add(request.socket.remotePort);
      request.resume().on('end', () => response.end('{}'));
    });
    for (let call = 0; call < 3; call += 1) await postJson(url, '{}', TIMEOUT_MS);
    expect(ports.size).toBe(1);
    // The process stood still: the server has closed it by now, and no timer of ours could say so.
    const later = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 5_000);
    await postJson(url, '{}', TIMEOUT_MS);
    later.mockRestore();
    expect(ports.size).toBe(2);
  });

  it('follows no redirect', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(307, { location: 'http://127.0.0.1:1/' }).end();
    });
    expect((await postJson(url, '{}', TIMEOUT_MS)).status).toBe(307);
  });

  it('ends at its timeout in the middle of a body', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200).write('half');
    });
    await expect(postJson(url, '{}', 300)).rejects.toBeInstanceOf(HttpTimeout);
  });

  it('fails with the code of what broke', async () => {
    const url = await serve((request) => request.socket.destroy());
    await expect(postJson(url, '{}', TIMEOUT_MS)).rejects.toMatchObject({ code: 'ECONNRESET' });
    await expect(postJson('http://127.0.0.1:1', '{}', TIMEOUT_MS)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});
