/**
 * The map itself, apart from any framework: two canvases over each other, a camera, and what pointers and keys do. It draws
 * when something has changed, once a frame.
 */
import { between, boundsOf, fitCamera, panBy, toPlaneX, toPlaneY, zoomAt, type Bounds, type Camera, type Room, type Size } from './camera.ts';
import { FlatPoints } from './flat-points.ts';
import { glPoints } from './gl-points.ts';
import { PointGrid } from './grid.ts';
import { rowsInside, simplified } from './lasso.ts';
import { drawMarks, rgbOfCss, type Inks, type Label, type Marks } from './overlay.ts';
import type { Points } from './points.ts';

export interface ScatterEvents {
  /** The point under the pointer, and where it is on the map; -1: none. */
  onHover(row: number, x: number, y: number): void;
  /** A point was clicked or tapped; -1: where there is none. */
  onPick(row: number, isTouch: boolean): void;
  /** Rows within a lasso, ascending. */
  onLasso(rows: Uint32Array): void;
}

export type Tool = 'pan' | 'lasso';

/** Pixels within which a point is meant. */
const REACH = { mouse: 10, touch: 22 };
/** Pixels that a press may move and still be a click. */
const CLICK = { mouse: 4, touch: 10 };
/** Room at the edges where nothing else lies over the map. */
const EDGES: Room = { left: 28, right: 28, bottom: 28, top: 28 };
/** The same around what is looked at closely. */
const AROUND: Room = { left: 80, right: 80, bottom: 80, top: 80 };
const ZOOM_STEP = 1.6;
const PAN_STEP = 70;
/** How much closer than the whole one may look. */
const ZOOM_MAX = 400;
const GRID_AGE_MS = 250;
const RATIO_MAX = 2;
const OPAQUE = 225;
/** How much of its colour a row has left that is not selected; a faint opacity would add up where points lie on each other. */
const FAINT = 0.16;

const NOTHING: Marks = { query: -1, neighbours: [], hovered: -1, labels: [], lasso: [] };

export class Scatter {
  /** False: there is no WebGL, and only some of many points are drawn. */
  readonly isAccelerated: boolean;
  readonly #host: HTMLElement;
  readonly #events: ScatterEvents;
  readonly #points: Points;
  readonly #overlay: HTMLCanvasElement;
  readonly #listeners = new AbortController();
  readonly #observer: ResizeObserver;
  #tool: Tool = 'pan';
  #marks = NOTHING;
  #inks: Inks = { paper: '#fff', ink: '#000', accent: '#000' };
  #size: Size = { width: 1, height: 1 };
  #codes: Uint8Array = new Uint8Array(0);
  #table: Uint8Array = new Uint8Array(768);
  #selected: Uint8Array | null = null;

  #from: Float32Array = new Float32Array(0);
  #to: Float32Array = new Float32Array(0);
  #motion: { readonly begin: number; readonly ms: number } | null = null;
  #grid: PointGrid | null = null;
  #gridTime = 0;

  #camera: Camera = { x: 0, y: 0, scale: 1 };
  #fit: Camera = { x: 0, y: 0, scale: 1 };
  #room: Room = EDGES;
  #bounds: Bounds = boundsOf(new Float32Array(0));
  /** The camera keeps all points in view until the visitor moves it. */
  #follows = true;
  #wanted: Camera | null = null;
  #frame = 0;
  #lastFrame = 0;

  readonly #pointers = new Map<number, { x: number; y: number }>();
  #press: { readonly x: number; readonly y: number; moved: boolean; readonly isLasso: boolean } | null = null;
  #path: number[] = [];

