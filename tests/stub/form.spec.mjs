import { expect, test } from './fixtures.mjs'

test('a session that ends in the middle of a form loses nothing', async ({ page, app, doorward, signIn }) => {
  await signIn('bob@example.com')
  await page.goto(app.url)
  await page.getByLabel('Note').fill('a long text')

  await doorward.clock({ advance: '8d' })
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByRole('status')).toHaveText('Signed out: idle_expired')

  await page.getByLabel('E-mail address').fill('bob@example.com')
  await page.getByLabel('Password').fill('bob')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByRole('status')).toHaveText('Signed in as bob@example.com')
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByRole('status')).toHaveText('Saved')
  expect(app.notes).toContain('a long text')
})
