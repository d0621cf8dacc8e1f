import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    environment: 'jsdom',
    include: ['src/**/__tests__/**/*.spec.ts'],
    pool: 'threads',
    server: { deps: { inline: [/@jupyter/, /@lumino\//, /@microsoft\//] } }
  }
});
