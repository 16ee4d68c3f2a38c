/**
 * Reads the sample data: the description `sample.json` and the packed files it names (their layout is told in
 * `scripts/make-sample.mjs`). Runs in a browser and in Node; how a file is got is given by the caller.
 */

const GZIP_MAGIC = [0x1f, 0x8b];

/**
 * A reader over HTTP. A server that labels `.gz` files with `Content-Encoding: gzip` has them unpacked on the way;
 * `unpack` sees that by the missing magic number.
 * @param {string} base URL of the sample folder, with a slash at its end
 */
export function fetchReader(base) {
  /** @param {string} name @param {{ signal?: AbortSignal, onBytes?: (received: number) => void }} [options] */
  return async (name, { signal, onBytes } = {}) => {
    const url = new URL(name, base).href;
    let response;
    try {
      response = await fetch(url, { signal });
    } catch (cause) {
      if (signal?.aborted) throw signal.reason;
      throw new Error(`${url} could not be fetched: is the network there?`, { cause });
    }
    if (!response.ok) throw new Error(`${url} answered ${response.status}`);
    if (!response.body || !onBytes) return new Uint8Array(await response.arrayBuffer());
    const chunks = [];
    let received = 0;
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      chunks.push(value);
      received += value.length;
      onBytes(received);
    }
    const bytes = new Uint8Array(received);
    let at = 0;
    for (const chunk of chunks) {
      bytes.set(chunk, at);
      at += chunk.length;
    }
    return bytes;
  };
}

/** Opens the sample behind a reader. */
export async function openSource(read) {
  const text = new TextDecoder().decode(await read('sample.json'));
  let description;
  try {
    description = JSON.parse(text);
  } catch (cause) {
    throw new Error(`sample.json is not JSON: it starts with ${JSON.stringify(text.slice(0, 40))}`, { cause });
  }
  if (description.version !== 1) throw new Error(`"version" of sample.json expected 1, got ${description.version}`);
  const { images, abstracts } = description;

  async function part(entry, options) {
    const packed = await read(entry.name, options);
    const bytes = await unpack(packed, entry.name);
    if (bytes.length !== entry.bytes) throw new Error(`"${entry.name}" expected ${entry.bytes} bytes, got ${bytes.length}`);
    return bytes;
  }

  async function pictures(entry, firstId, options) {
    const bytes = await part(entry, options);
    return { firstId, rows: entry.rows, labels: bytes.subarray(0, entry.rows), pixels: bytes.subarray(entry.rows) };
  }

  return {
    description,
    imageBlock: (index, options) => {
      const firstId = images.blocks.slice(0, index).reduce((rows, block) => rows + block.rows, 0);
      return pictures(images.blocks[index], firstId, options);
    },
    unseenImages: (options) => pictures(images.unseen, 0, options),
    abstractVectors: async (options) => {
      const bytes = await part(abstracts.vectors, options);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      return Float32Array.from({ length: bytes.length / 2 }, (_, i) => view.getInt16(2 * i, true) / abstracts.scale);
    },
    abstracts: async (options) => JSON.parse(new TextDecoder().decode(await part(abstracts.texts, options))),
  };
}

/** Unpacks gzip; bytes that are not gzip are returned as they are (see `fetchReader`). */
async function unpack(bytes, name) {
  if (bytes[0] !== GZIP_MAGIC[0] || bytes[1] !== GZIP_MAGIC[1]) return bytes;
  try {
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch (cause) {
    throw new Error(`"${name}" is damaged: it cannot be unpacked`, { cause });
  }
}
