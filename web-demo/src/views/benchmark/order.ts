import { shuffled } from '../../util/random.ts';
import type { EngineInfo } from './engines/engine.ts';
import { ENGINES } from './engines/list.ts';

/** The engines in the order in which they run: whoever comes first meets a cooler machine. */
export const orderOf = (seed: number): EngineInfo[] => [...shuffled(ENGINES.length, seed)].map((i) => ENGINES[i]);
