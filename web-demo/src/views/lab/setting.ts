/** One setting of the lab: an index with its parameters, and how it is written in the URL. */
import { INDEXES } from './indexes.ts';
import { parseParam, startOf } from './param.ts';
import type { IndexInfo, ParamInfo, Params, ParamValue, Shape } from './param.ts';

export interface Setting {
  readonly info: IndexInfo;
  /** Complete, without those that are not offered as the others stand. */
  readonly build: Params;
  /** Besides the one that the curve runs over. */
  readonly search: Params;
}

export type Slot = 'a' | 'b';

export const indexOf = (type: string | null): IndexInfo | null => INDEXES.find((info) => info.type === type) ?? null;

/** A setting out of texts by name; what is missing or wrong is as it begins. */
export function settingOf(info: IndexInfo, shape: Shape, textOf: (name: string) => string | null): Setting {
  const build: Record<string, ParamValue> = {};
  const search: Record<string, ParamValue> = {};
  for (const [infos, values] of [[info.build, build], [info.search, search]] as const) {
    for (const param of infos) {
      if (param.when?.(build, shape) === false) continue;
      const text = textOf(param.name);
      values[param.name] = (text === null ? null : parseParam(param, text, shape, build)) ?? startOf(param, shape, build);
    }
  }
  return { info, build, search };
}

/** The setting of a slot in a link; null where it has none. */
export function readSetting(params: URLSearchParams, slot: Slot, shape: Shape): Setting | null {
  const info = indexOf(params.get(slot));
  return info === null ? null : settingOf(info, shape, (name) => params.get(`${slot}.${name}`));
}

/** Changes to the URL that put another index into a slot, or none. */
export function chooseIndex(params: URLSearchParams, slot: Slot, type: string | null): Record<string, string | null> {
  const changes: Record<string, string | null> = {};
  for (const name of params.keys()) if (name.startsWith(`${slot}.`)) changes[name] = null;
  return { ...changes, [slot]: type };
}

/** Changes to the URL that put a setting into a slot: what is as it begins needs no words. */
export function changesOf(params: URLSearchParams, slot: Slot, { info, build, search }: Setting, shape: Shape): Record<string, string | null> {
  const changes = chooseIndex(params, slot, info.type);
  for (const param of [...info.build, ...info.search]) {
    const value = build[param.name] ?? search[param.name];
    if (value !== undefined && value !== startOf(param, shape, build)) changes[`${slot}.${param.name}`] = String(value);
  }
  return changes;
}

/** A setting with one parameter changed; others follow where they must. */
export function changed({ info, build, search }: Setting, shape: Shape, name: string, text: string): Setting {
  const texts = { ...build, ...search, [name]: text };
  return settingOf(info, shape, (param) => (param in texts ? String(texts[param]) : null));
}

/** Tells settings apart: what it says of equal ones is equal. */
export const keyOf = ({ info, build, search }: Setting): string => JSON.stringify([info.type, build, search]);

/** The parameters that are offered as the others stand. */
export const offered = (infos: readonly ParamInfo[], build: Params, shape: Shape): ParamInfo[] => infos.filter(({ when }) => when?.(build, shape) !== false);

/** In a few words: `HNSW, M 16, efConstruction 200`. */
export function nameOf({ info, build, search }: Setting): string {
  const params = Object.entries({ ...build, ...search }).map(([name, value]) => (value === true ? name : value === false ? `no ${name}` : `${name} ${value}`));
  return [info.type, ...params].join(', ');
}
