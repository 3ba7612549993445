// Starts the binary that TESTED_BIN names on a scratch folder and a free port, and moves its clock.

import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const BIN = process.env.TESTED_BIN
const LIBFAKETIME = process.env.LIBFAKETIME

/** A good password, for everybody. */
export const PASSWORD = 'correct horse battery'

export class Server {
  /** The settings, as variables: `{ DOORWARD_TOKENS__ALGORITHM: 'EdDSA' }`. */
  constructor(settings = {}) {
    this.folder = mkdtempSync(join(tmpdir(), 'doorward-client-'))
    this.env = { DOORWARD_PASSWORDS__BCRYPT_COST: '10', ...settings }
  }

  /** Starts it; its clock is moved where `offset` (seconds) is given, and only then can be. */
  static async start(settings, offset) {
    const server = new Server(settings)
    if (offset !== undefined) server.fakeClock(offset)
    await server.run()
    return server
  }

  fakeClock(offset) {
    if (!LIBFAKETIME) throw new Error('LIBFAKETIME must name libfaketimeMT.so.1 (Debian: faketime)')
    this.clock = join(this.folder, 'clock')
    this.moveClock(offset)
    Object.assign(this.env, {
      LD_PRELOAD: LIBFAKETIME,
      FAKETIME_TIMESTAMP_FILE: this.clock,
      FAKETIME_NO_CACHE: '1',
      // Timers go on by the monotonic clock, which nobody moves.
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    })
  }

  /** Sets the server's clock so many seconds from ours. In one step: it may read at any time. */
  moveClock(offset) {
    this.offset = offset
    writeFileSync(`${this.clock}.new`, `${offset < 0 ? '' : '+'}${offset}`)
    renameSync(`${this.clock}.new`, this.clock)
  }

  async run() {
    const args = ['serve', '--data', this.folder, '--listen', '127.0.0.1:0']
    this.process = spawn(BIN, args, { env: this.env, stdio: ['ignore', 'pipe', 'pipe'] })
    this.ended = new Promise((resolve) => this.process.once('exit', resolve))
    this.log = ''
    this.process.stderr.on('data', (text) => (this.log += text))
    for await (const line of createInterface({ input: this.process.stdout })) {
      const address = /^listening on (http:\S+)/.exec(line)
      if (address) {
        this.url = address[1].replace(/,$/, '')
        // The one that links and tokens name.
        this.issuer = `http://localhost:${new URL(this.url).port}`
        this.process.stdout.resume()
        return
      }
    }
    throw new Error(`the server did not start:\n${this.log}`)
  }

  /** Runs a command beside the server. */
  command(args, input = '') {
    const { LD_PRELOAD, ...env } = this.env
    return execFileSync(BIN, [...args, '--data', this.folder], { env, input, stdio: 'pipe' }).toString()
  }

  addUser(email, role = 'user') {
    this.command(['user', 'add', email, '--role', role, '--password-stdin'], `${PASSWORD}\n`)
  }

  /** Signs in and gives the whole answer. */
  async signIn(email) {
    const answer = await fetch(`${this.url}/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email, password: PASSWORD, transport: 'body' }),
    })
    if (answer.status !== 200) throw new Error(`sign-in: ${answer.status} ${await answer.text()}`)
    return answer.json()
  }

  async stop() {
    this.process.kill('SIGTERM')
    const status = await this.ended
    rmSync(this.folder, { recursive: true, force: true })
    if (status !== 0) throw new Error(`the server ended with ${status}:\n${this.log}`)
  }
}
