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

/** All that this page must be able to read, of whatever version the server is. */
const Greeting = z.object({ access: z.enum(['full', 'read']), page: z.string().nullable().optional() });

/** What this page's token opens, and which page the server has; null: it does not answer. */
export async function fetchGreeting(): Promise<z.output<typeof Greeting> | null> {
  return (await read(engineAddress('/api/config'), Greeting)) as z.output<typeof Greeting> | null;
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
