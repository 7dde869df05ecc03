/** One instruction of a message, read whole: program, arguments, and each account against the address that it must be. */
import { ComputeBudgetProgram, SystemProgram } from '@solana/web3.js';
import { formatSol } from '../domain/money/amounts.ts';
import type { OwnAsset, WalletAccounts } from './own-accounts.ts';
import type { SignerPolicy } from './policy.ts';
import { type KnownInstruction, readKnown } from './program-tables.ts';
import type { MessageInstruction } from './read-message.ts';
import { SignerRefusal } from './refusal.ts';
import type { Word } from './words.ts';

const COMPUTE_BUDGET = ComputeBudgetProgram.programId.toBase58();
const SYSTEM = SystemProgram.programId.toBase58();
const SET_LIMIT = 2;
const SET_PRICE = 3;
const TRANSFER = 2;

/** @throws SignerRefusal PROGRAM, INSTRUCTION, ACCOUNT, DESTINATION, ARGUMENT, TIP */
export function wordOf(instruction: MessageInstruction, policy: SignerPolicy, own: WalletAccounts): Word {
  const constant = Object.entries(own.constant).find(([, all]) => all.some((one) => isSame(one, instruction)));
  if (constant !== undefined) return { word: constant[0] as 'allocate' | 'initialize' | 'unwrap' | 'ensure' };
  if (instruction.programId === own.programId) return venueWord(instruction, policy, own);
  if (instruction.programId === COMPUTE_BUDGET) return budgetWord(instruction);
  if (instruction.programId === SYSTEM) return transferWord(instruction, policy, own);
  const known = Object.values(own.constant).some((all) => all.some((one) => one.programId === instruction.programId));
  if (known) {
    throw new SignerRefusal(
      'INSTRUCTION',
      `An instruction of the program ${instruction.programId} is none that Driftless sends. Signed are only opening the ` +
        'token accounts of this wallet that an operation needs, and closing the one that holds wrapped SOL.',
    );
  }
  throw new SignerRefusal(
    'PROGRAM',
    `The transaction calls the program ${instruction.programId}. Signed are only ${own.program.name} (${own.programId}) and ` +
      'what Driftless needs around it.',
  );
}

const isSame = (one: MessageInstruction, other: MessageInstruction): boolean =>
  one.programId === other.programId &&
  Buffer.from(one.data).equals(other.data) &&
  one.accounts.length === other.accounts.length &&
  one.accounts.every(({ address }, index) => address === other.accounts[index]?.address);

function budgetWord({ data, accounts }: MessageInstruction): Word {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (accounts.length === 0 && data[0] === SET_LIMIT && data.length === 5)
    return { word: 'limit', units: BigInt(view.getUint32(1, true)) };
  if (accounts.length === 0 && data[0] === SET_PRICE && data.length === 9)
    return { word: 'price', microLamports: view.getBigUint64(1, true) };
  throw new SignerRefusal(
    'INSTRUCTION',
    `Instruction ${data[0] ?? 'without a number'} of the compute budget is none that Driftless sends. Signed are a limit of ` +
      'units and a price for each.',
  );
}

function transferWord({ data, accounts }: MessageInstruction, policy: SignerPolicy, own: WalletAccounts): Word {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const isTransfer = data.length === 12 && accounts.length === 2 && view.getUint32(0, true) === TRANSFER;
  if (!isTransfer || accounts[0]?.address !== own.wallet) {
    throw new SignerRefusal(
      'INSTRUCTION',
      'An instruction of the system program is none that Driftless sends. Signed are only transfers of SOL from the wallet: ' +
        'for wrapping it, and as a tip. Nonces and new accounts are not.',
    );
  }
  const lamports = view.getBigUint64(4, true);
  const to = accounts[1]?.address ?? '';
  if (to === own.wrapped) return { word: 'wrap', lamports };
  if (!policy.tipAccounts.includes(to)) {
    throw new SignerRefusal(
      'DESTINATION',
      `${formatSol(lamports)} SOL would go to ${to}. Signed are only transfers to accounts of ${own.wallet} and tips to the ` +
        'accounts in tip.accounts of the policy.',
    );
  }
  if (lamports <= policy.tipLamports) return { word: 'tip', lamports };
  throw new SignerRefusal(
    'TIP',
    `The tip would be ${formatSol(lamports)} SOL; at most ${formatSol(policy.tipLamports)} SOL is signed (tip.each of the ` +
      'policy). Lower JITO_TIP_LAMPORTS, or raise the cap.',
  );
}

