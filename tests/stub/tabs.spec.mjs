import { expect, test } from './fixtures.mjs'

test('two tabs share one session, and its end', async ({ context, app, doorward, signIn }) => {
  await signIn('bob@example.com')
  const [one, two] = [await context.newPage(), await context.newPage()]
  await Promise.all([one.goto(app.url), two.goto(app.url)])
  for (const tab of [one, two]) await expect(tab.getByRole('status')).toHaveText('Signed in as bob@example.com')

  await one.getByRole('button', { name: 'Sign out' }).click()
  await expect(two.getByRole('status')).toHaveText('Signed out: logged_out')
})
