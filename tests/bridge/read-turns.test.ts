import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import express from 'express';
import { readTurns } from '../../src/bridge/read-turns.ts';
import { FairPlaces } from '../../src/lib/fair-places.ts';
import { eventually } from '../support/eventually.ts';

const LONG_MS = 60_000;

let server: Server | null = null;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** Two engines on one server whose answers are held back until they are let go. */
async function engines(places: FairPlaces, withinMs: number) {
  let arrived = 0;
  const held: { readonly path: string; readonly answer: () => void }[] = [];
  const app = express();
  app.use((_request, _response, next) => {
    arrived += 1;
    next();
  });
  for (const engine of ['storm', 'quiet']) {
    app.use(`/${engine}`, readTurns(places, engine, withinMs), (request, response) => {
      held.push({ path: request.originalUrl, answer: () => void response.end('answered') });
    });
  }
  server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const read = async (path: string, signal?: AbortSignal) =>
    await (await fetch(`http://127.0.0.1:${port}${path}`, signal === undefined ? {} : { signal })).text();
  return { held, read, arrived: () => arrived };
}

describe('reads over HTTP', () => {
  it('take turns, and the next goes to the engine that has none', async () => {
    const places = new FairPlaces(2);
    const { held, read, arrived } = await engines(places, LONG_MS);
    const storm = [read('/storm/1'), read('/storm/2')];
    await eventually(() => expect(held).toHaveLength(2));
    storm.push(read('/storm/3'));
    await eventually(() => expect(arrived()).toBe(3));
    const quiet = read('/quiet/1');
    await eventually(() => expect(arrived()).toBe(4));
    for (let at = 0; at < 4; at += 1) {
      await eventually(() => expect(held.length).toBeGreaterThan(at));
      held[at]?.answer();
    }
    expect(await Promise.all([...storm, quiet])).toEqual(Array(4).fill('answered'));
    expect(held[2]?.path).toBe('/quiet/1');
    await eventually(() => expect(places.taken).toBe(0));
  });

  it('do not wait for ever for one that hangs, nor for a file', async () => {
    const places = new FairPlaces(1);
    const { held, read } = await engines(places, 20);
    const hanging = read('/storm/1');
    await eventually(() => expect(held).toHaveLength(1));
    const file = read('/quiet/1?format=csv');
    const other = read('/quiet/2');
    await eventually(() => expect(held).toHaveLength(3));
    for (const { answer } of held) answer();
    expect(await Promise.all([hanging, file, other])).toEqual(['answered', 'answered', 'answered']);
    await eventually(() => expect(places.taken).toBe(0));
  });

  it('give their turn back when the client goes', async () => {
    const places = new FairPlaces(1);
    const { held, read } = await engines(places, LONG_MS);
    const client = new AbortController();
    const gone = read('/storm/1', client.signal);
    await eventually(() => expect(held).toHaveLength(1));
    client.abort();
    await expect(gone).rejects.toThrow();
    await eventually(() => expect(places.taken).toBe(0));
  });
});
