import { describe, expect, it } from 'vitest';
import type { Direction } from './types/Direction';
import type { EndReason } from './types/EndReason';
import { clock, endWords, initials, words } from './words';

// A record, so that the compiler sees to it that no reason is left out.
const REASONS: Record<EndReason, true> = {
  hangup: true,
  declined: true,
  cancelled: true,
  missed: true,
  busy: true,
  answered_elsewhere: true,
  connection_failed: true,
  media_failed: true,
  replaced: true,
  server_error: true,
};
const peer = { id: '1', username: 'ada', display_name: 'Ada Lovelace', presence: 'online' } as const;

describe('the end of a call', () => {
  const cases = Object.keys(REASONS).flatMap((reason) =>
    (['outgoing', 'incoming'] as Direction[]).map((direction) => ({ reason: reason as EndReason, direction })),
  );

  it.each(cases)('has words for $reason, $direction', ({ reason, direction }) => {
    const { title, detail } = endWords({ direction, ended_by_peer: true, peer }, reason);
    expect(title).toMatch(/^[A-Z][a-z ]+$/);
    expect(detail).toMatch(/\.$/);
  });

  it('tells a missed call from an unanswered one', () => {
    const say = (direction: Direction) => endWords({ direction, ended_by_peer: false, peer }, 'missed').title;
    expect(say('incoming')).toBe('Missed call');
    expect(say('outgoing')).toBe('No answer');
  });

  it.each([
    ['unreachable', 'No connection', /cannot be reached/],
    ['rate_limited', 'Call failed', /Too many calls/],
    ['not_found', 'Call failed', /Ada Lovelace no longer has an account/],
    ['user_not_found', 'Call failed', /Ada Lovelace no longer has an account/],
    ['blocked', 'Call failed', /Ada Lovelace does not take calls/],
    ['something_new', 'Call failed', /^in the server’s own words$/],
  ])('says what the server had against a call: %s', (code, title, detail) => {
    const failure = { code, detail: 'in the server’s own words' };
    const said = endWords({ direction: 'outgoing', ended_by_peer: false, peer, failure }, 'server_error');
    expect(said).toEqual({ title, detail: expect.stringMatching(detail) as string });
  });

  it.each([null, { code: 'something_new', detail: '' }])('has words for a server that says %j', (failure) => {
    const said = endWords({ direction: 'outgoing', ended_by_peer: false, peer, failure }, 'server_error');
    expect(said.detail).toBe('The server could not go on with the call.');
  });

  it('says who hung up only if it was the other side', () => {
    const say = (ended_by_peer: boolean) => endWords({ direction: 'outgoing', ended_by_peer, peer }, 'hangup').detail;
    expect(say(true)).toBe('Ada Lovelace hung up.');
    expect(say(false)).toBe('');
  });
});

it('has a word for each number of bars', () => {
  expect(words.quality.levels).toHaveLength(5);
});

it.each([
  [0, '0:00'],
  [-50, '0:00'],
  [59_999, '0:59'],
  [247_000, '4:07'],
  [3_753_000, '1:02:33'],
])('shows %i ms as %s', (ms, shown) => {
  expect(clock(ms)).toBe(shown);
});

it.each([
  ['Ada Lovelace', 'AL'],
  ['ada', 'A'],
  ['  Jean  Paul Sartre ', 'JS'],
  ['😀 Zoë', '😀Z'],
  ['', '?'],
])('shortens %j to %s', (name, short) => {
  expect(initials(name)).toBe(short);
});
