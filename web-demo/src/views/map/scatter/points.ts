/** What draws the points. Two do: by WebGL, and without it on a plain canvas. */
import type { Camera, Size } from './camera.ts';

export interface Frame {
  readonly camera: Camera;
  /** In pixels of CSS. */
  readonly size: Size;
  /** Pixels of the device for one of CSS. */
  readonly ratio: number;
  /** How far the points have gone from their old places to the new ones, 0 to 1. */
  readonly share: number;
  /** Of a point, in pixels of CSS. */
  readonly radius: number;
}

export interface Points {
  /** How many of the points it draws. */
  readonly drawn: number;
  /** Shape (rows, 2) each. */
  setPositions(from: Float32Array, to: Float32Array): void;
  /** Red, green, blue and opacity of each row, shape (rows, 4). */
  setColours(colours: Uint8Array): void;
  /** Rows in the order in which they are drawn: the last ones lie on top. */
  setOrder(order: Uint32Array): void;
  draw(frame: Frame): void;
  dispose(): void;
}
