// The application's server: its page, and an API that asks doorward about each token.

import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { once } from 'node:events'

const FILES = { '/': ['index.html', 'text/html'], '/app.js': ['app.js', 'text/javascript'] }

/** Serves it on a free port: `{ url, notes, stop }`. */
export async function startApp(auth) {
  const notes = []
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost')
    const answer = (status, type, body) => response.writeHead(status, { 'content-type': type }).end(body)
    if (FILES[pathname]) {
      const [file, type] = FILES[pathname]
      return answer(200, type, readFileSync(new URL(file, import.meta.url)))
    }
    if (pathname === '/settings.json') return answer(200, 'application/json', JSON.stringify({ auth }))
    if (pathname !== '/api/notes') return answer(404, 'text/plain', 'not found')
    const { authorization = '' } = request.headers
    const me = await fetch(`${auth}/auth/me`, { headers: { authorization } })
    if (!me.ok) return answer(401, 'application/json', await me.text())
    let text = ''
    for await (const piece of request) text += piece
    notes.push(text)
    answer(201, 'application/json', '{}')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const stop = () => new Promise((resolve) => (server.close(resolve), server.closeAllConnections()))
  return { url: `http://localhost:${server.address().port}/`, notes, stop }
}
