/**
 * Reads the sample data: the description `sample.json` and the packed files it names (their layout is told in
 * `scripts/make-sample.mjs`). Runs in a browser and in Node; how a file is got is given by the caller.
 */

const GZIP_MAGIC = [0x1f, 0x8b];

/**
 * A reader over HTTP. A server that labels `.gz` files with `Content-Encoding: gzip` has them unpacked on the way;
 * `unpack` sees that by the missing magic number.
 * @param {string} base URL of the sample folder, with a slash at its end
 * @param {string} [version] of the sample: part of the addresses, so that no cache answers with files of another one
 */
export function fetchReader(base, version) {
  /** @param {string} name @param {{ signal?: AbortSignal, onBytes?: (received: number) => void }} [options] */
  return async (name, { signal, onBytes } = {}) => {
    const url = new URL(version === undefined ? name : `${name}?v=${version}`, base).href;
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
  if (description.version !== 2) throw new Error(`"version" of sample.json expected 2, got ${description.version}`);
  const { images, papers, art, packages } = description;

  /** @param {{ signal?: AbortSignal, onShare?: (share: number) => void }} [options] */
  async function part(entry, { signal, onShare } = {}) {
    const packed = await read(entry.name, { signal, onBytes: onShare && ((received) => onShare(received / entry.packedBytes)) });
    const bytes = await unpack(packed, entry.name);
    if (bytes.length !== entry.bytes) throw new Error(`"${entry.name}" expected ${entry.bytes} bytes, got ${bytes.length}`);
    return bytes;
  }

  /** Several files at once; the share is that of all their bytes. */
  function partsOf(entries, { signal, onShare } = {}) {
    const total = entries.reduce((sum, { packedBytes }) => sum + packedBytes, 0);
    const shares = entries.map(() => 0);
    return Promise.all(
      entries.map((entry, i) =>
        part(entry, {
          signal,
          onShare:
            onShare &&
            ((share) => {
              shares[i] = (Math.min(1, share) * entry.packedBytes) / total;
              onShare(shares.reduce((sum, each) => sum + each, 0));
            }),
        }),
      ),
    );
  }

  async function pictures(entry, firstId, options) {
    const bytes = await part(entry, options);
    return { firstId, rows: entry.rows, labels: bytes.subarray(0, entry.rows), pixels: bytes.subarray(entry.rows) };
  }

  let ranges = null;
  async function artRanges(options) {
    ranges ??= part(art.ranges, options).then((bytes) => floatsOf(bytes));
    // A failed one is not kept for the next try.
    ranges.catch(() => (ranges = null));
    return ranges;
  }

  return {
    description,
    imageBlock: (index, options) => pictures(images.blocks[index], firstIdOf(images, index), options),
    unseenImages: (options) => pictures(images.unseen, 0, options),
    paperBlock: async (index, options) => {
      const { texts, vectors } = papers.blocks[index];
      const [textBytes, bytes] = await partsOf([texts, vectors], options);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      return {
        firstId: firstIdOf(papers, index),
        texts: jsonOf(textBytes),
        vectors: Float32Array.from({ length: bytes.length / 2 }, (_, i) => view.getInt16(2 * i, true) / papers.scale),
      };
    },
    packageSpace: (options) => part(packages.space, options),
    packageBytes: async (index, options) => ({ firstId: firstIdOf(packages, index), bytes: await part(packages.blocks[index], options) }),
    artBlock: async (index, options) => {
      const { texts, vectors } = art.blocks[index];
      const [range, [textBytes, bytes]] = await Promise.all([artRanges({ signal: options?.signal }), partsOf([texts, vectors], options)]);
      const codes = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length);
      const { dim, steps } = art;
      return { columns: jsonOf(textBytes), vectors: Float32Array.from(codes, (code, i) => range[i % dim] + (code / steps) * range[dim + (i % dim)]) };
    },
  };
}

const firstIdOf = ({ blocks }, index) => blocks.slice(0, index).reduce((sum, { rows }) => sum + rows, 0);
const jsonOf = (bytes) => JSON.parse(new TextDecoder().decode(bytes));

/** @param {Uint8Array} bytes of float32, little-endian */
function floatsOf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
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
