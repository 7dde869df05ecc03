/** Every workflow, by the name that starts it. */

export { closePosition } from './close-position.ts';
export { deposit } from './deposit.ts';
export { engine } from './engine.ts';
export { openPosition } from './open-position.ts';
export { rebalance } from './rebalance.ts';
export { settle } from './settle.ts';
export { withdraw } from './withdraw.ts';
