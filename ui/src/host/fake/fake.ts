/**
 * A host without an app: starts at the scene that `?fake=` names and answers commands as far as one person alone can
 * see their effect. `?feed=i420` sends I420 only; `?feed=damaged` sends chunks that no decoder takes;
 * `?feed=repaired` has red pictures in it that are past.
 */
import type { CallView } from '../../types/CallView';
import type { Command } from '../../types/Command';
import type { Snapshot } from '../../types/Snapshot';
import type { User } from '../../types/User';
import type { Host } from '../host';
import { FakeFeed, type FeedKind } from './feed';
import { SCENES, type SceneName } from './scenes';

declare global {
  interface Window {
    /** For tests: what the UI has asked for, and a way to change what it is told. */
    eyelineFake?: { sent: Command[]; show: (change: (before: Snapshot) => Snapshot) => void };
  }
}

export function fakeHost(parameters: URLSearchParams): Host {
  const name = parameters.get('fake') ?? 'sign-in';
  const scene: Snapshot = name in SCENES ? SCENES[name as SceneName] : SCENES['sign-in'];
  // Who signs in comes to the usual people.
  const people = scene.account ? scene.contacts : SCENES.contacts.contacts;
  let snapshot = scene;
  const feed = (parameters.get('feed') ?? 'good') as FeedKind;
  const sent: Command[] = [];
  const listeners = new Set<(snapshot: Snapshot) => void>();

  function show(change: (before: Snapshot) => Snapshot): void {
    snapshot = change(snapshot);
    for (const listener of listeners) listener(snapshot);
  }

  window.eyelineFake = { sent, show };

  return {
    subscribe(listener) {
      listeners.add(listener);
      listener(snapshot);
      return () => listeners.delete(listener);
    },
    send(command) {
      sent.push(command);
      show((before) => after(before, command, people));
    },
    openFeed: (which) => Promise.resolve(new FakeFeed(which, which === 'self' ? 'i420' : feed)),
    window: { setTitle: (title) => (document.title = title), attract: () => undefined },
  };
}

/** What a snapshot becomes by a command, among these people. */
function after(before: Snapshot, command: Command, people: User[]): Snapshot {
  const inCall = (change: Partial<CallView>): Snapshot => ({
    ...before,
    call: before.call && { ...before.call, ...change },
  });
  const local = before.call?.local ?? { microphone: true, camera: true, paused: false };
  const { devices } = before;
  switch (command.type) {
    case 'sign_in':
    case 'register':
      return SCENES.contacts;
    case 'sign_out':
      return SCENES['sign-in'];
    case 'search_users': {
      const query = command.query.toLowerCase();
      const found = people.filter((user) => user.display_name.toLowerCase().includes(query));
      return { ...before, contacts: found };
    }
    case 'dial': {
      const peer = before.contacts.find((user) => user.id === command.user_id);
      const { call } = SCENES.ringing;
      return peer && call ? { ...before, call: { ...call, peer } } : before;
    }
    case 'accept':
      return SCENES.call;
    case 'decline':
      return inCall({ phase: 'ended', end_reason: 'declined' });
    case 'hang_up':
      return inCall({ phase: 'ended', end_reason: before.call?.connected_at_ms ? 'hangup' : 'cancelled' });
    case 'dismiss_call':
      return { ...before, call: null };
    case 'dismiss_notice':
      return { ...before, notice: null };
    case 'set_microphone':
      return inCall({ local: { ...local, microphone: command.on } });
    case 'set_camera':
      return inCall({ local: { ...local, camera: command.on } });
    case 'send_chat': {
      const chat = before.call?.chat ?? [];
      const line = {
        id: chat.length + 1,
        mine: true,
        text: command.text,
        sent_at_ms: Date.now(),
        delivery: 'sent',
      } as const;
      return inCall({ chat: [...chat, line] });
    }
    case 'choose_camera':
      return { ...before, devices: { ...devices, cameras: { ...devices.cameras, chosen: command.id } } };
    case 'choose_microphone':
      return { ...before, devices: { ...devices, microphones: { ...devices.microphones, chosen: command.id } } };
    case 'choose_speaker':
      return { ...before, devices: { ...devices, speakers: { ...devices.speakers, chosen: command.id } } };
    case 'refresh_devices':
      return before;
  }
}
