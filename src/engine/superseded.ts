/** What is said where another tab has become the one that maintains the database: who hears it asks that one. */
import { ElanusError } from '../util/error.ts';

export const superseded = (): ElanusError => new ElanusError('LOCKED', 'another tab maintains the database now', { superseded: true });

export const isSuperseded = (error: unknown): boolean => error instanceof ElanusError && error.code === 'LOCKED' && error.detail['superseded'] === true;
