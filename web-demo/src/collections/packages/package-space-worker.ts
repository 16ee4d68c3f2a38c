/** Places texts in the latent space of the packages, beside the page's thread: what is typed, and the rows as they come in. */
import { loadLatentSpace } from 'elanus';
import type { LatentSpace } from 'elanus';
import { readPackages, textsOf } from '../../../sample/packages.mjs';
import type { Answer, Question } from './package-space.ts';

let space: Promise<LatentSpace> | null = null;

addEventListener('message', ({ data }: MessageEvent<Question>) => {
  answer(data).then(
    ({ value, transfer = [] }) => postMessage({ call: data.call, value } satisfies Answer, { transfer }),
    (error: unknown) => postMessage({ call: data.call, error: error instanceof Error ? error.message : String(error) } satisfies Answer),
  );
});

async function answer(question: Question): Promise<{ value: unknown; transfer?: Transferable[] }> {
  if (question.about === 'space') {
    space = loadLatentSpace(question.bytes);
    const { dim, terms } = await space;
    return { value: { dim, terms } };
  }
  if (space === null) throw new Error('the latent space was not loaded');
  const loaded = await space;
  if (question.about === 'text') {
    const vector = loaded.embed([question.text]);
    return { value: { vector, knows: loaded.knows(question.text) }, transfer: [vector.buffer] };
  }
  const columns = readPackages(question.bytes, question.firstId);
  const vectors = loaded.embed(textsOf(columns));
  return { value: { columns, vectors }, transfer: [vectors.buffer] };
}
