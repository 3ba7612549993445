// The attacks among the tokens of `doorward vectors` are real: each works on who makes the mistake it is for.

import assert from 'node:assert/strict'
import { createHmac, createPublicKey, verify } from 'node:crypto'
import { after, before, test } from 'node:test'

import { compactVerify, decodeProtectedHeader, importJWK } from 'jose'

import { makeVectors } from './made.mjs'

const PAIRS = ['ES256', 'EdDSA', 'RS256']

let made

before(async () => (made = await makeVectors()))
after(() => made.stop())

function token(name, algorithm) {
  return made.vectors.find((vector) => vector.name === name && vector.algorithm === algorithm).token
}

/** What is signed, and the signature. */
function parts(text) {
  const dot = text.lastIndexOf('.')
  return [text.slice(0, dot), Buffer.from(text.slice(dot + 1), 'base64url')]
}

function signedByHmac(text, secret) {
  const [message, signature] = parts(text)
  return createHmac('sha256', secret).update(message).digest().equals(signature)
}

function publicKey(algorithm) {
  return createPublicKey({ key: made.jwks.keys.find(({ alg }) => alg === algorithm), format: 'jwk' })
}

test('who takes a public key for a secret is deceived', () => {
  for (const algorithm of PAIRS) {
    const pem = publicKey(algorithm).export({ type: 'spki', format: 'pem' })
    assert(signedByHmac(token('public_pem_as_secret', algorithm), pem), algorithm)
    const { kty, x, y } = publicKey(algorithm).export({ format: 'jwk' })
    const bytes = {
      EC: () => Buffer.concat([Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]),
      OKP: () => Buffer.from(x, 'base64url'),
      RSA: () => publicKey(algorithm).export({ type: 'pkcs1', format: 'der' }),
    }[kty]()
    assert(signedByHmac(token('public_bytes_as_secret', algorithm), bytes), algorithm)
  }
})

test('who takes nothing for a secret is deceived', () => {
  for (const name of ['empty_secret', 'kid_path']) assert(signedByHmac(token(name, 'HS256'), ''), name)
})

test('who believes the key in a header is deceived', async () => {
  for (const algorithm of [...PAIRS, 'HS256']) {
    const shown = token('jwk', algorithm)
    const { jwk } = decodeProtectedHeader(shown)
    assert.equal(jwk.d, undefined)
    await compactVerify(shown, await importJWK(jwk, algorithm))
  }
})

test('who takes ECDSA signatures in ASN.1 is deceived', () => {
  const [message, signature] = parts(token('der_signature', 'ES256'))
  assert(verify('sha256', Buffer.from(message), { key: publicKey('ES256'), dsaEncoding: 'der' }, signature))
})

test('what is wrong elsewhere is signed well, so that nobody refuses it by chance', () => {
  const strange = ['jwk', 'jku', 'x5u', 'unknown_kid', 'no_kid', 'oversized', 'wrong_key', 'kid_path', 'empty_secret']
  const bent = ['claims_changed', 'bad_signature', 'truncated_signature', 'longer_signature', 'empty_signature']
  const none = ['zero_signature', 'der_signature', 'alg_none', 'alg_none_mixed', 'no_signature']
  const parted = ['four_parts', 'five_parts', 'many_dots', 'public_pem_as_secret', 'public_bytes_as_secret']
  const unsigned = new Set([...strange, ...bent, ...none, ...parted])
  for (const { name, algorithm, token } of made.vectors) {
    const [message, signature] = parts(token)
    const key = algorithm === 'HS256' ? undefined : { key: publicKey(algorithm), dsaEncoding: 'ieee-p1363' }
    const digest = algorithm === 'EdDSA' ? null : 'sha256'
    const holds = key ? verify(digest, Buffer.from(message), key, signature) : signedByHmac(token, made.secret)
    assert.equal(holds, !unsigned.has(name), `${algorithm} ${name}`)
  }
})
