/** Which engine of the process this page shows: its own, or one of ENGINES_FILE, whose addresses begin with its page's. */
let base = '';

/** Where this page's engine answers: its figures, its lists and its socket. */
export const engineAddress = (path: string): string => `${base}${path}`;

/**
 * Asks whether the process serves the engine of this page. If it does not, the page shows what is known of that engine, over
 * the process's own.
 */
export async function findEngine(page: string): Promise<void> {
  const answer = await fetch(`${page}/api/config`).catch(() => null);
  if (answer?.ok === true) base = page;
}
