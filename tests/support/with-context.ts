/** A failure inside `claim` begins with the context: which of many cases it was, or what the program had printed. */
export function withContext<T>(context: unknown, claim: () => T): T {
  const explained = (error: unknown): unknown => {
    if (error instanceof Error) {
      error.message = `${String(context)}\n${error.message}`;
      error.stack = `${String(context)}\n${error.stack}`;
    }
    return error;
  };
  try {
    const result = claim();
    return result instanceof Promise
      ? (result.catch((error: unknown) => Promise.reject(explained(error))) as T)
      : result;
  } catch (error) {
    throw explained(error);
  }
}
