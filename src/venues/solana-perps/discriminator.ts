/** What stands first in the bytes of an Anchor program's accounts, instructions and events, and says which one it is. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

export const DISCRIMINATOR_BYTES = 8;

const firstOf = (text: string): Uint8Array => sha256(utf8ToBytes(text)).subarray(0, DISCRIMINATOR_BYTES);

/** @param name as the program calls it, such as `PerpMarket` */
export const accountDiscriminator = (name: string): Uint8Array => firstOf(`account:${name}`);
/** @param name in snake case, such as `place_perp_order` */
export const instructionDiscriminator = (name: string): Uint8Array => firstOf(`global:${name}`);
/** In hex. @param name such as `OrderRecord` */
export const eventDiscriminator = (name: string): string => bytesToHex(firstOf(`event:${name}`));
