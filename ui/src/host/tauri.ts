/** The real host: the Tauri shell around the client. The only file that knows Tauri. */
import { invoke } from '@tauri-apps/api/core';
import { listen } from '@tauri-apps/api/event';
import { getCurrentWindow, UserAttentionType } from '@tauri-apps/api/window';
import type { Snapshot } from '../types/Snapshot';
import type { FeedSocket, Host } from './host';

/** The shell only refuses what it does not permit: a fault of the program that a person can do nothing about. */
function report(error: unknown): void {
  console.error('host:', error);
}

export function tauriHost(): Host {
  return {
    subscribe(show) {
      let newest = false;
      let wanted = true;
      const stop = listen<Snapshot>('snapshot', ({ payload }) => {
        newest = true;
        if (wanted) show(payload);
      });
      // Ask only once listening, so that no change falls between the two; an event is newer than the answer.
      stop
        .then(() => invoke<Snapshot>('snapshot'))
        .then((snapshot) => {
          if (wanted && !newest) show(snapshot);
        })
        .catch(report);
      return () => {
        wanted = false;
        stop.then((unlisten) => unlisten()).catch(report);
      };
    },

    send(command) {
      invoke('command', { command }).catch(report);
    },

    async openFeed(which) {
      // The URL carries a token that is good for one connection.
      const url = await invoke<string>('open_feed', { which });
      return new WebSocket(url) as FeedSocket;
    },

    window: {
      setTitle(title) {
        getCurrentWindow().setTitle(title).catch(report);
      },
      attract(on) {
        getCurrentWindow()
          .requestUserAttention(on ? UserAttentionType.Critical : null)
          .catch(report);
      },
    },
  };
}
