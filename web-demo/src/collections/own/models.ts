/**
 * Language models that a visitor may opt into. They are no part of this page: their weights come from Hugging Face, the library that runs them from jsDelivr, both
 * only when asked for, and the browser keeps them. Texts stay here.
 */

export interface Model {
  /** On Hugging Face. */
  readonly repository: string;
  /** In schemas: the weights and how they are rounded. Never change what one means. */
  readonly id: string;
  readonly title: string;
  /** What it is good for, in a few words. */
  readonly about: string;
  /** Weights and vocabulary, about. */
  readonly bytes: number;
  readonly dim: number;
  /** What it was trained to see in front of what is asked, and in front of what is searched. */
  readonly prefixes: { readonly query: string; readonly passage: string };
}

export const MODELS: readonly [Model, ...Model[]] = [
  {
    repository: 'Xenova/all-MiniLM-L6-v2',
    id: 'Xenova/all-MiniLM-L6-v2@q8',
    title: 'all-MiniLM-L6-v2',
    about: 'English, quick',
    bytes: 23_700_000,
    dim: 384,
    prefixes: { query: '', passage: '' },
  },
  {
    repository: 'Xenova/multilingual-e5-small',
    id: 'Xenova/multilingual-e5-small@q8',
    title: 'multilingual-e5-small',
    about: 'about 100 languages, slower',
    bytes: 135_000_000,
    dim: 384,
    prefixes: { query: 'query: ', passage: 'passage: ' },
  },
];

/** The library and its WebAssembly, packed; 28 MB unpacked. */
export const RUNTIME_BYTES = 7_000_000;

export const modelOf = (id: string): Model | undefined => MODELS.find((model) => model.id === id);
