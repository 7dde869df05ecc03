/** Answers of the server over HTTP that are not lists. */
import * as z from '../../../src/lib/codec.ts';
import { engineAddress } from './engine-address.ts';

/** Null: the server does not answer, or not in a way that this page can read. */
export async function fetchAnswer<Value, Json>(path: string, codec: z.Codec<Value, Json>): Promise<Value | null> {
  try {
    const response = await fetch(engineAddress(path));
    return response.ok ? z.read(codec, await response.json()) : null;
  } catch {
    return null;
  }
}
