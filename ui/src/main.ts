import { mount } from 'svelte';
import App from './App.svelte';
import type { Host } from './host/host';
import './style/tokens.css';
import './style/base.css';

async function host(): Promise<Host> {
  // Decided at build time, so that the app that ships has no fake inside.
  if (import.meta.env.MODE === 'fake') {
    const { fakeHost } = await import('./host/fake/fake');
    return fakeHost(new URLSearchParams(location.search));
  }
  const { tauriHost } = await import('./host/tauri');
  return tauriHost();
}

const target = document.getElementById('app');
if (target) mount(App, { target, props: { host: await host() } });
