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
