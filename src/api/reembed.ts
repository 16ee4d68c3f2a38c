/** `collection.reembed`: all rows get vectors of another model. Imported when it is called. */
import type { CollectionInfo, Progress, ReembedReply } from '../engine/client.ts';
import { toSchema } from '../schema/define.ts';
import type { AnySchema, VectorFieldName } from '../schema/infer.ts';
import { NO_ROW, isRecord, refuse, show } from '../schema/refuse.ts';
import { scalarAt } from '../schema/scalar-column.ts';
import { throwIfAborted } from '../util/error.ts';
import { embedTexts, embedderOf, isEmbedded, type EmbeddedField } from './embed.ts';
import { checkOptions, contextOf, type CallOptions } from './options.ts';
import type { CollectionScope } from './scope.ts';

export interface ReembedOptions<S = AnySchema> extends CallOptions {
  /** The vector field; needed only where the schema has several, and not one of them alone has an embedder. */
  readonly field?: VectorFieldName<S>;
  /** The model that the vectors are to be of. `input`: the VarChar field that it reads; default: the one that is read now. */
  readonly embedder: { readonly id: string; readonly input?: string };
  /** Of the new vectors. Default: as it is. */
  readonly dim?: number;
  /** Rows whose vectors are made, of all that there are. */
  readonly onProgress?: (progress: Progress) => void;
}

const OPTIONS: ReadonlySet<string> = new Set(['field', 'embedder', 'dim', 'signal', 'onProgress']);

/** Answers the collection as it is then, which has another number. */
export async function reembed(scope: CollectionScope, options: ReembedOptions<any>): Promise<CollectionInfo> {
  const { collectionId, embedders, engine } = scope;
  checkOptions(options ?? {}, 'reembed', OPTIONS);
  const field = fieldToBe(scope, options ?? {});
  embedderOf(embedders, field);
  const { onProgress, signal } = options;
  contextOf(signal, onProgress);
  const id = crypto.getRandomValues(new Uint32Array(4)).join('-');
  let reply: ReembedReply;
  try {
    reply = await engine.reembed({ collectionId, id, field });
    while (reply.texts) {
      const { done, total, texts } = reply;
      throwIfAborted(signal);
      onProgress?.({ phase: 'embed', done, total });
      const vectors = await embedTexts(embedders, field, Array.from({ length: texts.length }, (_, row) => scalarAt(texts, row) as string), signal);
      reply = await engine.reembed({ collectionId, id, vectors });
    }
  } catch (error) {
    // Nothing has changed, unless it came too late.
    const end = await engine.reembed({ collectionId, id, isEnd: true }).catch(() => null);
    if (!end?.info) throw error;
    reply = end;
  }
  onProgress?.({ phase: 'embed', done: reply.total, total: reply.total });
  return reply.info!;
}

/** The field with its new model. */
function fieldToBe({ plan: { schema, vectors } }: CollectionScope, { dim, embedder, field: name }: Partial<ReembedOptions>): EmbeddedField {
  if (!isRecord(embedder)) refuse('embedder', NO_ROW, '{ id, input }', show(embedder));
  const candidates = vectors.length === 1 ? vectors : vectors.filter(isEmbedded);
  const found = name === undefined ? candidates : vectors.filter((known) => known.name === name);
  if (found.length !== 1) refuse('field', NO_ROW, `one of the vector fields ${vectors.map((known) => known.name).join(', ')}`, show(name));
  const old = found[0]!;
  const asked = { ...old, dim: dim ?? old.dim, embedder: { ...(embedder as object), input: embedder.input ?? old.embedder?.input } };
  const checked = toSchema({ ...schema, fields: schema.fields.map((known) => (known === old ? asked : known)) }).fields.find((known) => known.name === old.name)!;
  return { ...old, dim: checked.dim!, embedder: checked.embedder! };
}
