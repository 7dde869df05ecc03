/**
 * Jest's globals, where Jest runs. Builders that tests share with the bench and the soak may not import them from
 * `@jest/globals`, which throws in any other program.
 */
type Jest = typeof import('@jest/globals');

export const { afterEach, describe, it } = globalThis as unknown as Pick<Jest, 'afterEach' | 'describe' | 'it'>;
