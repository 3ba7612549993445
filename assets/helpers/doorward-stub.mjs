// The development stub of doorward for tests in Node 20 or newer.
// Made by `doorward dev helper node`; needs nothing else. DOORWARD names the binary, if it isn't on the PATH.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** Starts a stub on a free port. `args` go to `doorward serve --dev`, such as `['--config', 'test.toml']`. */
export async function startStub({ binary = process.env.DOORWARD ?? 'doorward', args = [] } = {}) {
  const command = ['serve', '--dev', '--with-stdin', '--listen', '127.0.0.1:0', ...args]
  // It ends with standard input, and so with this process, however that ends.
  const child = spawn(binary, command, { stdio: ['pipe', 'pipe', 'pipe'] })
  let log = ''
  child.stderr.on('data', (text) => (log += text))
  const lines = createInterface({ input: child.stdout })
  const failed = once(child, 'error').then(([error]) => Promise.reject(error))
  const [line] = await Promise.race([once(lines, 'line'), once(child, 'exit'), failed])
  if (typeof line !== 'string') throw new Error(`${binary} did not start:\n${log}`)
  child.unref()
  for (const stream of child.stdio) stream.unref()
  return new Stub(child, JSON.parse(line))
}

export class Stub {
  #child
  constructor(child, { url, issuer, jwks }) {
    this.#child = child
    Object.assign(this, { url, issuer, jwks })
  }

  /** Any call; the answer's JSON, or an error that has `status` and the refusal's members. */
  async call(method, path, body) {
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(this.url + path, { method, headers, body: body && JSON.stringify(body) })
    const text = await answer.text()
    const json = text ? JSON.parse(text) : undefined
    if (answer.ok) return json
    throw Object.assign(new Error(`${method} ${path}: ${answer.status} ${json?.detail}`), json, { status: answer.status })
  }

  /** An access token: `{ user, claims, flaw, algorithm }`. */
  token = async (wish = {}) => (await this.call('POST', '/dev/token', wish)).token
  /** Signs somebody in: `{ accessToken, refreshToken, user, … }`. */
  session = (user, transport = 'body') => this.call('POST', '/dev/session', { user, transport })
  /** `{ advance: '16m' }`, `{ set: '2030-01-31T12:00:00Z' }`, `{ freeze: true }`, `{ release: true }`. */
  clock = (change) => this.call('POST', '/dev/clock', change)
  /** `fault({ route: 'POST /auth/refresh', fault: { kind: 'lostAnswer' }, times: 1 })`. */
  fault = (fault) => this.call('POST', '/dev/faults', fault)
  /** What the application sent. */
  requests = async () => (await this.call('GET', '/dev/requests')).requests
  /** The links that were made for people, newest last. */
  outbox = async () => (await this.call('GET', '/dev/outbox')).messages
  /** Everything as at the start; in a `beforeEach`. */
  reset = () => this.call('POST', '/dev/reset', {})
  snapshot = (name) => this.call('POST', '/dev/snapshot', { name })
  restore = (name) => this.call('POST', '/dev/restore', { name })

  async stop() {
    this.#child.ref()
    const ended = once(this.#child, 'exit')
    if (this.#child.exitCode === null && this.#child.kill()) await ended
  }
}
