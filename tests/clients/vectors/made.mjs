// The tokens of `doorward vectors`, and an address that has the keys which check them.

import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'

/** Starts the address and makes tokens that name it as their issuer. */
export async function makeVectors() {
  const server = createServer((request, answer) => {
    answer.setHeader('content-type', 'application/json')
    answer.end(JSON.stringify(made.jwks))
  })
  server.listen(0, 'localhost')
  await once(server, 'listening')
  // Nobody waits for it once the tests are over, or never began.
  server.unref()
  const url = `http://localhost:${server.address().port}`
  const made = JSON.parse(execFileSync(process.env.TESTED_BIN, ['vectors', '--issuer', url], { maxBuffer: 1 << 24 }))
  return {
    ...made,
    url,
    secret: Buffer.from(made.hs256Secret, 'base64url'),
    stop: () => server.close(),
  }
}
