import { askToNotify, notifyPermission } from '../state/notifications.ts';

/** Offers notifications once; what the browser has decided it says itself. */
export function NotifyButton() {
  if (notifyPermission.value !== 'default') return null;
  return (
    <button type="button" class="button button-quiet" data-testid="notify-ask" onClick={() => void askToNotify()}>
      Notify me in this browser
    </button>
  );
}
