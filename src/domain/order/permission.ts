/** What LIVE_PERMISSIONS grants, and what must be granted for what is signed. */
import type { Intent } from './intent.ts';

export const PERMISSIONS = ['read-only', 'capital', 'trading'] as const;
export type Permission = (typeof PERMISSIONS)[number];
/** What an operation or intent can need. */
type NeededPermission = Exclude<Permission, 'read-only'>;

export const grants = (held: Permission, needed: NeededPermission): boolean =>
  PERMISSIONS.indexOf(held) >= PERMISSIONS.indexOf(needed);

/** Of each transaction by itself, whatever operation it belongs to. */
export function permissionOf({ kind }: Intent): NeededPermission {
  switch (kind) {
    case 'deposit':
    case 'withdraw':
    case 'settle':
      return 'capital';
    case 'order':
    case 'cancel_orders':
      return 'trading';
  }
}
