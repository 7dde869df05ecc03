/** Prices of Switchboard, read by the SDK. No market of SOL has one, so the SDK is loaded only where another market does. */
import { Connection } from '@solana/web3.js';
import type { OracleReading } from '../solana-perps/oracle-accounts.ts';
import { big } from './integers.ts';
import { driftSdk } from './write/sdk.ts';

/** The SDK's oracle clients require a connection. We give them bytes, so they never use it. */
const UNUSED_URL = 'http://127.0.0.1:1';

export function readSwitchboard(format: 'switchboard' | 'switchboard on demand', bytes: Buffer): OracleReading {
  const { getOracleClient, OracleSource } = driftSdk();
  const source = format === 'switchboard' ? OracleSource.SWITCHBOARD : OracleSource.SWITCHBOARD_ON_DEMAND;
  const client = getOracleClient(source, new Connection(UNUSED_URL) as never, {} as never);
  const { price, confidence, slot, hasSufficientNumberOfDataPoints } = client.getOraclePriceDataFromBuffer(bytes);
  return {
    price: big(price),
    confidence: big(confidence),
    postedSlot: big(slot),
    enoughQuotes: hasSufficientNumberOfDataPoints,
    sequence: null,
  };
}
