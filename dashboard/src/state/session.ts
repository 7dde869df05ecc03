/** The list of commands survives a reload of the page (in this tab only), so that no command disappears. */
import * as z from '../../../src/lib/codec.ts';
import { Preview } from '../../../src/protocol/result.ts';
import type { Activities, Activity } from './activity.ts';

const KEY = 'driftless.activities';

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
    sessionStorage.setItem(KEY, JSON.stringify(activities.map(stored)));
  } catch {
    // If the store is full or forbidden, only the list after a reload is lost.
  }
}

export function restoreActivities(): Activities {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? '[]');
    return Array.isArray(kept) ? (kept as StoredActivity[]).map(restored) : [];
  } catch {
    return [];
  }
}
