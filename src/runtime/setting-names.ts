/** Which key in `.env` was meant as one of ours and misspelt. */

const letters = (name: string): string => name.toUpperCase().replace(/[^A-Z0-9]/g, '');

/** Levenshtein distance in which two neighbours swapped count as one step. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      let steps = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + change);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) steps = Math.min(steps, (beforeLast[j - 2] ?? 0) + 1);
      row.push(steps);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}

/** One slip in a short name, two in a long one: TEMPORAL_TLS is Temporal's own, not a misspelt TEMPORAL_CLI. */
const LONG_NAME = 14;
const SHORTEST_CHECKED = 5;
const PREFIX = 'DRIFTLESS_';

/** The setting that `key` resembles without being one, or null when it is another program's key. */
export function nameMeant(key: string, ours: readonly string[]): string | null {
  if (ours.includes(key)) return null;
  const plain = letters(key);
  const same = ours.find((name) => letters(name) === plain);
  if (same !== undefined) return same;
  if (key.toUpperCase().startsWith(PREFIX)) {
    const rest = key.toUpperCase().slice(PREFIX.length);
    return ours.find((name) => name === rest) ?? closest(plain, ours)?.name ?? null;
  }
  if (plain.length < SHORTEST_CHECKED) return null;
  const nearest = closest(plain, ours);
  const allowed = nearest !== null && letters(nearest.name).length >= LONG_NAME ? 2 : 1;
  return nearest !== null && nearest.distance <= allowed ? nearest.name : null;
}

function closest(plain: string, ours: readonly string[]): { readonly name: string; readonly distance: number } | null {
  let best: { readonly name: string; readonly distance: number } | null = null;
  for (const name of ours) {
    const distance = editDistance(plain, letters(name));
    if (best === null || distance < best.distance) best = { name, distance };
  }
  return best;
}
