// Access tokens, checked as an API in Node checks them: with jose by the key set, with jsonwebtoken
// by the key that the set names.

import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto'
import { test } from 'node:test'

import { SignJWT, createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import jsonwebtoken from 'jsonwebtoken'

import { importSnippet } from '../lib/readme.mjs'
import { Server } from '../lib/server.mjs'

const EMAIL = 'ann@example.com'

/** Runs what is claimed of a server that signs with this algorithm. */
async function withServer(settings, claim, offset) {
  const server = await Server.start(settings, offset)
  try {
    server.addUser(EMAIL)
    await claim(server, await server.signIn(EMAIL))
  } finally {
    await server.stop()
  }
}

function keySet(server) {
  return createRemoteJWKSet(new URL(`${server.url}/.well-known/jwks.json`))
}

async function jwk(server, kid) {
  const { keys } = await (await fetch(`${server.url}/.well-known/jwks.json`)).json()
  return keys.find((key) => key.kid === kid)
}

/** A token with the same claims under the same key id, signed by somebody else. */
async function forged(token, alg) {
  const type = { ES256: ['ec', { namedCurve: 'P-256' }], EdDSA: ['ed25519', {}], RS256: ['rsa', { modulusLength: 2048 }] }
  const { privateKey } = generateKeyPairSync(...type[alg])
  const claims = JSON.parse(Buffer.from(token.split('.')[1], 'base64url'))
  return new SignJWT(claims).setProtectedHeader(decodeProtectedHeader(token)).sign(privateKey)
}

for (const alg of ['ES256', 'EdDSA', 'RS256']) {
  test(`jose checks ${alg} tokens by the key set`, () =>
    withServer({ DOORWARD_TOKENS__ALGORITHM: alg }, async (server, { accessToken, user }) => {
      const pinned = { algorithms: [alg], issuer: server.issuer, audience: 'doorward', typ: 'at+jwt' }
      const { payload, protectedHeader } = await jwtVerify(accessToken, keySet(server), pinned)
      assert.equal(payload.sub, user.id)
      assert.equal(payload.email, EMAIL)
      assert.equal(protectedHeader.alg, alg)
      const fails = (token, options, code) =>
        assert.rejects(jwtVerify(token, keySet(server), { ...pinned, ...options }), { code })
      await fails(await forged(accessToken, alg), {}, 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED')
      await fails(accessToken, { audience: 'other' }, 'ERR_JWT_CLAIM_VALIDATION_FAILED')
      await fails(accessToken, { issuer: 'https://evil.example' }, 'ERR_JWT_CLAIM_VALIDATION_FAILED')
    }))
}

for (const alg of ['ES256', 'RS256']) {
  test(`jsonwebtoken checks ${alg} tokens by the PEM of the key`, () =>
    withServer({ DOORWARD_TOKENS__ALGORITHM: alg }, async (server, { accessToken, user }) => {
      const key = createPublicKey({ key: await jwk(server, decodeProtectedHeader(accessToken).kid), format: 'jwk' })
      const pem = key.export({ type: 'spki', format: 'pem' })
      const pinned = { algorithms: [alg], issuer: server.issuer, audience: 'doorward' }
      assert.equal(jsonwebtoken.verify(accessToken, pem, pinned).sub, user.id)
      const fails = (token, message) => assert.throws(() => jsonwebtoken.verify(token, pem, pinned), { message })
      fails(await forged(accessToken, alg), 'invalid signature')
      fails(accessToken.replace(/\.[^.]*$/, '.'), 'jwt signature is required')
    }))
}

test('a server that shares a secret publishes no key, and its tokens are checked by the secret', () => {
  const secret = randomBytes(32)
  const settings = { DOORWARD_TOKENS__ALGORITHM: 'HS256', DOORWARD_TOKENS__HS256_SECRET: secret.toString('base64') }
  return withServer(settings, async (server, { accessToken, user }) => {
    const set = await (await fetch(`${server.url}/.well-known/jwks.json`)).json()
    assert.deepEqual(set, { keys: [] })
    const pinned = { algorithms: ['HS256'], issuer: server.issuer, audience: 'doorward' }
    assert.equal((await jwtVerify(accessToken, secret, pinned)).payload.sub, user.id)
    assert.equal(jsonwebtoken.verify(accessToken, secret, pinned).sub, user.id)
    assert.throws(() => jsonwebtoken.verify(accessToken, randomBytes(32), pinned), { message: 'invalid signature' })
  })
})

test('the snippet of the README takes access tokens of this server, and nothing else', () =>
  withServer({}, async (server, { accessToken, refreshToken, user }) => {
    const { check } = await importSnippet('check-node', server.issuer)
    assert.equal((await check(accessToken)).sub, user.id)
    const others = [await forged(accessToken, 'ES256'), refreshToken, `${accessToken}x`, 'nonsense', '']
    for (const other of others) await assert.rejects(check(other), undefined, other)
  }))

for (const [claim, settings] of [
  ['another audience', { DOORWARD_TOKENS__AUDIENCE: 'other' }],
  ['another issuer', { DOORWARD_TOKENS__ISSUER: 'https://evil.example' }],
  ['another algorithm', { DOORWARD_TOKENS__ALGORITHM: 'RS256' }],
]) {
  test(`the snippet of the README refuses ${claim}`, () =>
    withServer(settings, async (server, { accessToken }) => {
      const { check } = await importSnippet('check-node', server.issuer)
      await assert.rejects(check(accessToken))
    }))
}

for (const [late, taken] of [[20, true], [40, false]]) {
  test(`the snippet of the README ${taken ? 'takes' : 'refuses'} a token that ended ${late} s ago`, () =>
    withServer({}, async (server, { accessToken }) => {
      const { check } = await importSnippet('check-node', server.issuer)
      if (taken) await check(accessToken)
      else await assert.rejects(check(accessToken), { code: 'ERR_JWT_EXPIRED' })
    }, -(15 * 60 + late)))
}
