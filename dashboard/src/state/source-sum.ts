import { SOURCES, type Source } from '../socket/messages.ts';

/** The sum of the lines, null as soon as one of them is unknown. */
export function sumOf(sources: Readonly<Record<Source, bigint | null>> | null): bigint | null {
  if (sources === null) return null;
  let sum = 0n;
  for (const source of SOURCES) {
    const value = sources[source];
    if (value === null) return null;
    sum += value;
  }
  return sum;
}
