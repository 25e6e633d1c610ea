/** Which screen a snapshot shows. */
import type { Snapshot } from './types/Snapshot';

export type Screen = 'start' | 'sign-in' | 'contacts' | 'outgoing' | 'incoming' | 'call' | 'ended';

export function screenOf(snapshot: Snapshot | null): Screen {
  if (!snapshot) return 'start';
  if (!snapshot.account) return 'sign-in';
  if (!snapshot.call) return 'contacts';
  switch (snapshot.call.phase) {
    case 'dialing':
    case 'ringing':
      return 'outgoing';
    case 'incoming':
      return 'incoming';
    case 'connecting':
    case 'active':
    case 'reconnecting':
      return 'call';
    case 'ended':
      return 'ended';
  }
}
