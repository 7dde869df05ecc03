/** An engine that does what a test says, behind the gateway's port. */

import type { EngineGateway } from '../../src/bridge/gateway.ts';
import { actionOf, type CommandAnswer, type CommandEnvelope, done } from '../../src/domain/order/command.ts';
import type { EngineRecord } from '../../src/journal/records.ts';
import { TransientError } from '../../src/lib/errors.ts';
import type { ResolveVerdict } from '../../workflows/messages.ts';

export type Script = (envelope: CommandEnvelope, deadlineMs: number) => Promise<CommandAnswer>;
export type ResolveScript = (operationId: string, verdict: ResolveVerdict, updateId: string) => Promise<CommandAnswer>;

export interface ScriptedGateway extends EngineGateway {
  /** Every command that reached the engine, in order. */
  readonly received: CommandEnvelope[];
  readonly verdicts: { readonly operationId: string; readonly verdict: ResolveVerdict; readonly updateId: string }[];
  /** Calls that have not ended. */
  inFlight(): number;
  highWater(): number;
  script: Script;
  resolveScript: ResolveScript;
  engine: EngineRecord | null;
}

export const never = (): Promise<never> => new Promise(() => {});

export function scriptedGateway(
  script: Script = async ({ request }) => done(`${actionOf(request)} done`),
): ScriptedGateway {
  let open = 0;
  let most = 0;
  const counted = async <T>(call: () => Promise<T>): Promise<T> => {
    open += 1;
    most = Math.max(most, open);
    try {
      return await call();
    } finally {
      open -= 1;
    }
  };
  const gateway: ScriptedGateway = {
    received: [],
    verdicts: [],
    script,
    resolveScript: async () => done('Resolved'),
    engine: null,
    inFlight: () => open,
    highWater: () => most,
    command: (_engineId, envelope, deadlineMs) => {
      gateway.received.push(envelope);
      return counted(() => gateway.script(envelope, deadlineMs));
    },
    resolve: (operationId, verdict, updateId) => {
      gateway.verdicts.push({ operationId, verdict, updateId });
      return counted(() => gateway.resolveScript(operationId, verdict, updateId));
    },
    state: async () => {
      if (gateway.engine === null) throw new TransientError('UNAVAILABLE', 'The scripted engine is silent.');
      return gateway.engine;
    },
    ping: async () => {},
  };
  return gateway;
}
