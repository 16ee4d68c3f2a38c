/** What a user types for a database: a connection string, or a path. */
import { parseUrl } from '../api/url.ts';

/** A scheme has two letters at least: a single one is a drive. */
const HAS_SCHEME = /^[A-Za-z][A-Za-z0-9+.-]+:/;

/** INVALID_ARGUMENT or NOT_SUPPORTED for what cannot be a database. */
export function databaseUrl(argument: string): string {
  return parseUrl(HAS_SCHEME.test(argument) ? argument : `file:${argument}`).href;
}
