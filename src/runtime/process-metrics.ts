/** The metrics of this process: Node's own, its calls to the RPC nodes, and, with a worker, Temporal's. */
import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import type { RpcObserver } from '../chain/rpc-observer.ts';

export interface ProcessMetrics {
  readonly registry: Registry;
  readonly observeRpc: RpcObserver;
}

export function processMetrics(): ProcessMetrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const calls = new Counter({
    name: 'driftless_rpc_calls_total',
    help: 'Calls to RPC nodes by node, method and outcome',
    labelNames: ['node', 'method', 'outcome'],
    registers,
  });
  const callSeconds = new Histogram({
    name: 'driftless_rpc_call_seconds',
    help: 'How long a call to an RPC node took',
    labelNames: ['node'],
    buckets: [0.01, 0.03, 0.1, 0.2, 0.5, 1, 2, 5, 10],
    registers,
  });
  return {
    registry,
    observeRpc: ({ node, method, outcome, seconds }) => {
      calls.inc({ node, method, outcome });
      if (outcome !== 'resting') callSeconds.observe({ node }, seconds);
    },
  };
}
