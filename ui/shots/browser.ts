/** A Chromium, and pages of it that show one scene each. */
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, inject } from 'vitest';
import type { Command } from '../src/types/Command';
import type { Snapshot } from '../src/types/Snapshot';
import type { FeedKind } from '../src/host/fake/feed';
import type { SceneName } from '../src/host/fake/scenes';

export const LARGE = { width: 1280, height: 760 };
/** The smallest windows: as tall as it is narrow, and as wide as it is low. */
export const TALL = { width: 360, height: 600 };
export const LOW = { width: 480, height: 320 };

export interface Options {
  feed?: FeedKind;
}

let browser: Browser;
let faults: string[] = [];

beforeAll(async () => {
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox'],
  });
});
afterAll(() => browser.close());

// What the browser complains of is a fault of the page, whatever the test was about: a script error, a breach of the
// content security policy.
afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()));
  const seen = faults;
  faults = [];
  expect(seen).toEqual([]);
});

export async function show(scene: SceneName, options: Options = {}): Promise<Page> {
  const context = await browser.newContext({
    viewport: LARGE,
    colorScheme: 'light',
    reducedMotion: 'reduce',
    locale: 'en-GB',
    timezoneId: 'UTC',
  });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.location().url.endsWith('/favicon.ico')) faults.push(message.text());
  });
  page.on('pageerror', (error) => faults.push(String(error)));
  await page.goto(`${inject('url')}?fake=${scene}&feed=${options.feed ?? 'good'}`);
  await page.waitForSelector('main');
  return page;
}

export function find(page: Page, testid: string) {
  return page.locator(`[data-testid="${testid}"]`);
}

/** Waits until a canvas has drawn that many pictures. */
export async function drawn(page: Page, testid: string, pictures: number): Promise<void> {
  await page.waitForFunction(
    ([id, least]) => Number(document.querySelector<HTMLElement>(`[data-testid="${id}"]`)?.dataset.frames ?? 0) >= least,
    [testid, pictures] as const,
  );
}

/** Waits until a canvas has drawn two more pictures: the first may have been on its way. */
export async function drawnAgain(page: Page, testid: string): Promise<void> {
  const frames = Number((await find(page, testid).getAttribute('data-frames')) ?? 0);
  await drawn(page, testid, frames + 2);
}

/** What the UI has asked for. */
export function sent(page: Page): Promise<Command[]> {
  return page.evaluate(() => window.eyelineFake?.sent ?? []);
}

/** Tells the UI of a change to its call. */
export async function changeCall(page: Page, change: Partial<NonNullable<Snapshot['call']>>): Promise<void> {
  await page.evaluate((to) => {
    window.eyelineFake?.show((before) => ({ ...before, call: before.call && { ...before.call, ...to } }));
  }, change);
}
