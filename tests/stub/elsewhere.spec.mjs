import { expect, test } from './fixtures.mjs'

test('who is signed out elsewhere is told so at the next call', async ({ page, app, doorward, signIn }) => {
  await signIn('bob@example.com')
  await page.goto(app.url)
  await expect(page.getByRole('status')).toHaveText('Signed in as bob@example.com')

  const phone = await doorward.session('bob@example.com')
  const headers = { authorization: `Bearer ${phone.accessToken}` }
  await fetch(`${doorward.url}/auth/logout-all`, { method: 'POST', headers })

  await page.getByLabel('Note').fill('too late')
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByRole('status')).toHaveText('Signed out: logged_out_everywhere')
})
