/** What the fields of the protocol are made of: figures with their units, times, addresses. */
import * as z from '../lib/codec.ts';

export const sol = z.number().unit('SOL');
export const usd = z.number().unit('USD');
/** Of the account's quote asset; `quote_price` has its worth in USD. */
export const quote = z.number().unit('quote asset');
export const percent = z.number().unit('%');
/** 0.01 is one per cent. */
export const fraction = z.number().unit('fraction');
export const seconds = z.number().unit('s');
/** Of the wall clock, unless its description says otherwise. */
export const milliseconds = z.number().unit('ms');

/** Exact, beside the JSON number of the same name. */
export const lamports = z.integerText<bigint>().unit('lamports, 1e-9 SOL');
export const microUsd = z.integerText<bigint>().unit('micro-USD, 1e-6 USD');
export const quoteUnits = z.integerText<bigint>().unit('1e-6 of the quote asset');

export const asset = z.string().about('SOL, or the symbol of the quote asset.');
export const quoteAsset = z.string().about("The symbol of the account's quote asset, such as USDC.");

export const time = z.isoTime();
export const market = z.string().about('The name of the market, such as SOL-PERP.');
/** What the journal calls an operation. A test holds the words to `OPERATIONS`. */
export const operationKind = z.string().about('deposit, withdraw, open, close, rebalance or settle.');
export const mode = z.enum(['paper', 'live']).about('Whether the engine trades on paper or with real money.');

/** Only a web address becomes a link: no other scheme reaches an `href` of the page. */
export const webUrl = new z.Plain<string>(
  'a web address',
  (value) => typeof value === 'string' && /^https?:\/\//i.test(value),
);
