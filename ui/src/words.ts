/** Every word that a person reads or hears read. One catalogue, so that another language is another file. */
import type { CallView } from './types/CallView';
import type { Delivery } from './types/Delivery';
import type { EndReason } from './types/EndReason';
import type { NoticeCode } from './types/NoticeCode';
import type { Phase } from './types/Phase';
import type { Presence } from './types/Presence';

export const words = {
  app: 'Eyeline',
  close: 'Close',
  cancel: 'Cancel',

  signIn: {
    title: 'Sign in',
    lead: 'Video calls through your own server.',
    registerTitle: 'Create account',
    registerLead: 'On the server that you and your friends use.',
    server: 'Server',
    username: 'User name',
    usernameHint: '2 to 32 letters, digits, dots, dashes or underscores',
    displayName: 'Name to show (optional)',
    password: 'Password',
    passwordHint: 'At least 8 characters',
    submit: 'Sign in',
    registerSubmit: 'Create account',
    busy: 'One moment…',
    toRegister: 'New here? Create an account',
    toSignIn: 'Have an account? Sign in',
    insecure:
      'This address is not encrypted: others on the way can read your password. Use https:// if the server has it.',
  },

  contacts: {
    title: 'Contacts',
    search: 'Search people',
    list: 'People',
    call: (name: string) => `Call ${name}`,
    signOut: 'Sign out',
    loading: 'Loading contacts',
    connecting: 'Connecting to the server…',
    insecure: 'Not encrypted',
    insecureHint: 'The connection to this server is plain HTTP',
    empty: 'Nobody else is here yet',
    emptyHint: (server: string) => `Friends who create an account at ${server} will appear here.`,
    noMatch: (query: string) => `Nobody found for “${query}”`,
    noMatchHint: 'Search by name or user name.',
  },

  presence: {
    online: 'Online',
    in_call: 'In a call',
    offline: 'Offline',
  } satisfies Record<Presence, string>,

  phase: {
    dialing: 'Calling…',
    ringing: 'Ringing…',
    incoming: 'Incoming call',
    connecting: 'Connecting…',
    active: 'Connected',
    reconnecting: 'Reconnecting…',
    ended: 'Call ended',
  } satisfies Record<Phase, string>,

  incoming: {
    accept: 'Accept',
    decline: 'Decline',
  },

  call: {
    controls: 'Call controls',
    hangUp: 'Hang up',
    mute: 'Mute microphone',
    unmute: 'Unmute microphone',
    cameraOff: 'Turn camera off',
    cameraOn: 'Turn camera on',
    openChat: 'Open chat',
    closeChat: 'Close chat',
    unread: (count: number) => (count === 1 ? '1 unread message' : `${count} unread messages`),
    remote: (name: string) => `Picture of ${name}`,
    remoteCameraOff: 'Camera is off',
    remotePaused: 'Video paused: the connection is slow',
    paused: 'Paused',
    selfPaused: 'Your video is paused: the connection is slow',
    waitingForPicture: 'Waiting for the picture…',
    remoteMuted: (name: string) => `${name} is muted`,
    you: 'You',
    self: (corner: string) => `Your own picture, ${corner}. Move it with the arrow keys.`,
    selfOff: 'Your camera is off',
    corners: {
      'top-left': 'top left',
      'top-right': 'top right',
      'bottom-left': 'bottom left',
      'bottom-right': 'bottom right',
    },
    reconnecting: 'Reconnecting…',
    duration: 'Duration',
  },

  chat: {
    title: 'Chat',
    empty: 'Messages go directly to the other side, encrypted, and are gone when the call ends.',
    input: 'Message',
    placeholder: 'Write a message',
    closed: 'Chat opens once the call connects',
    send: 'Send',
    received: (name: string, text: string) => `${name}: ${text}`,
    delivery: {
      sending: 'Sending',
      sent: 'Sent',
      delivered: 'Delivered',
      failed: 'Not delivered',
    } satisfies Record<Delivery, string>,
  },

  quality: {
    levels: ['No connection', 'Poor', 'Fair', 'Good', 'Excellent'],
    button: (level: string) => `Connection: ${level.toLowerCase()}. Show details`,
    title: 'Connection',
    rtt: 'Round trip',
    loss: 'Packets lost',
    jitter: 'Jitter',
    received: 'Receiving',
    sent: 'Sending',
    picture: 'Picture',
    freezes: 'Stops',
    stops: (count: number, seconds: string) => (count === 0 ? 'None' : `${count} (${seconds})`),
    limited: 'Sent picture',
    limitations: {
      none: 'Full quality',
      bandwidth: 'Network is slow',
      cpu: 'Computer is busy',
    } as Record<string, string>,
    sound: 'Sound buffered',
    concealed: 'Sound made up',
    codec: 'Codec',
    path: 'Path',
    direct: 'Direct',
    relayed: 'Relayed',
    unknown: '–',
  },

  devices: {
    open: 'Devices',
    title: 'Devices',
    camera: 'Camera',
    microphone: 'Microphone',
    speaker: 'Speaker',
    systemDefault: 'System default',
    none: 'None found',
  },

  ended: {
    lasted: (duration: string) => `Lasted ${duration}`,
    again: 'Call again',
    close: 'Close',
  },

  notice: {
    dismiss: 'Dismiss',
    wrong_credentials: 'User name or password is wrong',
    name_taken: 'That user name is taken',
    invalid_account: 'The server does not accept this name or password',
    server_unreachable: 'The server does not answer',
    not_a_server: 'There is no Eyeline server at this address',
    server_refused: 'The server refused',
    signed_out: 'You have been signed out',
    no_such_user: 'This person no longer has an account',
    camera: 'The camera cannot be used',
    microphone: 'The microphone cannot be used',
    speaker: 'The speaker cannot be used',
    chat_failed: 'A message could not be sent',
  } satisfies Record<NoticeCode, string> & { dismiss: string },
};

