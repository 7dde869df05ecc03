/**
 * The local chain's entry for programs. Drift on it has an entry of its own, `drift/index.ts`, because Drift's SDK takes a
 * second to load.
 */
export type { AccountInput } from './account-input.ts';
export type { AfterFork } from './chain/chain.ts';
export type { ControlCommand, ForkRequest } from './control.ts';
export { FAULT_KINDS, type FaultInput, type FaultKind, type FaultRule, JITO } from './faults/rule.ts';
export { type Localnet, type LocalnetOptions, type RunningNode, startLocalnet } from './localnet.ts';
