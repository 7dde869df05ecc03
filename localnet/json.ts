import { stringify } from 'lossless-json';

/** JSON with bigints as plain numbers, as validators write u64. */
export const toJson = (value: unknown): string => stringify(value) ?? 'null';
