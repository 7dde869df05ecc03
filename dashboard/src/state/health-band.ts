/** Below 50 a warning, below 20 critical. */
export const WARNING_BELOW = 50;
export const CRITICAL_BELOW = 20;

export type HealthBand = 'good' | 'warning' | 'critical' | 'unknown';

export function healthBand(health: number | null): HealthBand {
  if (health === null) return 'unknown';
  if (health < CRITICAL_BELOW) return 'critical';
  return health < WARNING_BELOW ? 'warning' : 'good';
}
