/** The list of commands outlives a reload of the page (in this tab only), so that no command is lost from sight. */
import type { Activities, Activity } from './activity.ts';

const KEY = 'driftless.activities';

export function saveActivities(activities: Activities): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(activities));
  } catch {
    // A full or forbidden store costs the list after a reload, nothing else.
  }
}

export function restoreActivities(): Activities {
  try {
    const stored: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? '[]');
    if (!Array.isArray(stored)) return [];
    return (stored as Activity[]).map((activity) =>
      activity.status === 'sent' ? { ...activity, status: 'unanswered' } : activity,
    );
  } catch {
    return [];
  }
}
