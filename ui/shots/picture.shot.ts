/** The way of the picture: from the feed's messages to pixels, in a real browser. */
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { changeCall, drawn, find, show } from './browser';

/** A few pixels of a canvas, through a picture of it, as WebGL does not keep its own. */
function pixels(page: Page, testid: string): Promise<Buffer> {
  return find(page, testid).screenshot();
}

it('decodes the remote picture in the webview, and it moves', async () => {
  const page = await show('call');
  await drawn(page, 'remote-video', 2);
  const before = await pixels(page, 'remote-video');
  await drawn(page, 'remote-video', 30);
  expect(before.equals(await pixels(page, 'remote-video'))).toBe(false);
  const { kind, width, height } = await find(page, 'remote-video').evaluate((canvas: HTMLElement) =>
    Object.assign({}, canvas.dataset),
  );
  expect({ kind, width, height }).toEqual({ kind: 'encoded', width: '640', height: '360' });
});

it('draws one’s own picture from I420, no larger than it is shown', async () => {
  const page = await show('call');
  await drawn(page, 'self-video', 10);
  const { kind, width } = await find(page, 'self-video').evaluate((canvas: HTMLElement) =>
    Object.assign({}, canvas.dataset),
  );
  expect(kind).toBe('i420');
  expect(Number(width)).toBeLessThanOrEqual(210);
});

it.each(['i420', 'damaged'] as const)('shows I420 from a feed that is %s', async (feed) => {
  const page = await show('call', { feed });
  await drawn(page, 'remote-video', 10);
  expect(await find(page, 'remote-video').getAttribute('data-kind')).toBe('i420');
  expect(await find(page, 'remote-avatar').count()).toBe(0);
});

it('shows the colours that were sent, by either way', async () => {
  const corners: number[][] = [];
  for (const feed of ['good', 'i420'] as const) {
    const page = await show('call', { feed });
    await drawn(page, 'remote-video', 5);
    corners.push(
      await page.evaluate(() => {
        const canvas = document.querySelector<HTMLCanvasElement>('[data-testid=remote-video]');
        const copy = new OffscreenCanvas(1, 1).getContext('2d');
        if (!canvas || !copy) return [];
        // The lower right of the wall, where nothing moves.
        copy.drawImage(canvas, canvas.width * 0.95, canvas.height * 0.9, 1, 1, 0, 0, 1, 1);
        return [...copy.getImageData(0, 0, 1, 1).data].slice(0, 3);
      }),
    );
    await page.close();
  }
  const [encoded = [], i420 = []] = corners;
  expect(i420).toHaveLength(3);
  i420.forEach((value, at) => expect(Math.abs(value - (encoded[at] ?? -99))).toBeLessThan(8));
});

it('decodes what is past and does not show it, though much of it comes at once', async () => {
  const page = await show('call', { feed: 'repaired' });
  const seen = await page.evaluate(async () => {
    const copy = new OffscreenCanvas(1, 1).getContext('2d');
    const seen = new Set<string>();
    for (let frames = 0; frames < 60;) {
      await new Promise(requestAnimationFrame);
      const canvas = document.querySelector<HTMLCanvasElement>('[data-testid=remote-video]');
      frames = Number(canvas?.dataset.frames ?? 0);
      if (!canvas || !copy || frames === 0) continue;
      copy.drawImage(canvas, canvas.width * 0.95, canvas.height * 0.9, 1, 1, 0, 0, 1, 1);
      const [red = 0, green = 0, blue = 0] = copy.getImageData(0, 0, 1, 1).data;
      seen.add(red > 200 && green < 80 && blue < 80 ? 'red' : 'wall');
    }
    return [...seen];
  });
  expect(seen).toEqual(['wall']);
});

it('shows an avatar and no frozen picture while the other camera is off', async () => {
  const page = await show('call');
  await drawn(page, 'remote-video', 5);
  await changeCall(page, { remote: { camera: false, microphone: true, paused: false } });
  await find(page, 'remote-avatar').waitFor();
  expect(await find(page, 'remote-video').count()).toBe(0);
  await changeCall(page, { remote: { camera: true, microphone: true, paused: false } });
  await drawn(page, 'remote-video', 1);
  await find(page, 'remote-avatar').waitFor({ state: 'detached' });
});
