/** What a person agrees to with ENABLE_AUTO_CARRY, named by a hash: any change of it is another policy, and voids the consent. */
import { hashJson } from '../../lib/ids.ts';
import { SOL_PERP } from '../account/account.ts';
import { encodePolicy, type Policy } from '../hedge/policy.ts';

/** How often the engine looks and how fast the market runs: no limit of what it may do. */
const NO_LIMITS = ['loopIntervalMs', 'pollIntervalMs', 'marketSpeed'] as const;

const HASH_CHARACTERS = 32;

/** The engine and with it the account, the market, and every policy parameter and limit; a live policy names its program's hash. */
export function policyHash(engineId: string, policy: Policy): string {
  const limits = Object.entries(encodePolicy(policy)).filter(
    ([name]) => !(NO_LIMITS as readonly string[]).includes(name),
  );
  return hashJson({ engine_id: engineId, market: SOL_PERP, limits: Object.fromEntries(limits) as never }).slice(
    0,
    HASH_CHARACTERS,
  );
}
