/** The day and its minute in the time zone of this machine. */
export function localDay(ms: number): { readonly day: string; readonly minute: number } {
  const date = new Date(ms);
  const two = (value: number): string => String(value).padStart(2, '0');
  return {
    day: `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`,
    minute: date.getHours() * 60 + date.getMinutes(),
  };
}
