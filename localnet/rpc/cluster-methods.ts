import { SLOTS_PER_EPOCH } from '../svm/bank.ts';
import type { Methods } from './methods.ts';
import { blockFor, configAt } from './params.ts';
import { nodeBehind } from './rpc-error.ts';
import { HEALTHY_SLOTS } from './transaction-methods.ts';

/** Of the validator whose answers these are made like. */
const SOLANA_CORE = '2.3.0';
const FEATURE_SET = 3_640_012_085;

export const CLUSTER_METHODS: Methods = {
  getVersion: () => ({ 'solana-core': SOLANA_CORE, 'feature-set': FEATURE_SET }),
  getGenesisHash: (node) => node.chain.genesis.blockhash,
  getIdentity: (node) => ({ identity: node.chain.validator.address }),

  getHealth(node) {
    const behind = node.slotsBehind();
    if (behind > HEALTHY_SLOTS) throw nodeBehind(behind);
    return 'ok';
  },

  getEpochInfo(node, params) {
    const { slot, height } = blockFor(node, configAt(params, 0));
    return {
      absoluteSlot: slot,
      blockHeight: height,
      epoch: Math.floor(slot / SLOTS_PER_EPOCH),
      slotIndex: slot % SLOTS_PER_EPOCH,
      slotsInEpoch: SLOTS_PER_EPOCH,
      transactionCount: height,
    };
  },

  getEpochSchedule: () => ({
    slotsPerEpoch: SLOTS_PER_EPOCH,
    leaderScheduleSlotOffset: SLOTS_PER_EPOCH,
    warmup: false,
    firstNormalEpoch: 0,
    firstNormalSlot: 0,
  }),

  getSlotLeader: (node) => node.chain.validator.address,
  getSlotLeaders: (node, params) =>
    new Array(Math.min(Number(params[1] ?? 1), 5000)).fill(node.chain.validator.address),
  getTransactionCount: (node, params) => blockFor(node, configAt(params, 0)).height,
  getClusterNodes: (node) => [
    {
      pubkey: node.chain.validator.address,
      gossip: null,
      tpu: null,
      rpc: null,
      version: SOLANA_CORE,
      featureSet: FEATURE_SET,
      shredVersion: 1,
    },
  ],
};
