// A single-page application as small as it gets, on doorward's browser client.

const { auth: url } = await (await fetch('/settings.json')).json()
const { createAuth } = await import(`${url}/client/doorward.js`)
const auth = createAuth({ url, audience: [location.origin] })

const $ = (id) => document.getElementById(id)
const say = (text) => ($('status').textContent = text)

auth.onChange(({ state, user, reason }) => {
  $('sign-in').hidden = state !== 'signed-out'
  say(user ? `Signed in as ${user.email}` : `Signed out: ${reason}`)
})

$('sign-in').addEventListener('submit', async (event) => {
  event.preventDefault()
  const { email, password } = Object.fromEntries(new FormData(event.target))
  await auth.login(email, password).catch((error) => say(error.message))
})

$('note').addEventListener('submit', async (event) => {
  event.preventDefault()
  const text = new FormData(event.target).get('text')
  const answer = await auth.fetch('/api/notes', { method: 'POST', body: text })
  // A note that was not taken stays in its field.
  if (!answer.ok) return
  event.target.reset()
  say('Saved')
})

$('out').addEventListener('click', () => auth.logout())

await auth.token()
