/** Rows of a Parquet file. Snappy and plain pages are the library's own; the rest is what Node can unpack. */
import * as zlib from 'node:zlib';
import { type AsyncBuffer, asyncBufferFromFile, type Compressors, parquetReadObjects } from 'hyparquet';
import { ValidationError } from '../lib/errors.ts';
import { unreadable } from './csv.ts';

/** Node 22.15 and later. */
const { zstdDecompressSync } = zlib as { readonly zstdDecompressSync?: (input: Uint8Array) => Uint8Array };

const COMPRESSORS: Compressors = {
  GZIP: (input) => zlib.gunzipSync(input),
  BROTLI: (input) => zlib.brotliDecompressSync(input),
  ...(zstdDecompressSync === undefined ? {} : { ZSTD: (input: Uint8Array) => zstdDecompressSync(input) }),
};

/** @throws ValidationError MARKET_DATA_INVALID when the file is none, or packed in a way that cannot be unpacked here */
export async function readParquet(path: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  let file: AsyncBuffer;
  try {
    file = await asyncBufferFromFile(path);
  } catch (error) {
    throw unreadable(path, error);
  }
  try {
    return await parquetReadObjects({ file, compressors: COMPRESSORS });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const zstd = /zstd/i.test(reason) && zstdDecompressSync === undefined;
    throw new ValidationError('MARKET_DATA_INVALID', `${path} cannot be read as Parquet: ${reason}`, {
      file: path,
      remedy: zstd ? 'Use Node 22.15 or later, or write the file with snappy or gzip.' : 'Write it anew, or use CSV.',
    });
  }
}
