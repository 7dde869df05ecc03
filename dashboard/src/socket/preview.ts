/** What a command would come to, asked of the server before it is sent. */
import * as z from '../../../src/lib/codec.ts';
import { CommandPreview } from '../../../src/protocol/preview.ts';
import { engineAddress } from './engine-address.ts';

export interface PreviewQuestion {
  readonly action: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Null: it could not be told. The command can be sent all the same, and the engine decides. */
export async function fetchPreview(question: PreviewQuestion, signal: AbortSignal): Promise<CommandPreview | null> {
  try {
    const response = await fetch(engineAddress('/api/preview'), {
      method: 'POST',
      body: JSON.stringify(question),
      signal,
    });
    return response.ok ? z.read(CommandPreview, await response.json()) : null;
  } catch {
    return null;
  }
}
