/** Every workflow, by the name that starts it. */

import './short-stacks.ts';

export { engine } from './engine/engine.ts';
export { closePosition, deposit, openPosition, rebalance, settle, withdraw } from './operation/operations.ts';
