/** I420 by WebGL: three textures and one shader that converts limited-range BT.601. */
import { resize } from './canvas';
import { chroma, type I420Picture } from './wire';

/** Names that software renderers go by. */
const SOFTWARE = /llvmpipe|softpipe|swiftshader|software|basic render|swrast/i;

let gpu: boolean | undefined;

/** Whether WebGL is drawn by hardware. Asked once: the answer does not change while the program runs. */
export function hasGpu(): boolean {
  gpu ??= isHardware(document.createElement('canvas').getContext('webgl'));
  return gpu;
}

function isHardware(gl: WebGLRenderingContext | null): boolean {
  if (!gl) return false;
  const info = gl.getExtension('WEBGL_debug_renderer_info');
  const name: unknown = info ? gl.getParameter(info.UNMASKED_RENDERER_WEBGL) : null;
  gl.getExtension('WEBGL_lose_context')?.loseContext();
  return typeof name === 'string' && isHardwareName(name);
}

export function isHardwareName(renderer: string): boolean {
  return renderer !== '' && !SOFTWARE.test(renderer);
}

const VERTEX = `
attribute vec2 corner;
varying vec2 at;
void main() {
  at = vec2(corner.x, 1.0 - corner.y);
  gl_Position = vec4(corner * 2.0 - 1.0, 0.0, 1.0);
}`;

const FRAGMENT = `
precision mediump float;
varying vec2 at;
uniform sampler2D yPlane, uPlane, vPlane;
void main() {
  float y = 1.1644 * (texture2D(yPlane, at).r - 0.0627);
  float u = texture2D(uPlane, at).r - 0.502;
  float v = texture2D(vPlane, at).r - 0.502;
  gl_FragColor = vec4(y + 1.596 * v, y - 0.3918 * u - 0.813 * v, y + 2.0172 * u, 1.0);
}`;

export class WebGlPainter {
  readonly #gl: WebGLRenderingContext;
  readonly #planes: WebGLTexture[];

  constructor(readonly canvas: HTMLCanvasElement) {
    const gl = canvas.getContext('webgl', { alpha: false, antialias: false, depth: false, desynchronized: true });
    if (!gl) throw new Error('the canvas has no WebGL context');
    this.#gl = gl;
    const program = link(gl);
    gl.useProgram(program);
    gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ARRAY_BUFFER, new Float32Array([0, 0, 1, 0, 0, 1, 1, 1]), gl.STATIC_DRAW);
    const corner = gl.getAttribLocation(program, 'corner');
    gl.enableVertexAttribArray(corner);
    gl.vertexAttribPointer(corner, 2, gl.FLOAT, false, 0, 0);
    // Rows of any width follow each other without padding.
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    this.#planes = ['yPlane', 'uPlane', 'vPlane'].map((name, unit) => {
      gl.uniform1i(gl.getUniformLocation(program, name), unit);
      gl.activeTexture(gl.TEXTURE0 + unit);
      const texture = gl.createTexture();
      gl.bindTexture(gl.TEXTURE_2D, texture);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
      return texture;
    });
  }

  paint({ width, height, payload }: I420Picture): void {
    const gl = this.#gl;
    resize(this.canvas, width, height);
    gl.viewport(0, 0, width, height);
    let offset = 0;
    this.#planes.forEach((texture, unit) => {
      const planeWidth = unit === 0 ? width : chroma(width);
      const planeHeight = unit === 0 ? height : chroma(height);
      const plane = payload.subarray(offset, (offset += planeWidth * planeHeight));
      gl.activeTexture(gl.TEXTURE0 + unit);
      gl.bindTexture(gl.TEXTURE_2D, texture);
      const format = gl.LUMINANCE;
      gl.texImage2D(gl.TEXTURE_2D, 0, format, planeWidth, planeHeight, 0, format, gl.UNSIGNED_BYTE, plane);
    });
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
  }
}

function link(gl: WebGLRenderingContext): WebGLProgram {
  const program = gl.createProgram();
  for (const [type, source] of [
    [gl.VERTEX_SHADER, VERTEX],
    [gl.FRAGMENT_SHADER, FRAGMENT],
  ] as const) {
    const shader = gl.createShader(type);
    if (!shader) throw new Error('WebGL context lost');
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) {
    throw new Error(gl.getProgramInfoLog(program) ?? 'shader program does not link');
  }
  return program;
}
