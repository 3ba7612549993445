// What a proxy lets through that asks doorward about each token.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHmac, createPublicKey } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'

import { startStub } from '../../../assets/helpers/doorward-stub.mjs'
import { Server } from '../lib/server.mjs'
import { Nginx } from './nginx.mjs'

const EMAIL = 'ann@example.com'

let server
let nginx
let signed

before(async () => {
  server = await Server.start()
  server.addUser(EMAIL)
  signed = await server.signIn(EMAIL)
  nginx = await Nginx.start(server.url)
})

after(async () => {
  await nginx?.stop()
  await server?.stop()
})

/** Tokens of this issuer that can stand in a header, which is one line. */
function vectorsOf(issuer) {
  const told = execFileSync(process.env.TESTED_BIN, ['vectors', '--issuer', issuer], { maxBuffer: 1 << 24 })
  return JSON.parse(told).vectors.filter(({ name }) => name !== 'line_break')
}

/** nginx itself reads no header that is so long. */
function refusal(name) {
  return name === 'oversized' ? 400 : 401
}

/** That the call is refused, and that the API never saw it. */
async function refused(authorization, what, status = 401) {
  const seen = nginx.seen
  assert.equal(await nginx.get(authorization), status, what)
  assert.equal(nginx.seen, seen, `${what} reached the API`)
}

test('who is signed in gets through, and nobody else', async () => {
  assert.equal(await nginx.get(`Bearer ${signed.accessToken}`), 200)
  assert.equal(nginx.seen, 1)
  await refused(undefined, 'no token')
  await refused(`Bearer ${signed.refreshToken}`, 'a refresh token')
  await refused(`Basic ${signed.accessToken}`, 'another scheme')
  await refused('Bearer nonsense', 'nonsense')
})

test('no token of `vectors` gets through: a server in earnest knows none of their keys', async () => {
  for (const { name, algorithm, token } of vectorsOf(server.issuer)) {
    await refused(`Bearer ${token}`, `${algorithm} ${name}`, refusal(name))
  }
})

for (const algorithm of ['ES256', 'EdDSA', 'RS256', 'HS256']) {
  test(`a stub that signs by ${algorithm} lets through what it should, and nothing else`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'doorward-stub-'))
    const settings = join(folder, 'config.toml')
    writeFileSync(settings, `tokens.algorithm = "${algorithm}"\n`)
    const stub = await startStub({ binary: process.env.TESTED_BIN, args: ['--config', settings] })
    const proxy = await Nginx.start(stub.url)
    try {
      for (const vector of vectorsOf(stub.issuer)) {
        const takes = vector.algorithm === algorithm && (vector.doorward ?? vector.verdict) === 'accept'
        const what = `${vector.algorithm} ${vector.name}`
        assert.equal(await proxy.get(`Bearer ${vector.token}`), takes ? 200 : refusal(vector.name), what)
      }
    } finally {
      await proxy.stop()
      await stub.stop()
      rmSync(folder, { recursive: true })
    }
  })
}

test('the token of somebody who is signed in does not get through once it was bent', async () => {
  const [head, claims, signature] = signed.accessToken.split('.')
  const header = JSON.parse(Buffer.from(head, 'base64url'))
  const written = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const admin = written({ ...JSON.parse(Buffer.from(claims, 'base64url')), role: 'admin' })
  const { keys } = await (await fetch(`${server.url}/.well-known/jwks.json`)).json()
  const pem = createPublicKey({ key: keys[0], format: 'jwk' }).export({ type: 'spki', format: 'pem' })
  const hs256 = `${written({ ...header, alg: 'HS256' })}.${admin}`
  for (const [what, token] of Object.entries({
    'another role': `${head}.${admin}.${signature}`,
    'no signature': `${head}.${claims}.`,
    'alg none': `${written({ ...header, alg: 'none' })}.${admin}.`,
    'another type': `${written({ ...header, typ: 'JWT' })}.${claims}.${signature}`,
    'the public key for a secret': `${hs256}.${createHmac('sha256', pem).update(hs256).digest('base64url')}`,
    'zeros for a signature': `${head}.${admin}.${Buffer.alloc(64).toString('base64url')}`,
    'padding': `${signed.accessToken}==`,
  })) {
    await refused(`Bearer ${token}`, what)
  }
  assert.equal(await nginx.get(`Bearer ${signed.accessToken}`), 200)
})

test('who signs out everywhere is shut out at once', async () => {
  const answer = await fetch(`${server.url}/auth/logout-all`, {
    method: 'POST',
    headers: { authorization: `Bearer ${signed.accessToken}` },
  })
  assert.equal(answer.status, 200)
  await refused(`Bearer ${signed.accessToken}`, 'a token of before')
})
