/**
 * Readies plain data for another thread. The sender owns the buffers of a request or reply (see `engine/client.ts`), so
 * they are moved and not copied, and so are ports. A view over only a part of its buffer is cut out first: cloning it would carry the
 * whole buffer, and moving it would take the rest from whoever else looks at it.
 */

export interface Prepared<T> {
  readonly value: T;
  readonly transfer: Transferable[];
}

export function prepareTransfer<T>(value: T): Prepared<T> {
  const buffers = new Set<Transferable>();
  const prepared = prepare(value, buffers) as T;
  return { value: prepared, transfer: [...buffers] };
}

/** The value itself where nothing in it had to be cut out, otherwise a copy of the containers on the way. */
function prepare(value: unknown, buffers: Set<Transferable>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (ArrayBuffer.isView(value)) return prepareView(value, buffers);
  if (value instanceof ArrayBuffer || value instanceof MessagePort) {
    buffers.add(value);
    return value;
  }
  if (Array.isArray(value)) {
    let copy: unknown[] | null = null;
    for (let i = 0; i < value.length; i++) {
      const entry: unknown = value[i];
      if (typeof entry !== 'object') continue;
      const prepared = prepare(entry, buffers);
      if (prepared === entry) continue;
      copy ??= value.slice();
      copy[i] = prepared;
    }
    return copy ?? value;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  // Maps, modules, dates and the like are cloned as they are.
  if (prototype !== Object.prototype && prototype !== null) return value;
  let copy: Record<string, unknown> | null = null;
  for (const [key, entry] of Object.entries(value)) {
    const prepared = prepare(entry, buffers);
    if (prepared === entry) continue;
    copy ??= { ...value };
    copy[key] = prepared;
  }
  return copy ?? value;
}

function prepareView(view: ArrayBufferView, buffers: Set<Transferable>): ArrayBufferView {
  const { buffer } = view;
  if (!(buffer instanceof ArrayBuffer)) return view; // shared memory is shared
  if (view.byteLength === buffer.byteLength) {
    buffers.add(buffer);
    return view;
  }
  const bytes = buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
  buffers.add(bytes);
  if (view instanceof DataView) return new DataView(bytes);
  // Node's Buffer is a Uint8Array to everybody but itself.
  const Type = view instanceof Uint8Array ? Uint8Array : (view.constructor as new (buffer: ArrayBuffer) => ArrayBufferView);
  return new Type(bytes);
}
