/**
 * After a dialog closes, the page below takes no click for a moment: the second click of a double click must not land on
 * what the dialog has covered.
 */
import { signal } from '@preact/signals';

export const SHIELD_MS = 400;

export const shielded = signal(false);
let timer: ReturnType<typeof setTimeout> | null = null;

export function raiseShield(): void {
  if (timer !== null) clearTimeout(timer);
  shielded.value = true;
  timer = setTimeout(() => {
    shielded.value = false;
  }, SHIELD_MS);
}
