// The tokens of `doorward vectors` against the verifiers that people use: each by its defaults, and as the
// README says to pin. What they get wrong by default is a table in the README.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { after, before, test } from 'node:test'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

import { makeVectors } from './made.mjs'
import { jose, ofJsonwebtoken } from './node.mjs'
import { block, table } from './table.mjs'

const BY_KEY = 'only who has the key can sign it, and doorward writes no such thing'
const SPELLING = 'it is the same token in another spelling, which only who has it can write'
const ONE_TYPE = 'the README asks for the one spelling of the type that doorward writes'

/** Where a verifier says something else than a right one even as the README pins, and why that does no harm. */
const OTHERWISE = {
  jose: { padded_signature: SPELLING, padded_claims: SPELLING, line_break: SPELLING },
  jsonwebtoken: { typ_application: ONE_TYPE, claims_not_utf8: BY_KEY },
  PyJWT: {
    typ_application: ONE_TYPE,
    exp_text: BY_KEY,
    nbf_text: BY_KEY,
    padded_signature: SPELLING,
    padded_claims: SPELLING,
  },
}

let made
let results

async function ofPython() {
  const python = process.env.PYTHON ?? 'python3'
  const script = fileURLToPath(new URL('../python/verdicts.py', import.meta.url))
  const child = spawn(python, [script], { stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.end(JSON.stringify(made))
  return JSON.parse(await text(child.stdout))
}

before(async () => {
  made = await makeVectors()
  // PyJWT first: `issued_ahead` is ahead for 20 seconds.
  const ofPyjwt = await ofPython()
  results = [...(await jose(made)), ...(await ofJsonwebtoken(made)), ...ofPyjwt]
})

after(() => made.stop())

/** The names of the tokens that it gets wrong in this use, under any algorithm. */
function wrong(verifier, use) {
  const right = new Map(made.vectors.map(({ name, verdict }) => [name, verdict === 'accept']))
  const its = results.filter((result) => result.verifier === verifier && result.use === use)
  return new Set(its.filter(({ name, took }) => took !== right.get(name)).map(({ name }) => name))
}

for (const [verifier, otherwise] of Object.entries(OTHERWISE)) {
  test(`${verifier}, pinned as the README says, is right but for what is known and does no harm`, () => {
    assert.deepEqual([...wrong(verifier, 'pinned')].sort(), Object.keys(otherwise).sort())
  })

  test(`${verifier} is right in both uses about the common token and about those that anybody can make`, () => {
    const forged = ['wrong_key', 'claims_changed', 'bad_signature', 'alg_none', 'jwk', 'jku', 'x5u', 'unknown_kid']
    for (const use of ['default', 'pinned']) {
      const found = wrong(verifier, use)
      for (const name of ['none', ...forged]) assert(!found.has(name), `${use}: ${name}`)
    }
  })
}

test('each verifier was shown every token of the algorithms that it knows, in both uses', () => {
  const counts = Object.keys(OTHERWISE).map((verifier) => {
    const its = results.filter((result) => result.verifier === verifier)
    const algorithms = new Set(its.map(({ algorithm }) => algorithm))
    const shown = made.vectors.filter(({ algorithm }) => algorithms.has(algorithm)).length
    assert.equal(its.length, 2 * shown, verifier)
    return algorithms.size
  })
  assert.deepEqual(counts, [4, 3, 4])
})

test('the README says what they get wrong by default', () => {
  const verifiers = Object.keys(OTHERWISE).map((verifier) => ({
    verifier,
    version: results.find((result) => result.verifier === verifier).version,
    byDefault: wrong(verifier, 'default'),
    pinned: wrong(verifier, 'pinned'),
  }))
  block('verifiers', table(made.vectors, verifiers))
})
