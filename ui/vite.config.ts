import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

export default defineConfig({
  plugins: [svelte()],
  // `tauri dev` expects this port and shows the compiler's own messages.
  server: { port: 5173, strictPort: true, fs: { allow: ['..'] } },
  clearScreen: false,
  build: {
    // The oldest engines that know `light-dark()`: WebKitGTK 2.44, macOS 14.5, WebView2 123.
    target: ['safari17.5', 'chrome123'],
    // Everything is a file: the content security policy allows neither inline code nor data: URLs.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
