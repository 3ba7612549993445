// The development stub of doorward for Playwright Test.
// Made by `doorward dev helper playwright`; needs doorward-stub.mjs (`doorward dev helper node`) beside it.
//
//   import { test, expect } from './doorward-playwright.mjs'
//   test('shows the orders', async ({ page, doorward, signIn }) => { await signIn('bob@example.com') … })
//
// Each worker gets a stub of its own, which every test finds as at its start.

import { test as base } from '@playwright/test'

import { startStub } from './doorward-stub.mjs'

export { expect } from '@playwright/test'

export const test = base.extend({
  /** What the stub is started with: `test.use({ doorwardArgs: ['--config', 'test.toml'] })`. */
  doorwardArgs: [[], { option: true, scope: 'worker' }],

  doorwardProcess: [
    async ({ doorwardArgs }, use) => {
      const stub = await startStub({ args: doorwardArgs })
      await use(stub)
      await stub.stop()
    },
    { scope: 'worker' },
  ],

  /** The stub: `doorward.url`, `doorward.clock({ advance: '16m' })`, `doorward.fault(…)` and so on. */
  doorward: async ({ doorwardProcess }, use) => {
    await doorwardProcess.reset()
    await use(doorwardProcess)
  },

  /** Signs somebody in, in this browser: the cookies are there, the page need only be opened. */
  signIn: async ({ doorward, context }, use) => {
    await use(async (user) => {
      const answer = await context.request.post(`${doorward.url}/dev/session`, { data: { user } })
      if (!answer.ok()) throw new Error(`${user}: ${answer.status()} ${await answer.text()}`)
      return answer.json()
    })
  },
})