/** What the server said against a call, in a snapshot of a client that tells it. */
export interface Failed {
  failure?: { code: string; detail: string } | null;
}

/** Why a call ended: a headline, and a sentence where one helps. */
export interface EndWords {
  title: string;
  detail: string;
}

type EndedCall = Pick<CallView, 'direction' | 'ended_by_peer' | 'peer'> & Failed;

export function endWords(call: EndedCall, reason: EndReason): EndWords {
  const name = call.peer.display_name;
  const outgoing = call.direction === 'outgoing';
  switch (reason) {
    case 'hangup':
      return { title: 'Call ended', detail: call.ended_by_peer ? `${name} hung up.` : '' };
    case 'declined':
      return outgoing
        ? { title: 'Call declined', detail: `${name} cannot talk now.` }
        : { title: 'Call declined', detail: `You declined ${name}’s call.` };
    case 'cancelled':
      return outgoing
        ? { title: 'Call cancelled', detail: `You stopped calling ${name}.` }
        : { title: 'Missed call', detail: `${name} stopped calling.` };
    case 'missed':
      return outgoing
        ? { title: 'No answer', detail: `${name} did not answer.` }
        : { title: 'Missed call', detail: `${name} called you.` };
    case 'busy':
      return outgoing
        ? { title: 'Busy', detail: `${name} is in another call.` }
        : { title: 'Missed call', detail: `${name} called while you were in another call.` };
    case 'answered_elsewhere':
      return { title: 'Answered elsewhere', detail: 'The call was taken on another device.' };
    case 'connection_failed':
      return {
        title: 'Connection lost',
        detail: `No network path to ${name} could be found, or it was lost. Check both connections and call again.`,
      };
    case 'media_failed':
      return { title: 'Call failed', detail: 'The two sides could not agree on encryption, picture or sound.' };
    case 'replaced':
      return { title: 'Call replaced', detail: 'A newer call took its place.' };
    case 'server_error':
      return failureWords(name, call.failure ?? { code: '', detail: '' });
  }
}

/** Why the server did not go on with a call: in words of ours or, where there are none, in its own. */
function failureWords(name: string, { code, detail }: NonNullable<Failed['failure']>): EndWords {
  switch (code) {
    case 'unreachable':
      return { title: 'No connection', detail: 'The server cannot be reached. Check your connection and call again.' };
    case 'rate_limited':
      return { title: 'Call failed', detail: 'Too many calls in a short time. Wait a moment and call again.' };
    case 'not_found':
    case 'user_not_found':
      return { title: 'Call failed', detail: `${name} no longer has an account on this server.` };
    case 'blocked':
      return { title: 'Call failed', detail: `${name} does not take calls from you.` };
    default:
      return { title: 'Call failed', detail: detail || 'The server could not go on with the call.' };
  }
}

/** `4:07`, or `1:02:33` from an hour on. */
export function clock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number) => String(value).padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  const rest = two(seconds % 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${rest}` : `${minutes}:${rest}`;
}

/** At most two initials, of the first and the last word of a name. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/u);
  const last = words.length > 1 ? words.at(-1) : undefined;
  return [words[0], last].map(firstLetter).join('').toLocaleUpperCase() || '?';
}

function firstLetter(word = ''): string {
  return Array.from(word)[0] ?? '';
}
