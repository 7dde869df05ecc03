/** Figures as people and charts read them: times as ISO 8601, rates as numbers. Exact ones stand beside. */
import { unitNumber } from '../domain/money/units.ts';

export const isoTime = (ms: number): string => new Date(ms).toISOString();
export const isoTimeOrNull = (ms: number | null): string | null => (ms === null ? null : isoTime(ms));

export const rateNumber = (base: string): number => unitNumber(base, 9);
