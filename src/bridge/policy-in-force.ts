/** The settings that the engine decides by, from its own record: this process may have been started with others. */
import type { Logger } from 'pino';
import { decodePolicy, type Policy, type PolicyJson } from '../domain/hedge/policy.ts';
import type { EngineRecord } from '../journal/records.ts';

/** `own` stands in until the engine has a record, as what it would be started with. The same settings are the same object. */
export function policyInForce(own: PolicyJson, logger: Logger): (engine: EngineRecord | null) => Policy {
  let last = { text: JSON.stringify(own), policy: decodePolicy(own) };
  return (engine) => {
    const json = engine?.policy ?? own;
    const text = JSON.stringify(json);
    if (text === last.text) return last.policy;
    try {
      last = { text, policy: decodePolicy(json) };
    } catch (error) {
      // Of another version. The last ones that could be read stay, and the log says so once.
      last = { text, policy: last.policy };
      logger.error({ err: error, code: 'SETTINGS_UNREADABLE' }, "The engine's settings cannot be read by this version");
    }
    return last.policy;
  };
}
