import { expect, test } from './fixtures.mjs'

test('a token that ran out is renewed, and the call made again', async ({ page, app, doorward, signIn }) => {
  await signIn('bob@example.com')
  await page.goto(app.url)
  await expect(page.getByRole('status')).toHaveText('Signed in as bob@example.com')

  await doorward.clock({ advance: '16m' })
  await page.getByLabel('Note').fill('buy milk')
  await page.getByRole('button', { name: 'Save' }).click()

  await expect(page.getByRole('status')).toHaveText('Saved')
  const calls = (await doorward.requests()).map(({ method, path, status }) => `${method} ${path} ${status}`)
  expect(calls.slice(-3)).toEqual(['GET /auth/me 401', 'POST /auth/refresh 200', 'GET /auth/me 200'])
})

test('an answer that got lost signs nobody out', async ({ page, app, doorward, signIn }) => {
  await signIn('bob@example.com')
  // Twice: a browser may ask again by itself.
  await doorward.fault({ route: 'POST /auth/refresh', fault: { kind: 'lostAnswer' }, times: 2 })
  await page.goto(app.url)
  await expect(page.getByRole('status')).toHaveText('Signed in as bob@example.com', { timeout: 15_000 })
})
