/** Whether this page is the one that the server has: each build's script is named by its content. */

/** Where builds stand; under development the page has another script, which changes with every edit. */
const BUILT = '/assets/';

/**
 * @param own the script of this document; null: it names none
 * @param served null: the server has no page, or is too old to say
 */
export const isOtherPage = (own: string | null, served: string | null): boolean =>
  own?.startsWith(BUILT) === true && served !== null && served !== own;
