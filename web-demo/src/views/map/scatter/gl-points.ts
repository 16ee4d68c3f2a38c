/**
 * Points by WebGL 2: one draw call, motion between two sets of places in the shader. Our own, because the libraries that
 * draw points generate code at run time, which the page's content security policy forbids.
 */
import type { Frame, Points } from './points.ts';

const VERTEX = `#version 300 es
in vec2 origin;
in vec2 place;
in vec4 colour;
uniform float share;
uniform vec2 centre;
uniform vec2 scale;
uniform float diameter;
out vec4 tint;
void main() {
  gl_Position = vec4((mix(origin, place, share) - centre) * scale, 0.0, 1.0);
  gl_PointSize = diameter + 1.0;
  tint = colour;
}`;

const FRAGMENT = `#version 300 es
precision highp float;
in vec4 tint;
uniform float diameter;
out vec4 pixel;
void main() {
  // In pixels from the edge of the disc; a pixel wide, it fades.
  float inside = 0.5 * diameter - length(gl_PointCoord - 0.5) * (diameter + 1.0);
  float opacity = tint.a * clamp(inside + 0.5, 0.0, 1.0);
  pixel = vec4(tint.rgb * opacity, opacity);
}`;

/** Null where the browser has no WebGL 2, or will not give it to the page. */
export function glPoints(canvas: HTMLCanvasElement, onLost: (isLost: boolean) => void): Points | null {
  const gl = canvas.getContext('webgl2', { alpha: true, antialias: false, depth: false, premultipliedAlpha: true, powerPreference: 'high-performance' });
  return gl === null ? null : new GlPoints(gl, canvas, onLost);
}

interface Parts {
  readonly origin: WebGLBuffer;
  readonly place: WebGLBuffer;
  readonly colour: WebGLBuffer;
  readonly order: WebGLBuffer;
  readonly uniforms: Readonly<Record<'share' | 'centre' | 'scale' | 'diameter', WebGLUniformLocation | null>>;
}

class GlPoints implements Points {
  readonly #gl: WebGL2RenderingContext;
  readonly #canvas: HTMLCanvasElement;
  #parts: Parts | null = null;
  /** What the card has, so that it can be given again when the card has forgotten all. */
  #from = new Float32Array(0);
  #to = new Float32Array(0);
  #colours = new Uint8Array(0);
  #order = new Uint32Array(0);
  readonly #listeners = new AbortController();

  constructor(gl: WebGL2RenderingContext, canvas: HTMLCanvasElement, onLost: (isLost: boolean) => void) {
    this.#gl = gl;
    this.#canvas = canvas;
    this.#parts = this.#make();
    const { signal } = this.#listeners;
    canvas.addEventListener(
      'webglcontextlost',
      (event) => {
        event.preventDefault();
        this.#parts = null;
        onLost(true);
      },
      { signal },
    );
    canvas.addEventListener(
      'webglcontextrestored',
      () => {
        this.#parts = this.#make();
        this.setPositions(this.#from, this.#to);
        this.setColours(this.#colours);
        this.setOrder(this.#order);
        onLost(false);
      },
      { signal },
    );
  }

  get drawn(): number {
    return this.#order.length;
  }

  setPositions(from: Float32Array, to: Float32Array): void {
    this.#from = from as Float32Array<ArrayBuffer>;
    this.#to = to as Float32Array<ArrayBuffer>;
    if (this.#parts === null) return;
    this.#fill(this.#parts.origin, this.#from);
    this.#fill(this.#parts.place, this.#to);
  }

  setColours(colours: Uint8Array): void {
    this.#colours = colours as Uint8Array<ArrayBuffer>;
    if (this.#parts) this.#fill(this.#parts.colour, this.#colours);
  }

  setOrder(order: Uint32Array): void {
    this.#order = order as Uint32Array<ArrayBuffer>;
    if (this.#parts) this.#fill(this.#parts.order, this.#order, this.#gl.ELEMENT_ARRAY_BUFFER);
  }

  draw({ camera, size, ratio, share, radius }: Frame): void {
    const gl = this.#gl;
    const width = Math.round(size.width * ratio);
    const height = Math.round(size.height * ratio);
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      this.#canvas.width = width;
      this.#canvas.height = height;
    }
    const rows = this.#order.length;
    if (this.#parts === null) return;
    gl.viewport(0, 0, width, height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    // Places and colours may be told one after the other.
    if (rows === 0 || this.#to.length < 2 * rows || this.#from.length < 2 * rows || this.#colours.length < 4 * rows) return;
    const { uniforms } = this.#parts;
    gl.uniform1f(uniforms.share, share);
    gl.uniform2f(uniforms.centre, camera.x, camera.y);
    gl.uniform2f(uniforms.scale, (2 * camera.scale) / size.width, (2 * camera.scale) / size.height);
    gl.uniform1f(uniforms.diameter, 2 * radius * ratio);
    gl.drawElements(gl.POINTS, rows, gl.UNSIGNED_INT, 0);
  }

  dispose(): void {
    this.#listeners.abort();
    // A canvas keeps its context; the memory goes back at once and not when garbage is collected.
    this.#gl.getExtension('WEBGL_lose_context')?.loseContext();
    this.#parts = null;
  }

  #fill(buffer: WebGLBuffer, data: ArrayBufferView<ArrayBuffer>, target: number = this.#gl.ARRAY_BUFFER): void {
    this.#gl.bindBuffer(target, buffer);
    this.#gl.bufferData(target, data, this.#gl.DYNAMIC_DRAW);
  }

  /** Null where the context is lost. */
  #make(): Parts | null {
    const gl = this.#gl;
    const program = gl.createProgram();
    for (const [type, source] of [
      [gl.VERTEX_SHADER, VERTEX],
      [gl.FRAGMENT_SHADER, FRAGMENT],
    ] as const) {
      const shader = gl.createShader(type);
      if (shader === null) return null;
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) {
      if (gl.isContextLost()) return null;
      throw new Error(`the map's shaders were refused: ${gl.getProgramInfoLog(program) ?? ''}`);
    }
    gl.useProgram(program);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    const attribute = (name: string, size: number, type: number, isNormalized: boolean): WebGLBuffer => {
      const buffer = gl.createBuffer();
      const location = gl.getAttribLocation(program, name);
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      gl.enableVertexAttribArray(location);
      gl.vertexAttribPointer(location, size, type, isNormalized, 0, 0);
      return buffer;
    };
    const uniform = (name: string) => gl.getUniformLocation(program, name);
    return {
      origin: attribute('origin', 2, gl.FLOAT, false),
      place: attribute('place', 2, gl.FLOAT, false),
      colour: attribute('colour', 4, gl.UNSIGNED_BYTE, true),
      order: gl.createBuffer(),
      uniforms: { share: uniform('share'), centre: uniform('centre'), scale: uniform('scale'), diameter: uniform('diameter') },
    };
  }
}
