/** How a command ended, for scripts. */
import type { ErrorInfo } from '../protocol/error.ts';

export const EXIT = { done: 0, failed: 1, usage: 2, refused: 3, notReachable: 4 } as const;

/** A part behind the bridge that does not answer is as good as no bridge. */
export const exitCodeOfError = ({ code }: ErrorInfo): number =>
  code === 'UNAVAILABLE' ? EXIT.notReachable : code === 'INVALID_FIELD' ? EXIT.usage : EXIT.refused;
