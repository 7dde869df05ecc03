/** Times as reports write them, in UTC. */

export const seconds = (tsMs: number): number => Math.floor(tsMs / 1_000);

export const dayOf = (tsMs: number): string => new Date(tsMs).toISOString().slice(0, 10);

export const monthOf = (tsMs: number): string => new Date(tsMs).toISOString().slice(0, 7);
