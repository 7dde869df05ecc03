/** `Retry-After` in seconds or as a date. @returns null when there is none that can be read */
export function retryAfterMs(header: string | null, wallMs: number): number | null {
  if (header === null || header.trim() === '') return null;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1_000);
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, date - wallMs);
}
