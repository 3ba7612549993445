// How verifiers in Node take a token: by default, and as the README asks.

import { createPublicKey } from 'node:crypto'
import { createRequire } from 'node:module'

import { createLocalJWKSet, jwtVerify } from 'jose'
import jsonwebtoken from 'jsonwebtoken'

import { importSnippet } from '../lib/readme.mjs'

const require = createRequire(import.meta.url)

/** Whether it throws. */
async function takes(verify) {
  try {
    await verify()
    return true
  } catch {
    return false
  }
}

/** What each says to each token: `[{verifier, version, use, name, algorithm, took}]`. */
async function results(verifier, made, algorithms, uses) {
  const { version } = require(`${verifier}/package.json`)
  const found = []
  for (const [use, verifierOf] of Object.entries(uses)) {
    for (const algorithm of algorithms) {
      const verify = await verifierOf(algorithm)
      for (const { name, token } of made.vectors.filter((vector) => vector.algorithm === algorithm)) {
        found.push({ verifier, version, use, name, algorithm, took: await takes(() => verify(token)) })
      }
    }
  }
  return found
}

/** The snippet of the README, with the algorithm and the key that it is told to pin. */
async function joseOfReadme(made, algorithm) {
  const { check } = await importSnippet('check-node', made.url, (code) => {
    const pinned = code.replaceAll("'ES256'", `'${algorithm}'`)
    if (algorithm !== 'HS256') return pinned
    return pinned.replace(/createRemoteJWKSet\(new URL.*\)\n/, `Buffer.from('${made.hs256Secret}', 'base64url')\n`)
  }, algorithm)
  return check
}

export function jose(made) {
  const keys = createLocalJWKSet(made.jwks)
  return results('jose', made, ['ES256', 'EdDSA', 'RS256', 'HS256'], {
    default: (algorithm) => (token) => jwtVerify(token, algorithm === 'HS256' ? made.secret : keys),
    pinned: (algorithm) => joseOfReadme(made, algorithm),
  })
}

/** It knows no key sets, so each algorithm's key is given to it in PEM. It knows no EdDSA. */
export function ofJsonwebtoken(made) {
  const keyOf = (algorithm) => {
    const key = made.jwks.keys.find(({ alg }) => alg === algorithm)
    return key ? createPublicKey({ key, format: 'jwk' }).export({ type: 'spki', format: 'pem' }) : made.secret
  }
  // All that the README pins. Type, `crit`, end and subject are left to the caller.
  const pinned = (algorithm) => (token) => {
    const options = { algorithms: [algorithm], issuer: made.issuer, audience: made.audience, clockTolerance: 30 }
    const { header, payload } = jsonwebtoken.verify(token, keyOf(algorithm), { ...options, complete: true })
    const needed = payload.exp !== undefined && payload.sub !== undefined
    if (header.typ !== 'at+jwt' || header.crit || !needed) throw new Error('not an access token')
  }
  return results('jsonwebtoken', made, ['ES256', 'RS256', 'HS256'], {
    default: (algorithm) => (token) => jsonwebtoken.verify(token, keyOf(algorithm)),
    pinned,
  })
}
