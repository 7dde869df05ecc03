/** Whose paper account `--reset-paper` ends. */
import { EngineNames } from '../domain/engine/engine-names.ts';
import type { Settings } from './config.ts';

export type ResetTarget =
  | { readonly kind: 'none' }
  | { readonly kind: 'engine'; readonly engineId: string }
  | { readonly kind: 'refused'; readonly why: string };

/** @param asked the name behind it; null: the option was not given */
export function resetTarget(
  asked: string | null,
  { mode, engineId, engines }: Pick<Settings, 'mode' | 'engineId' | 'engines'>,
): ResetTarget {
  if (asked === null) return { kind: 'none' };
  if (mode !== 'paper')
    return {
      kind: 'refused',
      why: `--reset-paper is for paper accounts, and ENGINE_MODE is ${mode}. Nothing was changed.`,
    };
  const found = new EngineNames(engineId, engines).find(asked);
  return found.kind === 'found'
    ? { kind: 'engine', engineId: found.engine.engineId }
    : { kind: 'refused', why: `--reset-paper: ${found.why} Nothing was changed.` };
}
