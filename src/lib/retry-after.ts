/** `Retry-After` in seconds or as a date. @returns null when there is none that can be read */
export function retryAfterMs(header: string | null, wallMs: number): number | null {
  if (header === null || header.trim() === '') return null;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1_000);
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, date - wallMs);
}

/** A wait that an answer gives in seconds, as Telegram and Discord do. @returns ms; null: it gives none */
export const secondsIn = (seconds: unknown): number | null =>
  typeof seconds === 'number' && Number.isFinite(seconds) && seconds >= 0 ? seconds * 1_000 : null;
