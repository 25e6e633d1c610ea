/** What the UI does when a person does something. */
import { describe, expect, it } from 'vitest';
import { changeCall, drawn, find, sent, show } from './browser';

const LINE = { mine: false, sent_at_ms: 0, delivery: 'delivered' } as const;

describe('signing in', () => {
  it('sends what was typed, and remembers server and name but no password', async () => {
    const page = await show('sign-in');
    expect(await find(page, 'signin-server').inputValue()).toBe('http://127.0.0.1:8000');
    await find(page, 'signin-server').fill(' https://calls.example.org ');
    await find(page, 'signin-username').fill('Ada');
    await find(page, 'signin-password').fill('correct horse');
    await page.keyboard.press('Enter');
    await find(page, 'contact-grace').waitFor();
    expect((await sent(page))[0]).toEqual({
      type: 'sign_in',
      server: 'https://calls.example.org',
      username: 'ada',
      password: 'correct horse',
    });
    expect(await page.evaluate(() => JSON.stringify(localStorage))).not.toContain('horse');
    await page.reload();
    expect(await find(page, 'signin-server').inputValue()).toBe('https://calls.example.org');
    expect(await find(page, 'signin-username').inputValue()).toBe('ada');
  });

  it('registers with a name to show', async () => {
    const page = await show('sign-in');
    await find(page, 'register-toggle').click();
    await find(page, 'signin-username').fill('ada');
    await find(page, 'signin-display-name').fill('Ada Lovelace');
    await find(page, 'signin-password').fill('short');
    await find(page, 'signin-submit').click();
    expect(await sent(page)).toEqual([]);
    await find(page, 'signin-password').fill('long enough');
    await find(page, 'signin-submit').click();
    expect((await sent(page))[0]).toMatchObject({ type: 'register', display_name: 'Ada Lovelace' });
  });

  it('warns before a password goes over plain HTTP to another machine', async () => {
    const page = await show('sign-in');
    expect(await find(page, 'signin-insecure').count()).toBe(0);
    await find(page, 'signin-server').fill('http://calls.example.org');
    await find(page, 'signin-insecure').waitFor();
  });
});

describe('contacts', () => {
  it('asks once for a search, after a pause in the typing', async () => {
    const page = await show('contacts');
    await find(page, 'search').pressSequentially('noe', { delay: 10 });
    await find(page, 'contact-emmy').waitFor();
    await find(page, 'contact-grace').waitFor({ state: 'detached' });
    const searches = (await sent(page)).filter(({ type }) => type === 'search_users');
    expect(searches.at(-1)).toEqual({ type: 'search_users', query: 'noe' });
    expect(searches).toHaveLength(2);
  });

  it('calls by the button beside a person', async () => {
    const page = await show('contacts');
    await find(page, 'call-grace').click();
    await find(page, 'hangup').waitFor();
    expect(await find(page, 'call-phase').getAttribute('data-phase')).toBe('ringing');
    expect(await page.title()).toBe('Ringing… Grace Hopper');
  });

  it('does not let anybody be called without a connection', async () => {
    const page = await show('contacts-offline');
    expect(await find(page, 'call-grace').isDisabled()).toBe(true);
  });

  it('chooses a device, or none in particular', async () => {
    const page = await show('contacts');
    await find(page, 'devices').click();
    await find(page, 'device-camera').selectOption('cam-0');
    await find(page, 'device-camera').selectOption('');
    const chosen = (await sent(page)).filter(({ type }) => type === 'choose_camera');
    expect(chosen).toEqual([
      { type: 'choose_camera', id: 'cam-0' },
      { type: 'choose_camera', id: null },
    ]);
    await page.keyboard.press('Escape');
    await find(page, 'device-camera').waitFor({ state: 'detached' });
    expect(await page.evaluate(() => document.activeElement?.getAttribute('data-testid'))).toBe('devices');
  });
});

