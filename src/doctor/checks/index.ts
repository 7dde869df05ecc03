/** Every check, in the order in which they are told. A new one is a file here and a line in this list. */
import type { Check } from '../check.ts';
import { backup } from './backup.ts';
import { channels } from './channels.ts';
import { clock } from './clock.ts';
import { codec } from './codec.ts';
import { disk } from './disk.ts';
import { engines } from './engines.ts';
import { feed } from './feed.ts';
import { files } from './files.ts';
import { journal } from './journal.ts';
import { key } from './key.ts';
import { memory } from './memory.ts';
import { node } from './node.ts';
import { operations } from './operations.ts';
import { page } from './page.ts';
import { ports } from './ports.ts';
import { product } from './product.ts';
import { program } from './program.ts';
import { rpc } from './rpc.ts';
import { settings } from './settings.ts';
import { temporal } from './temporal.ts';
import { venue } from './venue.ts';

export const CHECKS: readonly Check[] = [
  ...[node, settings, product, files, ports, disk, memory, clock, temporal, journal, codec, operations, backup],
  ...[feed, page, key, rpc, program, venue, engines, channels],
];
