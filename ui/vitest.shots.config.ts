import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['shots/**/*.shot.ts'],
    environment: 'node',
    globalSetup: ['shots/serve.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // One Chromium at a time: two would fight for the cores and for the clock.
    fileParallelism: false,
  },
});
