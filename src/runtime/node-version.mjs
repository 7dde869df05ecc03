/** Which Node the product runs on. Plain JavaScript: it is asked before anything is installed. */

/** @returns {string | null} null: this one; else what is wanted, in words */
export function whyUnfitNode(version) {
  const [major, minor] = version.split('.').map(Number);
  const fits = (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22;
  return fits ? null : `Driftless needs Node 20.19 or later, 22.12 or later, or 24; this is ${version}.`;
}

export const NODE_REMEDY = 'install one of these (https://nodejs.org, or `nvm install 24`) and start again.';
