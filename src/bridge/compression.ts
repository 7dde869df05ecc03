/** Compresses responses that are longer than a packet, if the client accepts that. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { brotliCompress, constants, createBrotliCompress, createGzip, gzip } from 'node:zlib';
import type { RequestHandler, Response } from 'express';
import { COMPRESS_FROM_BYTES } from './limits.ts';

type Encoding = 'br' | 'gzip';

const brotli = promisify(brotliCompress);
/** Text that is made for one answer: a low level takes a tenth of the time for a few per cent more bytes. */
const QUICK: Readonly<Record<Encoding, (bytes: Buffer) => Promise<Buffer>>> = {
  br: (bytes) => brotli(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }),
  gzip: promisify((bytes: Buffer, done: (error: Error | null, result: Buffer) => void) =>
    gzip(bytes, { level: 1 }, done),
  ),
};
/** A file of the page is compressed once and sent often. */
const THOROUGH: typeof QUICK = {
  br: (bytes) => brotli(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } }),
  gzip: promisify((bytes: Buffer, done: (error: Error | null, result: Buffer) => void) =>
    gzip(bytes, { level: 9 }, done),
  ),
};

function encodingOf({ req: request }: Response): Encoding | null {
  const accepted = request.acceptsEncodings('br', 'gzip');
  return accepted === 'br' || accepted === 'gzip' ? accepted : null;
}

/** Ends the response with `text`. */
export async function sendText(response: Response, contentType: string, text: string): Promise<void> {
  const bytes = Buffer.from(text);
  const encoding = bytes.length < COMPRESS_FROM_BYTES ? null : encodingOf(response);
  response.set('Content-Type', contentType).vary('Accept-Encoding');
  if (encoding !== null) response.set('Content-Encoding', encoding);
  response.send(encoding === null ? bytes : await QUICK[encoding](bytes));
}

const QUICK_STREAM = {
  br: () => createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }),
  gzip: () => createGzip({ level: 1 }),
} as const;

/**
 * Ends the response with what comes, piece by piece, as fast as the client reads. If a piece fails, the connection is cut:
 * a file that is not whole must not look whole. @throws what failed, also a client that went away
 */
export async function streamText(
  response: Response,
  contentType: string,
  pieces: AsyncIterable<string>,
): Promise<void> {
  const encoding = encodingOf(response);
  response.set('Content-Type', contentType).vary('Accept-Encoding');
  const source = Readable.from(pieces, { objectMode: false });
  if (encoding === null) return await pipeline(source, response);
  response.set('Content-Encoding', encoding);
  await pipeline(source, QUICK_STREAM[encoding](), response);
}

export const sendJson = (response: Response, body: object): Promise<void> =>
  sendText(response, 'application/json; charset=utf-8', JSON.stringify(body));

const ASSET = /^\/assets\/([\w-][\w.-]*\.(?:js|css|svg))$/;

/** The page's built files, which have names of their content: each is compressed once and kept. The rest is passed on. */
export function compressedAssets(pageDir: string, headers: (response: Response, path: string) => void): RequestHandler {
  const kept = new Map<string, Promise<Buffer>>();
  return async (request, response, next) => {
    const name = ASSET.exec(request.path)?.[1];
    const encoding = encodingOf(response);
    if (name === undefined || encoding === null || request.headers.range !== undefined) return next();
    const path = join(pageDir, 'assets', name);
    const key = `${encoding}/${name}`;
    const compressed = kept.get(key) ?? readFile(path).then(THOROUGH[encoding]);
    kept.set(key, compressed);
    try {
      const bytes = await compressed;
      headers(response, path);
      response.type(name).vary('Accept-Encoding').set('Content-Encoding', encoding).send(bytes);
    } catch {
      // There is no such file: what comes next says so.
      kept.delete(key);
      next();
    }
  };
}
