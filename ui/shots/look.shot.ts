/** Every scene as a picture, in every size and theme; and what can be said of a picture without looking at it. */
import { mkdirSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { SCENES, type SceneName } from '../src/host/fake/scenes';
import { drawnAgain, find, LARGE, LOW, show, TALL } from './browser';

const FOLDER = new URL('../../artifacts/ui/', import.meta.url).pathname;
mkdirSync(FOLDER, { recursive: true });

/** Scenes, and states of them that a person reaches by one action. */
interface View {
  name: string;
  scene: SceneName;
  act?: (page: Page) => Promise<void>;
}
const VIEWS: View[] = [
  ...(Object.keys(SCENES) as SceneName[]).map((scene) => ({ name: scene, scene })),
  { name: 'register', scene: 'sign-in', act: (page) => find(page, 'register-toggle').click() },
  {
    name: 'sign-in-insecure',
    scene: 'sign-in',
    act: (page) => find(page, 'signin-server').fill('http://192.168.1.20:8000'),
  },
  { name: 'contacts-no-match', scene: 'contacts', act: (page) => find(page, 'search').fill('Zuse') },
  { name: 'contacts-devices', scene: 'contacts', act: (page) => find(page, 'devices').click() },
  { name: 'call-chat-open', scene: 'call-chat', act: (page) => find(page, 'toggle-chat').click() },
  { name: 'call-chat-empty', scene: 'call', act: (page) => find(page, 'toggle-chat').click() },
  { name: 'hard-chat', scene: 'hard-call', act: (page) => find(page, 'toggle-chat').click() },
  {
    name: 'hard-chat-start',
    scene: 'hard-call',
    act: async (page) => {
      await find(page, 'toggle-chat').click();
      const log = page.getByRole('log');
      await page.waitForFunction(() => (document.querySelector('[role=log]')?.scrollTop ?? 0) > 0);
      await log.evaluate((element) => element.scrollTo(0, 0));
    },
  },
  { name: 'call-devices', scene: 'call', act: (page) => find(page, 'devices').click() },
  { name: 'call-quality', scene: 'call', act: (page) => find(page, 'quality').click() },
];

const LOOKS = [LARGE, TALL, LOW].flatMap((size) => (['light', 'dark'] as const).map((theme) => ({ size, theme })));

it.each(VIEWS)('$name looks right in every size and theme', async ({ name, scene, act }) => {
  const page = await show(scene);
  await act?.(page);
  if (name === 'contacts-no-match') await find(page, 'empty').waitFor();
  for (const { size, theme } of LOOKS) {
    await page.setViewportSize(size);
    await page.emulateMedia({ colorScheme: theme });
    // A picture drawn after the change, and no control that has gone out of sight.
    await page.mouse.move(size.width / 2, size.height / 2 + (theme === 'dark' ? 1 : 0));
    for (const video of ['remote-video', 'self-video']) {
      if ((await find(page, video).count()) > 0) await drawnAgain(page, video);
    }
    const look = `${size.width}x${size.height}-${theme}`;
    await page.screenshot({ path: `${FOLDER}${name}-${look}.png` });
    expect.soft(await overflowing(page), look).toEqual([]);
  }
  expect(await nameless(page)).toEqual([]);
  expect(await unreachable(page)).toEqual([]);
});

/** Elements that reach beyond the window or have a scrollbar where none is meant to be. */
function overflowing(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = [];
    for (const element of document.querySelectorAll<HTMLElement>('body, body *')) {
      const style = getComputedStyle(element);
      const box = element.getBoundingClientRect();
      if (element.closest('.unseen') || style.visibility === 'hidden' || box.width === 0) continue;
      const name = `${element.tagName.toLowerCase()}.${element.getAttribute('class') ?? ''}`;
      const scroller = element.parentElement?.closest('.log, section, main');
      const scrolls = scroller && scroller.scrollHeight > scroller.clientHeight;
      if (box.left < -0.5 || box.right > innerWidth + 0.5) found.push(`${name} is cut at a side`);
      if (!scrolls && (box.top < -0.5 || box.bottom > innerHeight + 0.5)) found.push(`${name} is cut above or below`);
      if (/auto|scroll/.test(style.overflowX) && element.scrollWidth > element.clientWidth)
        found.push(`${name} scrolls sideways`);
    }
    if (document.documentElement.scrollHeight > innerHeight) found.push('the page scrolls');
    return found;
  });
}

/** Controls that a screen reader would not name. */
async function nameless(page: Page): Promise<string[]> {
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send('Accessibility.getFullAXTree');
  const controls = new Set(['button', 'textbox', 'searchbox', 'combobox', 'dialog', 'log', 'toolbar', 'image']);
  return nodes
    .filter(({ ignored, role, name }) => !ignored && controls.has(String(role?.value)) && !name?.value)
    .map(({ role }) => `a ${String(role?.value)} without a name`);
}

/** Controls that Tab never comes to. */
async function unreachable(page: Page): Promise<string[]> {
  const all = 'button:enabled, input:enabled, select:enabled, textarea:enabled';
  const controls = await page.locator(all).count();
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  for (let press = 0; press < controls + 3; press++) {
    await page.keyboard.press('Tab');
    await page.evaluate(() => document.activeElement?.setAttribute('data-reached', ''));
  }
  return page
    .locator(all)
    .evaluateAll((elements) =>
      elements
        .filter((element) => element.checkVisibility() && !element.hasAttribute('data-reached'))
        .map((element) => `${element.getAttribute('data-testid') ?? element.outerHTML} is not reached by Tab`),
    );
}
