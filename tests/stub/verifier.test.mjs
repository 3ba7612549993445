import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { createRemoteJWKSet, jwtVerify } from 'jose'

import { startStub } from './doorward-stub.mjs'

let stub
before(async () => (stub = await startStub()))
after(() => stub.stop())

// What your API does with a token.
function verify(token, keys) {
  return jwtVerify(token, keys, {
    issuer: stub.issuer,
    audience: 'doorward',
    algorithms: ['ES256'],
    typ: 'at+jwt',
    requiredClaims: ['exp', 'sub'],
  })
}

test('good tokens get in, and no others', async () => {
  const keys = createRemoteJWKSet(new URL(stub.jwks))
  const { payload } = await verify(await stub.token({ user: 'bob@example.com' }), keys)
  assert.equal(payload.email, 'bob@example.com')
  for (const flaw of ['expired', 'not_yet', 'wrong_issuer', 'wrong_audience', 'wrong_key', 'alg_none', 'bad_signature']) {
    const token = await stub.token({ user: 'bob@example.com', flaw })
    await assert.rejects(verify(token, keys), flaw)
  }
})
