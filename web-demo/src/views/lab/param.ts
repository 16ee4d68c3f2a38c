/** What the lab knows of a parameter of an index: how it is asked for, and what it does. */

export type ParamValue = number | string | boolean;
export type Params = Readonly<Record<string, ParamValue>>;

/** What a parameter's range and start may depend on. */
export interface Shape {
  readonly rows: number;
  readonly dim: number;
}

interface BaseInfo {
  /** Milvus's name. */
  readonly name: string;
  /** One line: what it does, and at which price. */
  readonly about: string;
  /** It is about how rows are written, not about how they are found. */
  readonly isCode?: boolean;
  /** Offered where the other parameters are so; else it is not given to the library. */
  readonly when?: (build: Params, shape: Shape) => boolean;
}

export interface NumberInfo extends BaseInfo {
  readonly kind: 'number';
  readonly isWhole: boolean;
  readonly min: number;
  readonly max: number;
  readonly start: number | ((shape: Shape) => number);
}

export interface ChoiceInfo extends BaseInfo {
  readonly kind: 'choice';
  readonly choices: (shape: Shape, build: Params) => readonly (string | number)[];
  readonly start: (shape: Shape, build: Params) => string | number;
}

export interface FlagInfo extends BaseInfo {
  readonly kind: 'flag';
  readonly start: boolean;
}

export type ParamInfo = NumberInfo | ChoiceInfo | FlagInfo;

/** The search parameter that the curve runs over: how far a search looks. */
export interface SweepInfo {
  readonly name: string;
  readonly about: string;
  /** For a search of so many hits. */
  readonly min: (limit: number) => number;
  readonly max: (build: Params) => number;
}

export interface IndexInfo {
  /** Milvus's name. */
  readonly type: string;
  readonly group: 'Exact' | 'Graph' | 'Lists' | 'Graph and store' | 'By another name';
  /** One line. */
  readonly about: string;
  readonly build: readonly ParamInfo[];
  /** Besides the one that the curve runs over. */
  readonly search: readonly ParamInfo[];
  /** Null: every search looks at everything. */
  readonly sweep: SweepInfo | null;
  /** Parameters that the library takes and the lab does not offer, and why. */
  readonly unused?: Readonly<Record<string, string>>;
}

/** What the lab begins with. */
export function startOf(info: ParamInfo, shape: Shape, build: Params): ParamValue {
  if (info.kind === 'choice') return info.start(shape, build);
  if (info.kind === 'flag') return info.start;
  return typeof info.start === 'function' ? info.start(shape) : info.start;
}

/** The value that a text of the URL stands for; null where it stands for none. */
export function parseParam(info: ParamInfo, text: string, shape: Shape, build: Params): ParamValue | null {
  if (info.kind === 'flag') return text === 'true' ? true : text === 'false' ? false : null;
  if (info.kind === 'choice') return info.choices(shape, build).find((choice) => String(choice) === text) ?? null;
  const value = Number(text);
  return text.trim() !== '' && value >= info.min && value <= info.max && (!info.isWhole || Number.isInteger(value)) ? value : null;
}
