/** What a person has chosen to look at survives a reload of the page, in this tab only. */
import { effect, type Signal, signal } from '@preact/signals';

const PREFIX = 'driftless.view.';

/** @param allowed what was kept by another version of the page may mean nothing to this one */
export function kept<Value>(name: string, first: Value, allowed: (value: unknown) => boolean): Signal<Value> {
  const choice = signal<Value>(read(name, first, allowed));
  effect(() => write(name, choice.value));
  return choice;
}

function read<Value>(name: string, first: Value, allowed: (value: unknown) => boolean): Value {
  try {
    const found: unknown = JSON.parse(sessionStorage.getItem(PREFIX + name) ?? 'null');
    return allowed(found) ? (found as Value) : first;
  } catch {
    return first;
  }
}

function write(name: string, value: unknown): void {
  try {
    sessionStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // If the store is full or forbidden, only the choice after a reload is lost.
  }
}
