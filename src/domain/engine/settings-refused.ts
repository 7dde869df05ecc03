/** The restriction of an engine that could not take the settings of a process that started. */
import { alertReason, raised } from '../alerts/alert.ts';
import type { Hold } from './hold.ts';

export function settingsRefused(error: unknown, nowMs: number): Hold {
  const cause = error instanceof Error ? error.message : String(error);
  return {
    code: 'settings_refused',
    sinceMs: nowMs,
    permits: 'reducing',
    clearedBy: 'itself',
    reason: alertReason(raised('SETTINGS_REFUSED', { reason: cause })),
    details: { alert: 'SETTINGS_REFUSED', cause },
  };
}
