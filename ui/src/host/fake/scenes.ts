/** Snapshots of everything that the UI has to show, by name. */
import type { CallView } from '../../types/CallView';
import type { Snapshot } from '../../types/Snapshot';
import type { Failed } from '../../words';
import { HARD_CHAT, HARD_CONTACTS, HARD_PEER } from './hard';
import { line, user } from './made';

const ME = user('ada', 'Ada Lovelace');
const PEER = user('grace', 'Grace Hopper');
const CONTACTS = [
  PEER,
  user('katherine', 'Katherine Johnson', 'in_call'),
  user('linus', 'Linus Pauling'),
  user('emmy', 'Emmy Noether', 'offline'),
  user('lise', 'Lise Meitner', 'offline'),
  user('srinivasa', 'Srinivasa Ramanujan', 'offline'),
];

const CONTACTS_SCREEN: Snapshot = {
  server: { url: 'https://calls.example.org', link: 'online', insecure: false },
  account: ME,
  busy: false,
  notice: null,
  contacts: CONTACTS,
  call: null,
  devices: {
    cameras: {
      available: [
        { id: 'cam-0', name: 'Integrated Camera' },
        { id: 'cam-1', name: 'Logitech BRIO Ultra HD Webcam' },
      ],
      chosen: 'cam-1',
    },
    microphones: { available: [{ id: 'mic-0', name: 'Built-in Audio Analogue Stereo' }], chosen: null },
    speakers: { available: [], chosen: null },
  },
};

const SIGN_IN: Snapshot = {
  ...CONTACTS_SCREEN,
  server: { url: '', link: 'idle', insecure: false },
  account: null,
  contacts: [],
};

const ALL_ON = { microphone: true, camera: true, paused: false };
const MUTED = { ...ALL_ON, microphone: false };
const ALL_OFF = { microphone: false, camera: false, paused: false };
const CALL: CallView & Failed = {
  id: 'call-1',
  peer: { ...PEER, presence: 'in_call' },
  direction: 'outgoing',
  phase: 'active',
  ring_until_ms: null,
  connected_at_ms: Date.now() - 247_000,
  duration_ms: null,
  end_reason: null,
  failure: null,
  ended_by_peer: false,
  local: ALL_ON,
  remote: ALL_ON,
  chat_open: true,
  chat: [],
  quality: {
    bars: 4,
    rtt_ms: 24.3,
    loss_pct: 0.2,
    kbps_in: 1480,
    kbps_out: 1512,
    fps: 30,
    size: [1280, 720],
    codec: 'VP8',
    encoder: 'libvpx',
    decoder: 'libvpx',
    jitter_ms: 3.1,
    jitter_buffer_ms: 42,
    concealed_pct: 0.1,
    freeze_count: 1,
    freeze_s: 0.4,
    limitation: 'none',
    candidates: ['host', 'srflx'],
    protocol: 'udp',
    relayed: false,
  },
};

const CHAT = [
  line(1, false, 'Can you see me?'),
  line(2, true, 'Yes, sharp and clear!'),
  line(
    3,
    false,
    'The moth is in relay 70, panel F. Here is the page of the log book: https://example.org/log/1947-09-09',
  ),
  line(4, true, 'First actual case of a bug being found'),
  line(5, true, 'Taping it in', 'failed'),
  line(6, true, 'Taping it into the book now', 'sent'),
];

function call(change: Partial<CallView & Failed>): Snapshot {
  return { ...CONTACTS_SCREEN, call: { ...CALL, ...change } };
}

const BEFORE_MEDIA = { connected_at_ms: null, quality: null, chat_open: false };
function ended(end_reason: CallView['end_reason'], change: Partial<CallView & Failed> = {}): Snapshot {
  return call({ phase: 'ended', quality: null, chat_open: false, end_reason, ...change });
}

export const SCENES = {
  'sign-in': SIGN_IN,
  'sign-in-refused': { ...SIGN_IN, notice: { id: 1, code: 'wrong_credentials', detail: '' } },
  contacts: CONTACTS_SCREEN,
  'contacts-empty': { ...CONTACTS_SCREEN, contacts: [] },
  'contacts-loading': {
    ...CONTACTS_SCREEN,
    busy: true,
    contacts: [],
    server: { ...CONTACTS_SCREEN.server, link: 'connecting' },
  },
  'contacts-offline': {
    ...CONTACTS_SCREEN,
    server: { url: 'http://192.168.1.20:8000', link: 'connecting', insecure: true },
  },
  'contacts-notice': {
    ...CONTACTS_SCREEN,
    notice: { id: 2, code: 'server_refused', detail: 'Too many calls in one minute. Try again in 20 seconds.' },
  },
  dialing: call({ ...BEFORE_MEDIA, phase: 'dialing', id: null }),
  ringing: call({ ...BEFORE_MEDIA, phase: 'ringing' }),
  incoming: call({ ...BEFORE_MEDIA, phase: 'incoming', direction: 'incoming' }),
  connecting: call({ ...BEFORE_MEDIA, phase: 'connecting' }),
  call: call({}),
  'call-chat': call({ chat: CHAT, local: MUTED }),
  'call-camera-off': call({ remote: ALL_OFF, local: { ...ALL_ON, camera: false } }),
  'call-paused': call({
    remote: { ...ALL_ON, paused: true },
    local: { ...ALL_ON, paused: true },
    quality: CALL.quality && { ...CALL.quality, bars: 1, fps: 0, kbps_in: 22, kbps_out: 23 },
  }),
  'call-reconnecting': call({ phase: 'reconnecting', quality: CALL.quality && { ...CALL.quality, bars: 0 } }),
  'call-notice': {
    ...call({}),
    notice: {
      id: 3,
      code: 'microphone',
      detail: 'Built-in Audio Analogue Stereo was unplugged. The call goes on without it.',
    },
  },
  'ended-hangup': ended('hangup', { duration_ms: 754_000, ended_by_peer: true }),
  'ended-missed': ended('missed', { connected_at_ms: null, direction: 'incoming' }),
  'ended-failed': ended('connection_failed', { duration_ms: 61_000 }),
  'ended-refused': ended('server_error', {
    connected_at_ms: null,
    failure: { code: 'rate_limited', detail: 'too many requests; retry after 20 s' },
  }),
  // Names, messages and places that are longer, other or stranger than a designer thinks of.
  'hard-contacts': {
    ...CONTACTS_SCREEN,
    account: HARD_PEER,
    server: { url: 'http://a-rather-long-host-name.internal.calls.example.org:8443', link: 'online', insecure: true },
    contacts: HARD_CONTACTS,
  },
  'hard-incoming': call({ ...BEFORE_MEDIA, phase: 'incoming', direction: 'incoming', peer: HARD_PEER }),
  'hard-connecting': call({ ...BEFORE_MEDIA, phase: 'connecting', peer: HARD_PEER }),
  'hard-call': call({ peer: HARD_PEER, chat: HARD_CHAT, remote: MUTED }),
  'hard-reconnecting': call({
    peer: HARD_PEER,
    phase: 'reconnecting',
    remote: MUTED,
    quality: CALL.quality && { ...CALL.quality, bars: 1, relayed: true },
  }),
  'hard-ended': ended('connection_failed', { peer: HARD_PEER, duration_ms: 3_753_000 }),
} satisfies Record<string, Snapshot>;

export type SceneName = keyof typeof SCENES;
