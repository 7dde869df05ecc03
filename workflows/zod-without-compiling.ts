/**
 * zod compiles each schema at its first use, which pays off after thousands of uses. Every workflow is a fresh context
 * that decodes a handful of snapshots: there it only costs, some milliseconds of a command's time. Must come before
 * any schema is made.
 */
import { z } from 'zod';

z.config({ jitless: true });
