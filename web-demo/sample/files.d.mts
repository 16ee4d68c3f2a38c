import type { SampleReader } from './source.mjs';

export const fileReader: SampleReader;
