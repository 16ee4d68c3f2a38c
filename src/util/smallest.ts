/** The first so many of what is offered, in an order: a heap whose root is the last of those that are kept. */
export class Smallest<T> {
  readonly #most: number;
  readonly #compare: (a: T, b: T) => number;
  readonly #heap: T[] = [];

  /** REQUIRES most >= 1. */
  constructor(most: number, compare: (a: T, b: T) => number) {
    this.#most = most;
    this.#compare = compare;
  }

  /** What comes behind this is not kept; undefined: everything is. */
  get last(): T | undefined {
    return this.#heap.length < this.#most ? undefined : this.#heap[0];
  }

  offer(item: T): void {
    const heap = this.#heap;
    if (heap.length === this.#most) {
      if (this.#compare(item, heap[0]!) >= 0) return;
      heap[0] = item;
      siftDown(heap, (a, b) => this.#compare(b, a));
      return;
    }
    let at = heap.length;
    heap.push(item);
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if (this.#compare(heap[parent]!, item) >= 0) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = item;
  }

  /** All that are kept, in order. */
  sorted(): T[] {
    return this.#heap.slice().sort(this.#compare);
  }
}

/** Brings the root of a heap to its place, so that the first in the order is at the root. */
export function siftDown<T>(heap: T[], compare: (a: T, b: T) => number): void {
  const item = heap[0]!;
  let at = 0;
  for (;;) {
    let child = at * 2 + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && compare(heap[child + 1]!, heap[child]!) < 0) child++;
    if (compare(heap[child]!, item) >= 0) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = item;
}