function venueWord(instruction: MessageInstruction, policy: SignerPolicy, own: WalletAccounts): Word {
  const known = readKnown(own.program, instruction);
  if (known === null) {
    throw new SignerRefusal(
      'INSTRUCTION',
      `An instruction of ${own.program.name} is none that Driftless sends, or its bytes are not as Driftless writes them. ` +
        `Signed are: ${Object.keys(own.program.instructions).join(', ')}.`,
    );
  }
  refuseOthersAccounts(known, own);
  switch (known.name) {
    case 'initializeUserStats':
      return { word: 'openStats' };
    case 'initializeUser':
      mustBe(
        known,
        'subAccount',
        own.users.get(known.args.subAccount as number) === known.accounts.user,
        policy.subAccounts,
      );
      return { word: 'open' };
    case 'deposit':
    case 'withdraw':
      return moveWord(known, known.name, own);
    case 'placePerpOrder':
    case 'placeAndTakePerpOrder':
      return placeWord(known, policy);
    case 'cancelOrders':
      must(known, 'marketType', 'perp');
      must(known, 'marketIndex', policy.perpMarket);
      must(known, 'direction', null);
      return { word: 'cancel' };
    case 'settleFundingPayment':
      return { word: 'funding' };
    case 'settleMultiplePnls':
    case 'updateAmms':
      mustBe(known, 'marketIndexes', String(known.args.marketIndexes) === String(policy.perpMarket), policy.perpMarket);
      return { word: known.name === 'updateAmms' ? 'amms' : 'settle' };
    case 'updateSpotInterest':
      return { word: 'interest', spotMarket: known.accounts.spotMarket ?? '' };
    default:
      throw new RangeError(`the table has ${known.name}, and nothing judges it`);
  }
}

/** Every named account against its address; of the others, only markets of the policy may be written. */
function refuseOthersAccounts({ name, accounts, remaining }: KnownInstruction, own: WalletAccounts): void {
  const users = [...own.users.values()];
  for (const [role, address] of Object.entries(accounts)) {
    const { [role]: fixed } = own.fixed;
    const fits =
      fixed !== undefined
        ? address === fixed
        : role === 'oracle' ||
          (role === 'user' && users.includes(address)) ||
          (role === 'spotMarket' && own.spotMarkets.has(address)) ||
          (role === 'vault' && own.vaults.has(address)) ||
          // PermittedTransaction with the amount, by asset.
          role === 'tokenAccount' ||
          role === 'tokenProgram';
    if (fits) continue;
    throw new SignerRefusal(
      'ACCOUNT',
      `${name} names ${address} as ${role}; right is ${fixed ?? (role === 'user' ? users.join(' or ') : 'one of the assets in the policy')}. Compare wallet, venue, ` +
        'program and sub_accounts of the policy with the settings of the engine.',
    );
  }
  const strange = remaining.find(({ address, writable, signer }) => signer || (writable && !own.markets.has(address)));
  if (strange === undefined) return;
  throw new SignerRefusal(
    'ACCOUNT',
    `${name} also gets ${strange.address} to write or to sign with. Beyond its own accounts it may write only the markets of the ` +
      'policy (assets, perp_market, other_perp_markets).',
  );
}

function moveWord(known: KnownInstruction, word: 'deposit' | 'withdraw', own: WalletAccounts): Word {
  const asset = own.assets.find(({ spotMarket }) => spotMarket === known.args.marketIndex);
  if (asset === undefined) {
    throw new SignerRefusal(
      'ARGUMENT',
      `A ${word} in spot market ${String(known.args.marketIndex)} is not signed: no asset of the policy has it.`,
    );
  }
  const places: readonly (readonly [string, keyof OwnAsset])[] = [
    ['tokenAccount', 'tokenAccount'],
    ['vault', 'vault'],
    ['tokenProgram', 'tokenProgram'],
  ];
  for (const [role, field] of places) {
    const { [role]: address = '' } = known.accounts;
    if (address === asset[field]) continue;
    throw new SignerRefusal(
      'DESTINATION',
      `A ${word} of ${asset.asset} names ${address} as ${role}; right is ${String(asset[field])}, derived from the wallet ` +
        `${own.wallet}. Nothing is paid to or taken from another account.`,
    );
  }
  // A withdrawal that is not could take a loan.
  must(known, 'reduceOnly', word === 'withdraw');
  return { word, asset: asset.asset, amount: known.args.amount as bigint };
}

/** What makes an order another one than a plain market order with a limit and an end. Absent in one table: not asked. */
const PLAIN_ORDER: Readonly<Record<string, unknown>> = {
  ...{ orderType: 'market', marketType: 'perp', userOrderId: 0, postOnly: 'none', bitFlags: 0 },
  ...{ triggerPrice: null, triggerCondition: 'above', oraclePriceOffset: null },
  ...{ builder: null, builderFee: null, successCondition: null },
};

function placeWord(known: KnownInstruction, policy: SignerPolicy): Word {
  for (const [field, value] of Object.entries(PLAIN_ORDER)) if (field in known.args) must(known, field, value);
  must(known, 'marketIndex', policy.perpMarket);
  const { base, price, maxTs, reduceOnly } = known.args;
  mustBe(known, 'price', (price as bigint) > 0n, 'a limit above zero');
  mustBe(known, 'maxTs', maxTs !== null, 'a time at which the order ends');
  return { word: 'place', reduceOnly: reduceOnly === true, base: base as bigint };
}

const must = (known: KnownInstruction, field: string, value: unknown): void =>
  mustBe(known, field, known.args[field] === value, value);

function mustBe({ name, args }: KnownInstruction, field: string, fits: boolean, right: unknown): void {
  if (fits) return;
  throw new SignerRefusal(
    'ARGUMENT',
    `${name} has ${String(args[field])} as ${field}; Driftless sends ${String(right)}, and nothing else is signed.`,
  );
}
