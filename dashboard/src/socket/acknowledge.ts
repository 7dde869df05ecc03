import { engineAddress } from './engine-address.ts';

/** True: the server has taken that a person has seen the alert. */
export async function acknowledge(alertId: string): Promise<boolean> {
  try {
    const query = new URLSearchParams({ alert_id: alertId });
    return (await fetch(engineAddress(`/api/acknowledge?${query}`), { method: 'POST' })).ok;
  } catch {
    return false;
  }
}
