/** The list of commands survives a reload of the page (in this tab only), so that no command disappears. */
import * as z from '../../../src/lib/codec.ts';
import { Preview } from '../../../src/protocol/result.ts';
import type { Activities, Activity } from './activity.ts';
import { routeOf } from './route.ts';

/** Each engine's page has its own: a command belongs to one engine. */
function key(): string {
  const route = routeOf(location.pathname);
  const engineId = route.kind === 'engine' ? route.engineId : null;
  return engineId === null ? 'driftless.activities' : `driftless.activities ${engineId}`;
}

/** Previews hold exact amounts, which JSON has as text. */
type StoredActivity = Omit<Activity, 'confirmation'> & {
  readonly confirmation: {
    readonly token: string;
    readonly expiresAtMs: number | null;
    readonly preview: unknown;
  } | null;
};

const stored = (activity: Activity): StoredActivity => {
  const { confirmation } = activity;
  if (confirmation?.preview == null) return activity;
  return { ...activity, confirmation: { ...confirmation, preview: z.encode(Preview, confirmation.preview) } };
};

const restored = (activity: StoredActivity): Activity => ({
  ...activity,
  status: activity.status === 'sent' ? 'unanswered' : activity.status,
  confirmation:
    activity.confirmation === null
      ? null
      : { ...activity.confirmation, preview: z.read(Preview, activity.confirmation.preview) },
});

export function saveActivities(activities: Activities): void {
  try {
    sessionStorage.setItem(key(), JSON.stringify(activities.map(stored)));
  } catch {
    // If the store is full or forbidden, only the list after a reload is lost.
  }
}

export function restoreActivities(): Activities {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(key()) ?? '[]');
    return Array.isArray(kept) ? (kept as StoredActivity[]).map(restored) : [];
  } catch {
    return [];
  }
}
