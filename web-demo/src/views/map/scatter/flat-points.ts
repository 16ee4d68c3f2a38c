/** Points on a plain canvas, where there is no WebGL: some thousands of them, evenly taken, so that a frame stays short. */
import { toScreenX, toScreenY } from './camera.ts';
import type { Frame, Points } from './points.ts';

export const FLAT_MAX = 5000;

export class FlatPoints implements Points {
  readonly #canvas: HTMLCanvasElement;
  #from = new Float32Array(0);
  #to = new Float32Array(0);
  #colours = new Uint8Array(0);
  #order: Uint32Array = new Uint32Array(0);

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
  }

  get drawn(): number {
    return this.#order.length;
  }

  setPositions(from: Float32Array, to: Float32Array): void {
    this.#from = from as Float32Array<ArrayBuffer>;
    this.#to = to as Float32Array<ArrayBuffer>;
  }

  setColours(colours: Uint8Array): void {
    this.#colours = colours as Uint8Array<ArrayBuffer>;
  }

  setOrder(order: Uint32Array): void {
    const step = Math.max(order.length / FLAT_MAX, 1);
    this.#order = Uint32Array.from({ length: Math.floor(order.length / step) }, (_, i) => order[Math.floor(i * step)]);
  }

  draw({ camera, size, ratio, share, radius }: Frame): void {
    const width = Math.round(size.width * ratio);
    const height = Math.round(size.height * ratio);
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      this.#canvas.width = width;
      this.#canvas.height = height;
    }
    const context = this.#canvas.getContext('2d');
    if (context === null) return;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, size.width, size.height);
    let last = -1;
    for (const row of this.#order) {
      const x = toScreenX(camera, size, this.#from[2 * row] + (this.#to[2 * row] - this.#from[2 * row]) * share);
      const y = toScreenY(camera, size, this.#from[2 * row + 1] + (this.#to[2 * row + 1] - this.#from[2 * row + 1]) * share);
      if (x < -radius || y < -radius || x > size.width + radius || y > size.height + radius) continue;
      const at = 4 * row;
      const colour = this.#colours[at] * 0x1000000 + (this.#colours[at + 1] << 16) + (this.#colours[at + 2] << 8) + this.#colours[at + 3];
      if (colour !== last) {
        context.fillStyle = `rgb(${this.#colours[at]} ${this.#colours[at + 1]} ${this.#colours[at + 2]} / ${this.#colours[at + 3] / 255})`;
        last = colour;
      }
      context.fillRect(x - radius, y - radius, 2 * radius, 2 * radius);
    }
  }

  dispose(): void {
    this.#order = new Uint32Array(0);
  }
}
