/** What each call to a node came to, for the metrics. */
import type { Silence } from './rpc-answer.ts';

export type CallOutcome = 'answer' | 'refused' | Silence;

interface ObservedCall {
  /** Host and port: no key. */
  readonly node: string;
  readonly method: string;
  readonly outcome: CallOutcome;
  readonly seconds: number;
}

export type RpcObserver = (call: ObservedCall) => void;
