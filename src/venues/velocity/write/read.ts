/** What instructions are built from: of one read of the chain, and of whose account it is, what they need. */
import type { PerpsAddresses } from '../../solana-perps/addresses.ts';
import type { DecodedAccounts } from '../../solana-perps/program-accounts.ts';
import type { PerpsRead } from '../../solana-perps/read/perps-read.ts';
import type { VelocityAccountTypes } from '../velocity-accounts.ts';

type Decoded = DecodedAccounts<VelocityAccountTypes>;
/** Of a market its account: no instruction reads its oracle. */
type PerpAccount = Pick<Decoded['market'], 'market'>;
type SpotAccount = Pick<Decoded['quote'], 'market'>;

export interface VelocityRead
  extends Pick<PerpsRead<VelocityAccountTypes>, 'blockTimeMs' | 'state' | 'user' | 'userStats' | 'markets'> {
  readonly market: PerpAccount;
  readonly quote: SpotAccount;
  readonly perps: readonly PerpAccount[];
  readonly spot: readonly SpotAccount[];
}

export type VelocityOwner = Pick<PerpsAddresses, 'authority' | 'subAccount' | 'user' | 'userStats'>;
