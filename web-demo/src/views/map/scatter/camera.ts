/** Where on the plane of the map one looks: its middle and how many pixels of CSS a unit takes. The vertical axis points up. */
export interface Camera {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Bounds {
  readonly left: number;
  readonly right: number;
  readonly bottom: number;
  readonly top: number;
}

export const toScreenX = ({ x, scale }: Camera, { width }: Size, at: number): number => width / 2 + (at - x) * scale;
export const toScreenY = ({ y, scale }: Camera, { height }: Size, at: number): number => height / 2 - (at - y) * scale;
export const toPlaneX = ({ x, scale }: Camera, { width }: Size, at: number): number => x + (at - width / 2) / scale;
export const toPlaneY = ({ y, scale }: Camera, { height }: Size, at: number): number => y - (at - height / 2) / scale;

/** Around all points; around the origin where there is none. @param positions shape (rows, 2) */
export function boundsOf(positions: Float32Array): Bounds {
  if (positions.length === 0) return { left: -1, right: 1, bottom: -1, top: 1 };
  let [left, right, bottom, top] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0; i < positions.length; i += 2) {
    const [x, y] = [positions[i], positions[i + 1]];
    if (x < left) left = x;
    if (x > right) right = x;
    if (y < bottom) bottom = y;
    if (y > top) top = y;
  }
  return { left, right, bottom, top };
}

/** Pixels at the edges where no points should lie. */
export interface Room {
  readonly left: number;
  readonly right: number;
  readonly bottom: number;
  readonly top: number;
}

/** Looks at all within the bounds, with room around. */
export function fitCamera({ left, right, bottom, top }: Bounds, { width, height }: Size, room: Room): Camera {
  const scale = Math.min(Math.max(width - room.left - room.right, 16) / Math.max(right - left, 1e-6), Math.max(height - room.bottom - room.top, 16) / Math.max(top - bottom, 1e-6));
  return { x: (left + right) / 2 - (room.left - room.right) / 2 / scale, y: (bottom + top) / 2 - (room.bottom - room.top) / 2 / scale, scale };
}

/** Closer by a factor; what lies at a place of the screen stays there. */
export function zoomAt(camera: Camera, size: Size, screenX: number, screenY: number, factor: number, { min, max }: { min: number; max: number }): Camera {
  const scale = Math.min(Math.max(camera.scale * factor, min), max);
  const x = toPlaneX(camera, size, screenX);
  const y = toPlaneY(camera, size, screenY);
  return { x: x - (screenX - size.width / 2) / scale, y: y + (screenY - size.height / 2) / scale, scale };
}

/** Some pixels to the right and down: what is under the finger goes along. */
export const panBy = (camera: Camera, dx: number, dy: number): Camera => ({ ...camera, x: camera.x - dx / camera.scale, y: camera.y + dy / camera.scale });

/** Between two views; the scale goes evenly as the eye sees it, and what is zoomed at does not leave the view on the way. @param share 0 to 1 */
export function between(from: Camera, to: Camera, share: number): Camera {
  const scale = from.scale * (to.scale / from.scale) ** share;
  // Where it gets closer, the distance that is left shrinks as pixels and not as units.
  const left = (1 - share) * Math.min(from.scale / scale, 1);
  return { x: to.x + (from.x - to.x) * left, y: to.y + (from.y - to.y) * left, scale };
}
