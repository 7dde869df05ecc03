/** The permissions of LIVE_PERMISSIONS, and which one each signed transaction needs. */
import type { Intent } from './intent.ts';

export const PERMISSIONS = ['read-only', 'capital', 'trading'] as const;
export type Permission = (typeof PERMISSIONS)[number];
/** The permissions that an operation or intent may need. */
export type NeededPermission = Exclude<Permission, 'read-only'>;

export const grants = (held: Permission, needed: NeededPermission): boolean =>
  PERMISSIONS.indexOf(held) >= PERMISSIONS.indexOf(needed);

/** Of Temporal: polled only by workers that hold this engine's key and grant the permission. */
export const signingQueue = (engineId: string, permission: NeededPermission): string =>
  `driftless-sign:${engineId}:${permission}`;

/** For each transaction by itself, whatever operation it belongs to. */
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
