/** Notifications of the browser for alerts that need attention, once a person has allowed them. */
import { signal } from '@preact/signals';
import { alertTitle } from '../../../src/domain/alerts/alert-table.ts';
import type { AlertInfo } from '../../../src/protocol/alert.ts';
import { isWorthNotifying } from './alert-list.ts';

export type NotifyPermission = NotificationPermission | 'unavailable';

const present = (): NotifyPermission => (typeof Notification === 'undefined' ? 'unavailable' : Notification.permission);

export const notifyPermission = signal<NotifyPermission>(present());

export async function askToNotify(): Promise<void> {
  if (typeof Notification === 'undefined') return;
  await Notification.requestPermission();
  notifyPermission.value = present();
}

/** The browser shows one per alert, however many tabs are open: they share its tag. */
export function notify(alert: AlertInfo): void {
  if (present() !== 'granted' || !isWorthNotifying(alert)) return;
  try {
    new Notification(alertTitle(alert.code), { body: alert.message, tag: alert.id });
  } catch {
    // Some mobile browsers notify from service workers only: there the page itself shows the alert.
    notifyPermission.value = 'unavailable';
  }
}
