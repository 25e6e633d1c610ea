/** I420 to RGBA on the CPU, for a 2D canvas. Limited-range BT.601, as every camera and VP8 stream here has. */
import { chroma, type I420Picture } from './wire';

// 16.16 fixed point: 255/219 for luma, 255/224 times the BT.601 coefficients for chroma.
const Y = 76309;
const V_TO_R = 104597;
const U_TO_G = 25675;
const V_TO_G = 53279;
const U_TO_B = 132201;
const HALF = 1 << 15;

/** Fills `rgba` with the picture. `rgba` clamps by itself, so no value needs to be limited here. */
export function toRgba({ width, height, payload }: I420Picture, rgba: Uint8ClampedArray): void {
  const chromaWidth = chroma(width);
  const uPlane = width * height;
  const vPlane = uPlane + chromaWidth * chroma(height);
  for (let row = 0, luma = 0, out = 0; row < height; row++) {
    const chromaRow = (row >> 1) * chromaWidth;
    for (let column = 0; column < width;) {
      const at = chromaRow + (column >> 1);
      const u = (payload[uPlane + at] ?? 128) - 128;
      const v = (payload[vPlane + at] ?? 128) - 128;
      const red = V_TO_R * v + HALF;
      const green = -U_TO_G * u - V_TO_G * v + HALF;
      const blue = U_TO_B * u + HALF;
      // Two pixels share one chroma sample; the last of an odd row stands alone.
      for (const end = Math.min(column + 2, width); column < end; column++) {
        const y = ((payload[luma++] ?? 16) - 16) * Y;
        rgba[out] = (y + red) >> 16;
        rgba[out + 1] = (y + green) >> 16;
        rgba[out + 2] = (y + blue) >> 16;
        rgba[out + 3] = 255;
        out += 4;
      }
    }
  }
}

/** RGBA to I420, chroma taken from the top left pixel of each four. Serves the fake host and the tests. */
export function fromRgba(rgba: Uint8ClampedArray, width: number, height: number): Uint8Array<ArrayBuffer> {
  const chromaWidth = chroma(width);
  const uPlane = width * height;
  const vPlane = uPlane + chromaWidth * chroma(height);
  const planes = new Uint8Array(vPlane + chromaWidth * chroma(height));
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const at = (row * width + column) * 4;
      const r = rgba[at] ?? 0;
      const g = rgba[at + 1] ?? 0;
      const b = rgba[at + 2] ?? 0;
      planes[row * width + column] = 16 + 0.2568 * r + 0.5041 * g + 0.0979 * b;
      if (row % 2 === 0 && column % 2 === 0) {
        const to = (row >> 1) * chromaWidth + (column >> 1);
        planes[uPlane + to] = 128 - 0.1482 * r - 0.291 * g + 0.4392 * b;
        planes[vPlane + to] = 128 + 0.4392 * r - 0.3678 * g - 0.0714 * b;
      }
    }
  }
  return planes;
}
