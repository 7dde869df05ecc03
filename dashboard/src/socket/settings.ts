/** The settings in force and the parts' readiness; read when a person opens them. */
import * as z from '../../../src/lib/codec.ts';
import { Config, Readiness, SettingsAnswer } from '../../../src/protocol/api.ts';
import { engineAddress } from './engine-address.ts';

export interface InForce {
  readonly settings: z.output<typeof SettingsAnswer>['items'];
  readonly config: z.output<typeof Config>;
  /** Null: they could not be asked. */
  readonly parts: z.output<typeof Readiness> | null;
}

async function read<Codec extends z.Codec<unknown, unknown>>(
  path: string,
  codec: Codec,
): Promise<Codec['value'] | null> {
  try {
    const response = await fetch(path);
    // Of parts that are not ready the answer is 503, and says which.
    return response.ok || response.status === 503
      ? z.read(codec as z.Codec<unknown, unknown>, await response.json())
      : null;
  } catch {
    return null;
  }
}

/** What this page's token opens; null: the server does not answer. */
export async function fetchAccess(): Promise<'full' | 'read' | null> {
  const config = await read(engineAddress('/api/config'), Config);
  return config === null ? null : (config as z.output<typeof Config>).access;
}

/** Null: the server does not answer. */
export async function fetchInForce(): Promise<InForce | null> {
  const [settings, config, parts] = await Promise.all([
    read(engineAddress('/api/settings'), SettingsAnswer),
    read(engineAddress('/api/config'), Config),
    read('/readyz', Readiness),
  ]);
  return settings === null || config === null
    ? null
    : {
        settings: (settings as z.output<typeof SettingsAnswer>).items,
        config: config as InForce['config'],
        parts: parts as InForce['parts'],
      };
}
