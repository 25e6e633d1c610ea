/** The server's address as it is typed, and remembered. */
const DEFAULT_SERVER = 'http://127.0.0.1:8000';
const KEY = 'eyeline.sign-in';

export interface Remembered {
  server: string;
  username: string;
}

/** What was last signed in with. */
export function remembered(): Remembered {
  try {
    const stored = JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Remembered>;
    return { server: stored.server ?? DEFAULT_SERVER, username: stored.username ?? '' };
  } catch {
    return { server: DEFAULT_SERVER, username: '' };
  }
}

export function remember(what: Remembered): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(what));
  } catch {
    // Storage may be full or forbidden; then it is typed again next time.
  }
}

/** Whether a typed address would send a password in the clear: plain HTTP to another machine. */
export function isInsecure(server: string): boolean {
  const match = /^http:\/\/(\[[^\]]*\]|[^/:]*)/i.exec(server.trim());
  const host = match?.[1]?.toLowerCase();
  return host !== undefined && host !== '' && !/^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/.test(host);
}

/** The address as people say it, without scheme and final slash. */
export function shortServer(url: string): string {
  return url.replace(/^https?:\/\//, '').replace(/\/$/, '');
}