describe('an incoming call', () => {
  it('is read aloud at once, and what comes after it in its turn', async () => {
    const page = await show('incoming');
    expect(await find(page, 'call-alert').textContent()).toBe('Incoming call Grace Hopper');
    expect(await find(page, 'call-phase').getAttribute('data-phase')).toBe('incoming');
    await changeCall(page, { phase: 'connecting' });
    await page.getByRole('status').filter({ hasText: 'Connecting… Grace Hopper' }).waitFor({ state: 'attached' });
    expect(await find(page, 'call-alert').textContent()).toBe('');
  });

  it('is not answered by the rest of a word that was being typed', async () => {
    const page = await show('incoming');
    await page.keyboard.type('ada and');
    expect(await sent(page)).toEqual([]);
  });

  it.each([
    ['a', 'accept'],
    ['d', 'decline'],
  ])('is answered by the key %s after a quiet moment', async (key, type) => {
    const page = await show('incoming');
    await page.waitForFunction(
      (start) => performance.now() - start > 800,
      await page.evaluate(() => performance.now()),
    );
    await page.keyboard.press(key);
    expect(await sent(page)).toEqual([{ type }]);
  });
});

describe('in a call', () => {
  it('hides the controls when nobody stirs, and shows them again', async () => {
    const page = await show('call');
    await drawn(page, 'remote-video', 1);
    const bar = page.getByRole('toolbar');
    const opacity = (value: string) =>
      page.waitForFunction(
        (wanted) => getComputedStyle(document.querySelector('[role=toolbar]') ?? document.body).opacity === wanted,
        value,
      );
    await opacity('0');
    await page.mouse.move(300, 300);
    await opacity('1');
    await find(page, 'toggle-mic').focus();
    await page.keyboard.press('Tab');
    await page.waitForFunction(() => document.querySelector('main')?.classList.contains('hidden'));
    expect(await bar.evaluate((element) => getComputedStyle(element).opacity)).toBe('1');
  });

  it('keeps the controls while there is no picture to uncover', async () => {
    const page = await show('call-camera-off');
    await page.waitForFunction(
      (start) => performance.now() - start > 3300,
      await page.evaluate(() => performance.now()),
    );
    expect(await page.locator('main').evaluate((main) => main.classList.contains('hidden'))).toBe(false);
  });

  it('takes shortcuts, but not those that are letters of a message', async () => {
    const page = await show('call');
    await page.keyboard.press('m');
    await page.keyboard.press('v');
    await page.keyboard.press('c');
    await find(page, 'chat-input').pressSequentially('mvc');
    await page.keyboard.press('Control+Shift+H');
    expect(await sent(page)).toEqual([
      { type: 'set_microphone', on: false },
      { type: 'set_camera', on: false },
      { type: 'hang_up' },
    ]);
    expect(await find(page, 'ended-reason').getAttribute('data-reason')).toBe('hangup');
  });

  it('says by a pressed microphone that it is muted', async () => {
    const page = await show('call');
    await find(page, 'toggle-mic').click();
    expect(await find(page, 'toggle-mic').getAttribute('aria-label')).toBe('Unmute microphone');
  });

  it('counts what was written while the chat was closed', async () => {
    const page = await show('call');
    await changeCall(page, {
      chat: [
        { ...LINE, id: 1, text: 'Hello?' },
        { ...LINE, id: 2, text: 'Anybody?' },
      ],
    });
    expect(await find(page, 'unread').textContent()).toBe('2');
    expect(await page.getByRole('status').allTextContents()).toContain('Grace Hopper: Anybody?');
    await find(page, 'toggle-chat').click();
    await find(page, 'unread').waitFor({ state: 'detached' });
    await page.keyboard.press('Escape');
    expect(await find(page, 'unread').count()).toBe(0);
    expect(await page.evaluate(() => document.activeElement?.getAttribute('data-testid'))).toBe('toggle-chat');
  });

  it('sends a message by Enter and breaks a line by Shift+Enter', async () => {
    const page = await show('call');
    await find(page, 'toggle-chat').click();
    await page.keyboard.type('one');
    await page.keyboard.press('Shift+Enter');
    await page.keyboard.type('two');
    await page.keyboard.press('Enter');
    expect((await sent(page)).at(-1)).toEqual({ type: 'send_chat', text: 'one\ntwo' });
    expect(await find(page, 'chat-input').inputValue()).toBe('');
    await page.keyboard.press('Enter');
    expect(await find(page, 'chat-line').count()).toBe(1);
  });

  it('keeps the newest line in sight, unless an older one is being read', async () => {
    const page = await show('call');
    await find(page, 'toggle-chat').click();
    const lines = (count: number) =>
      Array.from({ length: count }, (_, at) => ({ ...LINE, id: at + 1, text: `line ${at}` }));
    const toEnd = () =>
      page.getByRole('log').evaluate((log) => Math.round(log.scrollHeight - log.scrollTop - log.clientHeight));
    await changeCall(page, { chat: lines(40) });
    await page.waitForFunction(() => (document.querySelector('[role=log]')?.scrollTop ?? 0) > 0);
    expect(await toEnd()).toBe(0);
    // The window hears of it in the next frame.
    await page.getByRole('log').evaluate(
      (log) =>
        new Promise<void>((resolve) => {
          log.addEventListener('scroll', () => resolve(), { once: true });
          log.scrollTo(0, 0);
        }),
    );
    await changeCall(page, { chat: lines(41) });
    await find(page, 'chat-line').nth(40).waitFor();
    expect(await toEnd()).toBeGreaterThan(100);
  });

  it('lays a message out by its own direction, each line for itself', async () => {
    const page = await show('hard-call');
    await find(page, 'toggle-chat').click();
    const bubble = page.locator('.bubble');
    const laid = (at: number) => bubble.nth(at).evaluate((element) => getComputedStyle(element));
    expect(await bubble.nth(0).getAttribute('dir')).toBe('auto');
    expect((await laid(0)).direction).toBe('rtl');
    expect((await laid(2)).direction).toBe('ltr');
    expect((await laid(0)).unicodeBidi).toBe('plaintext');
    expect(await find(page, 'chat-input').getAttribute('dir')).toBe('auto');
  });

  it('moves one’s own picture by dragging and by arrow keys', async () => {
    const page = await show('call');
    const view = find(page, 'self-view');
    const box = await view.boundingBox();
    if (!box) throw new Error('the self view has no box');
    await page.mouse.move(box.x + 20, box.y + 20);
    await page.mouse.down();
    await page.mouse.move(200, 200, { steps: 4 });
    await page.mouse.up();
    expect(await view.getAttribute('data-corner')).toBe('top-left');
    await view.press('ArrowDown');
    expect(await view.getAttribute('data-corner')).toBe('bottom-left');
  });

  it('closes a panel by Escape before the chat', async () => {
    const page = await show('call');
    await find(page, 'toggle-chat').click();
    await find(page, 'devices').click();
    await page.keyboard.press('Escape');
    expect(await page.getByRole('dialog').count()).toBe(0);
    expect(await find(page, 'chat-input').count()).toBe(1);
  });
});

describe('afterwards', () => {
  it('calls the same person again', async () => {
    const page = await show('ended-failed');
    await find(page, 'ended-again').click();
    const asked = (await sent(page)).filter(({ type }) => type !== 'search_users');
    expect(asked).toEqual([{ type: 'dismiss_call' }, { type: 'dial', user_id: 'id-grace' }]);
  });

  it('takes a notice off when dismissed', async () => {
    const page = await show('call-notice');
    await find(page, 'notice-dismiss').click();
    await find(page, 'notice').waitFor({ state: 'detached' });
    expect(await sent(page)).toEqual([{ type: 'dismiss_notice' }]);
  });
});