  constructor(host: HTMLElement, canvases: { points: HTMLCanvasElement; overlay: HTMLCanvasElement }, events: ScatterEvents) {
    this.#host = host;
    this.#events = events;
    this.#overlay = canvases.overlay;
    const accelerated = glPoints(canvases.points, () => this.#redraw());
    this.isAccelerated = accelerated !== null;
    this.#points = accelerated ?? new FlatPoints(canvases.points);
    this.#observer = new ResizeObserver(() => this.#resize());
    this.#observer.observe(host);
    this.#resize();
    this.#listen();
  }

  /** How many points are on the canvas. */
  get drawn(): number {
    return this.#points.drawn;
  }

  /**
   * Moves the points to new places. @param positions shape (rows, 2); not to be changed any more
   * @param ms that the way takes; 0: at once
   */
  setPositions(positions: Float32Array, ms: number): void {
    const isFirst = this.#to.length !== positions.length;
    // What is on its way sets out from where it is.
    this.#from = isFirst || ms === 0 || still() ? positions : this.#current();
    this.#to = positions;
    this.#motion = this.#from === positions ? null : { begin: performance.now(), ms };
    this.#grid = null;
    this.#bounds = mainBounds(positions);
    this.#points.setPositions(this.#from, this.#to);
    this.#refit();
    if (isFirst) {
      this.#camera = this.#fit;
      this.#order();
    }
    this.#redraw();
  }

  /** @param codes colour of each row @param table RGB of each code, shape (256, 3) */
  setColours(codes: Uint8Array, table: Uint8Array): void {
    this.#codes = codes;
    this.#table = table;
    this.#paint();
  }

  /** Rows that stand out, ascending; null: all alike. */
  setSelection(rows: Uint32Array | null): void {
    this.#selected = null;
    if (rows !== null) {
      this.#selected = new Uint8Array(this.#to.length / 2);
      for (const row of rows) this.#selected[row] = 1;
    }
    this.#order();
    this.#paint();
  }

  setMarks(marks: { query: number; neighbours: readonly number[]; hovered: number; labels: readonly Label[] }): void {
    this.#marks = { ...marks, lasso: this.#marks.lasso };
    this.#redraw();
  }

  setInks(inks: Inks): void {
    this.#inks = inks;
    this.#paint();
  }

  /** Pixels at the left and right edge that something else covers. */
  setCovered(left: number, right: number): void {
    const room = { ...EDGES, left: EDGES.left + left, right: EDGES.right + right };
    if (room.left === this.#room.left && room.right === this.#room.right) return;
    this.#room = room;
    this.#refit();
    this.#redraw();
  }

  setTool(tool: Tool): void {
    this.#tool = tool;
    this.#host.dataset.tool = tool;
  }

  /** All points again, and so until the visitor moves. */
  showAll(): void {
    this.#follows = true;
    this.#wanted = null;
    if (still()) this.#camera = this.#fit;
    this.#redraw();
  }

  zoom(direction: 1 | -1): void {
    const { width, height } = this.#size;
    this.#glide(zoomAt(this.#wanted ?? this.#camera, this.#size, width / 2, height / 2, ZOOM_STEP ** direction, this.#limits()));
  }

  /** So close that points fill the view. */
  zoomTo(rows: readonly number[]): void {
    if (rows.length === 0) return;
    const tight = fitCamera(boundsOf(this.#placesOf(rows)), this.#size, AROUND);
    this.#glide({ ...tight, scale: Math.min(tight.scale, this.#limits().max) });
  }

  /** Brings points into view, where they are not. */
  reveal(rows: readonly number[]): void {
    if (rows.length === 0) return;
    const { left, right, bottom, top } = boundsOf(this.#placesOf(rows));
    const { x, y, scale } = this.#wanted ?? (this.#follows ? this.#fit : this.#camera);
    const [halfWidth, halfHeight] = [this.#size.width / 2 / scale, this.#size.height / 2 / scale];
    if (left >= x - halfWidth && right <= x + halfWidth && bottom >= y - halfHeight && top <= y + halfHeight) return;
    const tight = fitCamera({ left, right, bottom, top }, this.#size, AROUND);
    this.#glide({ ...tight, scale: Math.min(tight.scale, scale) });
  }

  /** Rows that are in view, ascending. */
  visible(): Uint32Array {
    const { width, height } = this.#size;
    const [left, right] = [toPlaneX(this.#camera, this.#size, 0), toPlaneX(this.#camera, this.#size, width)];
    const [bottom, top] = [toPlaneY(this.#camera, this.#size, height), toPlaneY(this.#camera, this.#size, 0)];
    return this.#gridNow().within(left, right, bottom, top);
  }

  dispose(): void {
    cancelAnimationFrame(this.#frame);
    this.#listeners.abort();
    this.#observer.disconnect();
    this.#points.dispose();
  }

  // ---- drawing

  #redraw(): void {
    if (this.#frame === 0 && !this.#listeners.signal.aborted) this.#frame = requestAnimationFrame((now) => this.#draw(now));
  }

  #draw(now: number): void {
    this.#frame = 0;
    const elapsed = Math.min(now - this.#lastFrame, 50);
    this.#lastFrame = now;
    const goal = this.#wanted ?? (this.#follows ? this.#fit : null);
    let moves = this.#motion !== null;
    if (goal !== null) {
      this.#camera = isNear(this.#camera, goal) || still() ? goal : between(this.#camera, goal, 1 - Math.exp(-elapsed / 90));
      if (this.#camera !== goal) moves = true;
      else this.#wanted = null;
    }
    const share = this.#share(now);
    if (share === 1 && this.#motion !== null) {
      this.#motion = null;
      this.#from = this.#to;
    }
    const ratio = Math.min(devicePixelRatio, RATIO_MAX);
    const radius = this.#radius();
    this.#points.draw({ camera: this.#camera, size: this.#size, ratio, share, radius });
    const place: [number, number] = [0, 0];
    drawMarks(this.#overlay, this.#marks, this.#camera, this.#size, ratio, radius, this.#inks, (row) => {
      [place[0], place[1]] = this.#place(row, share);
      return place;
    });
    if (moves) this.#redraw();
  }

  /** More points, smaller ones; closer, larger ones. */
  #radius(): number {
    const { width, height } = this.#size;
    const rows = Math.max(this.#to.length / 2, 1);
    const base = Math.min(Math.max(0.2 * Math.sqrt((width * height) / rows), 1.15), 5);
    return Math.min(base * Math.max(this.#camera.scale / this.#fit.scale, 1) ** 0.45, 9);
  }

  /** How far the points are on their way: evenly where places follow each other, else gently at both ends. */
  #share(now: number): number {
    if (this.#motion === null) return 1;
    const { begin, ms } = this.#motion;
    const share = Math.min(Math.max((now - begin) / ms, 0), 1);
    return ms <= STREAM_MS ? share : share * share * (3 - 2 * share);
  }

  #place(row: number, share: number): [number, number] {
    const [from, to] = [this.#from, this.#to];
    return [from[2 * row] + (to[2 * row] - from[2 * row]) * share, from[2 * row + 1] + (to[2 * row + 1] - from[2 * row + 1]) * share];
  }

  #placesOf(rows: readonly number[]): Float32Array {
    return Float32Array.from(rows.flatMap((row) => [this.#to[2 * row], this.#to[2 * row + 1]]));
  }

  #current(): Float32Array {
    const share = this.#share(performance.now());
    return share === 1 ? this.#to : this.#to.map((value, i) => this.#from[i] + (value - this.#from[i]) * share);
  }

  #paint(): void {
    const rows = this.#codes.length;
    const selected = this.#selected;
    const colours = new Uint32Array(rows);
    const bright = packed(this.#table, [0, 0, 0], 1);
    const faint = packed(this.#table, rgbOfCss(this.#inks.paper), FAINT);
    for (let row = 0; row < rows; row++) colours[row] = (selected === null || selected[row] === 1 ? bright : faint)[this.#codes[row]];
    this.#points.setColours(new Uint8Array(colours.buffer));
    this.#redraw();
  }

  /** Mixed, so that no category lies over the others because its rows come last; selected rows on top. */
  #order(): void {
    const rows = this.#to.length / 2;
    const order = new Uint32Array(rows);
    // A step that shares no divisor with the number of rows visits each once.
    let step = Math.max(Math.floor(rows * 0.6180339887), 1);
    while (divisor(step, rows) > 1) step++;
    for (let i = 0, row = 0; i < rows; i++, row = (row + step) % rows) order[i] = row;
    const selected = this.#selected;
    if (selected !== null) {
      const mixed = order.slice();
      let [first, last] = [0, rows];
      for (const row of mixed) if (selected[row] === 0) order[first++] = row;
      for (let i = rows - 1; i >= 0; i--) if (selected[mixed[i]] === 1) order[--last] = mixed[i];
    }
    this.#points.setOrder(order);
    this.#redraw();
  }

  #resize(): void {
    const { clientWidth, clientHeight } = this.#host;
    if (clientWidth === 0 || clientHeight === 0) return;
    this.#size = { width: clientWidth, height: clientHeight };
    this.#refit();
    if (this.#follows) this.#camera = this.#fit;
    this.#redraw();
  }

  #refit(): void {
    this.#fit = fitCamera(this.#bounds, this.#size, this.#room);
  }

  #gridNow(): PointGrid {
    const now = performance.now();
    // While points move, they are found where they will be in a moment.
    if (this.#grid === null && (now - this.#gridTime > GRID_AGE_MS || this.#oldGrid === null)) {
      this.#grid = this.#oldGrid = new PointGrid(this.#to);
      this.#gridTime = now;
    }
    return this.#grid ?? this.#oldGrid!;
  }

  #oldGrid: PointGrid | null = null;

  // ---- camera

  #limits(): { min: number; max: number } {
    return { min: this.#fit.scale / 3, max: this.#fit.scale * ZOOM_MAX };
  }

  /** At once, by hand. */
  #setCamera(camera: Camera): void {
    this.#follows = false;
    this.#wanted = null;
    this.#camera = camera;
    this.#redraw();
  }

  #glide(camera: Camera): void {
    this.#follows = false;
    this.#wanted = camera;
    this.#redraw();
  }

  // ---- input

  #listen(): void {
    const { signal } = this.#listeners;
    const on = <K extends keyof HTMLElementEventMap>(type: K, listener: (event: HTMLElementEventMap[K]) => void, passive = true) =>
      this.#host.addEventListener(type, listener, { signal, passive });
    on('pointerdown', (event) => this.#down(event));
    on('pointermove', (event) => this.#move(event));
    on('pointerup', (event) => this.#up(event));
    on('pointercancel', (event) => this.#cancel(event));
    on('pointerleave', (event) => {
      if (event.pointerType === 'mouse') this.#events.onHover(-1, 0, 0);
    });
    on(
      'wheel',
      (event) => {
        event.preventDefault();
        const { x, y } = this.#at(event);
        const pixels = event.deltaY * (event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? 400 : 1);
        // Trackpads tell a pinch as a wheel with Ctrl, in small steps.
        const speed = event.ctrlKey ? 0.01 : 0.0016;
        this.#setCamera(zoomAt(this.#camera, this.#size, x, y, Math.exp(-Math.max(Math.min(pixels, 300), -300) * speed), this.#limits()));
      },
      false,
    );
    on('keydown', (event) => this.#key(event), false);
  }

  #at(event: MouseEvent): { x: number; y: number } {
    const { left, top } = this.#host.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }

  #down(event: PointerEvent): void {
    if (event.button !== 0) return;
    const at = this.#at(event);
    this.#host.setPointerCapture(event.pointerId);
    this.#pointers.set(event.pointerId, at);
    if (this.#pointers.size === 1) {
      const isLasso = this.#tool === 'lasso' || event.shiftKey;
      this.#press = { ...at, moved: false, isLasso };
      this.#path = isLasso ? [at.x, at.y] : [];
    } else {
      // A second finger: both zoom, whatever the first began.
      this.#press = null;
      this.#clearLasso();
    }
  }

  #move(event: PointerEvent): void {
    const at = this.#at(event);
    const before = this.#pointers.get(event.pointerId);
    if (before === undefined) {
      if (event.pointerType === 'mouse') this.#events.onHover(this.#find(at, REACH.mouse), at.x, at.y);
      return;
    }
    this.#pointers.set(event.pointerId, at);
    if (this.#pointers.size === 2) {
      const [other] = [...this.#pointers].filter(([id]) => id !== event.pointerId).map(([, place]) => place);
      const factor = Math.hypot(at.x - other.x, at.y - other.y) / Math.max(Math.hypot(before.x - other.x, before.y - other.y), 1);
      const middle = { x: (at.x + other.x) / 2, y: (at.y + other.y) / 2 };
      const moved = panBy(this.#camera, (at.x - before.x) / 2, (at.y - before.y) / 2);
      this.#setCamera(zoomAt(moved, this.#size, middle.x, middle.y, factor, this.#limits()));
      return;
    }
    const press = this.#press;
    if (press === null || this.#pointers.size > 2) return;
    if (!press.moved) {
      if (Math.hypot(at.x - press.x, at.y - press.y) <= (event.pointerType === 'mouse' ? CLICK.mouse : CLICK.touch)) return;
      press.moved = true;
      this.#events.onHover(-1, 0, 0);
    }
    if (press.isLasso) {
      this.#path.push(at.x, at.y);
      this.#marks = { ...this.#marks, lasso: this.#path };
      this.#redraw();
    } else {
      this.#setCamera(panBy(this.#camera, at.x - before.x, at.y - before.y));
    }
  }

  #up(event: PointerEvent): void {
    if (!this.#pointers.delete(event.pointerId)) return;
    const press = this.#press;
    if (press === null || this.#pointers.size > 0) return;
    this.#press = null;
    const isTouch = event.pointerType !== 'mouse';
    if (!press.moved) {
      this.#events.onPick(this.#find(this.#at(event), isTouch ? REACH.touch : REACH.mouse), isTouch);
    } else if (press.isLasso) {
      const path = simplified(this.#path, 3).map((value, i) => (i % 2 === 0 ? toPlaneX(this.#camera, this.#size, value) : toPlaneY(this.#camera, this.#size, value)));
      // Where the points move, the one at hand may be old.
      if (this.#grid === null) this.#oldGrid = null;
      this.#events.onLasso(rowsInside(path, this.#gridNow(), this.#to));
    }
    this.#clearLasso();
  }

  #cancel(event: PointerEvent): void {
    this.#pointers.delete(event.pointerId);
    this.#press = null;
    this.#clearLasso();
  }

  #clearLasso(): void {
    this.#path = [];
    this.#marks = { ...this.#marks, lasso: [] };
    this.#redraw();
  }

  /** Of a selection only its own points are meant. */
  #find({ x, y }: { x: number; y: number }, reach: number): number {
    if (this.#to.length === 0) return -1;
    const selected = this.#selected;
    return this.#gridNow().nearest(toPlaneX(this.#camera, this.#size, x), toPlaneY(this.#camera, this.#size, y), reach / this.#camera.scale, (row) => selected === null || selected[row] === 1);
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const pans: Record<string, [number, number]> = { ArrowLeft: [PAN_STEP, 0], ArrowRight: [-PAN_STEP, 0], ArrowUp: [0, PAN_STEP], ArrowDown: [0, -PAN_STEP] };
    const pan = pans[event.key];
    if (pan) this.#glide(panBy(this.#wanted ?? this.#camera, pan[0], pan[1]));
    else if (event.key === '+' || event.key === '=') this.zoom(1);
    else if (event.key === '-') this.zoom(-1);
    else if (event.key === '0') this.showAll();
    else return;
    event.preventDefault();
  }
}

/** Up to here a motion is one of many that follow each other. */
export const STREAM_MS = 200;

const still = (): boolean => matchMedia('(prefers-reduced-motion: reduce)').matches;

const isNear = (a: Camera, b: Camera): boolean => Math.abs(Math.log(a.scale / b.scale)) < 1e-3 && Math.abs(a.x - b.x) * b.scale < 0.3 && Math.abs(a.y - b.y) * b.scale < 0.3;

const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));

/** Colours of all codes as the bytes of one number each, mixed with a paper. @param share of the colour */
function packed(table: Uint8Array, paper: readonly number[], share: number): Uint32Array {
  const bytes = new Uint8Array(1024);
  for (let code = 0; code < 256; code++) {
    for (let i = 0; i < 3; i++) bytes[4 * code + i] = table[3 * code + i] * share + paper[i] * (1 - share);
    bytes[4 * code + 3] = OPAQUE;
  }
  return new Uint32Array(bytes.buffer);
}

/** Around all points, but for a few that lie far off: they would make all others small. */
function mainBounds(positions: Float32Array): Bounds {
  const all = boundsOf(positions);
  const rows = positions.length / 2;
  if (rows < 200) return all;
  const step = Math.max(Math.floor(rows / 4000), 1);
  const axis = (offset: number): [number, number] => {
    const values = Float32Array.from({ length: Math.floor(rows / step) }, (_, i) => positions[2 * i * step + offset]).sort();
    const [low, high] = [values[Math.floor(values.length * 0.004)], values[Math.ceil(values.length * 0.996) - 1]];
    const room = 0.06 * (high - low);
    return [low - room, high + room];
  };
  const [[left, right], [bottom, top]] = [axis(0), axis(1)];
  const isSpread = all.right - all.left > 1.5 * (right - left) || all.top - all.bottom > 1.5 * (top - bottom);
  return isSpread ? { left, right, bottom, top } : all;
}
