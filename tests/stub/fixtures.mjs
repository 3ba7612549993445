// What the application's own tests add: the application itself, told where the stub is.

import { test as base } from './doorward-playwright.mjs'
import { startApp } from './app/serve.mjs'

export { expect } from './doorward-playwright.mjs'

export const test = base.extend({
  app: [
    async ({ doorwardProcess }, use) => {
      const app = await startApp(doorwardProcess.url)
      await use(app)
      await app.stop()
    },
    { scope: 'worker' },
  ],
})
