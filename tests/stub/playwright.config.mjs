import { defineConfig } from '@playwright/test'

const args = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-sync']

export default defineConfig({
  testMatch: '*.spec.mjs',
  fullyParallel: true,
  workers: 2,
  reporter: 'line',
  outputDir: '../../target/stub',
  use: { launchOptions: { executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args } },
})
