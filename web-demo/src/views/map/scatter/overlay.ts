/** What lies over the points: names of categories, the query and lines to its neighbours, the point that is looked at, a lasso. */
import { toScreenX, toScreenY, type Camera, type Size } from './camera.ts';

export interface Label {
  readonly text: string;
  readonly x: number;
  readonly y: number;
}

export interface Marks {
  readonly query: number;
  /** Nearest first. */
  readonly neighbours: readonly number[];
  readonly hovered: number;
  readonly labels: readonly Label[];
  /** On the screen, x and y by turns. */
  readonly lasso: readonly number[];
}

export interface Inks {
  readonly paper: string;
  readonly ink: string;
  readonly accent: string;
}

/** Of any colour of CSS, 0 to 255 each: a canvas knows them all. Black where there is none. */
export function rgbOfCss(colour: string): [red: number, green: number, blue: number] {
  const context = new OffscreenCanvas(1, 1).getContext('2d');
  if (context === null) return [0, 0, 0];
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  const [red, green, blue] = context.getImageData(0, 0, 1, 1).data;
  return [red, green, blue];
}

/** @param placeOf writes where a row is on the plane */
export function drawMarks(canvas: HTMLCanvasElement, marks: Marks, camera: Camera, size: Size, ratio: number, radius: number, inks: Inks, placeOf: (row: number) => readonly [number, number]): void {
  const width = Math.round(size.width * ratio);
  const height = Math.round(size.height * ratio);
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const context = canvas.getContext('2d');
  if (context === null) return;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, size.width, size.height);
  context.lineJoin = 'round';
  context.lineCap = 'round';
  const screen = (row: number): [number, number] => {
    const [x, y] = placeOf(row);
    return [toScreenX(camera, size, x), toScreenY(camera, size, y)];
  };
  const ring = (row: number, distance: number, thickness: number, colour: string): void => {
    const [x, y] = screen(row);
    context.beginPath();
    context.arc(x, y, radius + distance, 0, 2 * Math.PI);
    context.strokeStyle = inks.paper;
    context.lineWidth = thickness + 2.5;
    context.stroke();
    context.strokeStyle = colour;
    context.lineWidth = thickness;
    context.stroke();
  };

  drawLabels(context, marks.labels, camera, size, inks);

  if (marks.query !== -1) {
    const [fromX, fromY] = screen(marks.query);
    // The farthest first, so that the nearest lie on top.
    for (let i = marks.neighbours.length - 1; i >= 0; i--) {
      const [x, y] = screen(marks.neighbours[i]);
      for (const [colour, lineWidth] of [
        [inks.paper, 4],
        [inks.accent, 1.6],
      ] as const) {
        context.beginPath();
        context.moveTo(fromX, fromY);
        context.lineTo(x, y);
        context.strokeStyle = colour;
        context.globalAlpha = colour === inks.paper ? 0.55 : 1 - (0.5 * i) / Math.max(marks.neighbours.length, 1);
        context.lineWidth = lineWidth;
        context.stroke();
      }
      context.globalAlpha = 1;
    }
    for (const row of marks.neighbours) ring(row, 2, 1.6, inks.accent);
    ring(marks.query, 5, 3, inks.accent);
  }
  // Around the query's own ring, not over it.
  if (marks.hovered !== -1) ring(marks.hovered, marks.hovered === marks.query ? 9 : 4, 2.2, inks.ink);

  if (marks.lasso.length >= 4) {
    context.beginPath();
    for (let i = 0; i < marks.lasso.length; i += 2) context.lineTo(marks.lasso[i], marks.lasso[i + 1]);
    context.closePath();
    context.globalAlpha = 0.12;
    context.fillStyle = inks.accent;
    context.fill();
    context.globalAlpha = 1;
    context.strokeStyle = inks.accent;
    context.lineWidth = 1.8;
    context.setLineDash([6, 4]);
    context.stroke();
    context.setLineDash([]);
  }
}

/** Names in their order; one that would lie on another is left out. */
function drawLabels(context: CanvasRenderingContext2D, labels: readonly Label[], camera: Camera, size: Size, { paper, ink }: Inks): void {
  context.font = '600 12.5px system-ui, sans-serif';
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  const taken: [left: number, right: number, top: number, bottom: number][] = [];
  for (const { text, x, y } of labels) {
    const [atX, atY] = [toScreenX(camera, size, x), toScreenY(camera, size, y)];
    const half = context.measureText(text).width / 2 + 4;
    const box: (typeof taken)[number] = [atX - half, atX + half, atY - 10, atY + 10];
    if (box[0] < 0 || box[1] > size.width || box[2] < 0 || box[3] > size.height) continue;
    if (taken.some(([left, right, top, bottom]) => box[0] < right && box[1] > left && box[2] < bottom && box[3] > top)) continue;
    taken.push(box);
    context.globalAlpha = 0.85;
    context.strokeStyle = paper;
    context.lineWidth = 4;
    context.strokeText(text, atX, atY);
    context.globalAlpha = 1;
    context.fillStyle = ink;
    context.fillText(text, atX, atY);
  }
}
