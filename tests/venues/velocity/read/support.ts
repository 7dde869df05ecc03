/** Accounts of mainnet's dumps with some fields changed, decoded. */
import type { VelocityFiles } from '../../../../localnet/velocity/program.ts';
import { blankAccount, decodeAccount, withFields } from '../../../../src/venues/solana-perps/account-layout.ts';
import type { AnyScalar } from '../../../../src/venues/solana-perps/wire-types.ts';
import { PERP_MARKET, SPOT_MARKET, STATE, USER_STATS } from '../../../../src/venues/velocity/program/accounts.ts';
import { USER } from '../../../../src/venues/velocity/program/user.ts';

type Fields = Readonly<Record<string, AnyScalar>>;

export const stateWith = ({ dumps }: VelocityFiles, fields: Fields = {}) =>
  decodeAccount(STATE, withFields(STATE, dumps.state, fields));
export const perpWith = ({ dumps }: VelocityFiles, fields: Fields = {}) =>
  decodeAccount(PERP_MARKET, withFields(PERP_MARKET, dumps.perpMarket, fields));
export const quoteWith = ({ dumps }: VelocityFiles, fields: Fields = {}) =>
  decodeAccount(SPOT_MARKET, withFields(SPOT_MARKET, dumps.quoteMarket, fields));
/** SOL's market is not in the dumps: USDT's bytes with another number, name and decimals. */
export const solWith = (files: VelocityFiles, fields: Fields = {}) =>
  quoteWith(files, { marketIndex: 1, name: 'SOL', decimals: 9, oracleSource: 12, ...fields });
export const userWith = (fields: Fields = {}) => decodeAccount(USER, withFields(USER, blankAccount(USER), fields));
export const statsWith = (fields: Fields = {}) =>
  decodeAccount(USER_STATS, withFields(USER_STATS, blankAccount(USER_STATS), fields));
