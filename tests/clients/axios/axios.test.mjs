import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { after, before, test } from 'node:test'

import { PASSWORD, Server } from '../lib/server.mjs'
import { Device, SOCKETS } from './device.mjs'

const EMAIL = 'ann@example.com'
/** The default life of an access token, and a second. */
const LIFETIME = 15 * 60 + 1
const ROUNDS = 200
const PARALLEL = 20

let server

before(async () => {
  server = await Server.start({}, 0)
  server.addUser(EMAIL)
  server.addUser('root@example.com', 'admin')
})

after(() => server.stop())

/** The hashes of the refresh tokens that the server takes for current. */
function current() {
  const read = `
import sqlite3, sys
db = sqlite3.connect(f"file:{sys.argv[1]}/doorward.db?mode=ro", uri=True)
print(*[row[0].hex() for row in db.execute("SELECT hash FROM sessions WHERE ended_at IS NULL")])`
  return execFileSync('python3', ['-c', read, server.folder]).toString().split(/\s+/).filter(Boolean)
}

function sha256(text) {
  return createHash('sha256').update(text).digest('hex')
}

/** The kinds of the last events, newest first, by an administrator's call. */
async function events() {
  const { accessToken } = await server.signIn('root@example.com')
  const headers = { authorization: `Bearer ${accessToken}` }
  const answer = await fetch(`${server.url}/auth/admin/events?limit=200`, { headers })
  assert.equal(answer.status, 200)
  return (await answer.json()).events.map((event) => event.kind)
}

test('a client outlives three access-token lifetimes', async () => {
  const device = new Device(server)
  assert.equal((await device.signIn(EMAIL, PASSWORD)).email, EMAIL)
  assert.equal(device.generation(), 0)
  for (let life = 1; life <= 3; life += 1) {
    assert.equal((await device.me()).email, EMAIL)
    assert.equal(device.refusals, life - 1, 'a good token is not refused')
    server.moveClock(server.offset + LIFETIME)
    assert.equal((await device.me()).email, EMAIL)
    assert.equal(device.refusals, life, 'an expired one is')
    assert.equal(device.generation(), life)
  }
  assert.deepEqual(device.signOuts, [])
  device.close()
})

test('200 times 20 parallel 401s sign nobody out and leave the current cookie', { timeout: 600_000 }, async () => {
  const device = new Device(server)
  await device.signIn(EMAIL, PASSWORD)
  for (let round = 1; round <= ROUNDS; round += 1) {
    server.moveClock(server.offset + LIFETIME)
    const all = await Promise.all(Array.from({ length: PARALLEL }, () => device.me()))
    assert.ok(all.every((me) => me.email === EMAIL))
    assert.equal(device.refusals, round * PARALLEL, 'each of the twenty was refused once')
    assert.equal(device.generation(), round, 'twenty refreshes are one rotation')
    assert.ok(current().includes(sha256(device.cookie())), `the jar is stale after round ${round}`)
  }
  assert.deepEqual(device.signOuts, [])
  assert.equal(device.most, SOCKETS)
  const kinds = new Set(await events())
  for (const alarm of ['refresh_reuse', 'late_recovery', 'rolled_back', 'session_ended']) {
    assert.ok(!kinds.has(alarm), alarm)
  }
  device.close()
})

test('who logs out everywhere on one device is refused on the other at its next call', async () => {
  const [phone, laptop] = [new Device(server), new Device(server)]
  for (const device of [phone, laptop]) {
    await device.signIn(EMAIL, PASSWORD)
    assert.equal((await device.me()).email, EMAIL)
  }
  const { data } = await phone.logoutAll()
  assert.ok(data.sessions >= 2, `${data.sessions} sessions ended`)
  assert.ok(!phone.hasCookie(), 'the cookie is cleared where logout-all was called')
  await assert.rejects(laptop.me(), (error) => {
    assert.equal(error.response.status, 401)
    assert.equal(error.response.data.code, 'session_ended')
    assert.equal(error.response.data.reason, 'logged_out_everywhere')
    return true
  })
  assert.equal(laptop.refusals, 1, 'its access token had most of its life before it, and was refused')
  assert.equal(laptop.signOuts.length, 1)
  await assert.rejects(phone.me(), (error) => error.response.data.code === 'no_refresh_token')
  await laptop.signIn(EMAIL, PASSWORD)
  assert.equal((await laptop.me()).email, EMAIL)
  phone.close()
  laptop.close()
})
