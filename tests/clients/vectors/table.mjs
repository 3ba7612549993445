// The README's table of what verifiers get wrong. `UPDATE_README=1` writes it anew.

import assert from 'node:assert/strict'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'

const README = new URL('../../../README.md', import.meta.url)

/** A row for each token that somebody gets wrong by default, and a column for each verifier. */
export function table(vectors, verifiers) {
  const heads = verifiers.map(({ verifier, version }) => `${verifier} ${version}`)
  const rows = [
    ['shown', 'a right verifier', ...heads],
    ['---', '---', ...heads.map(() => '---')],
  ]
  for (const { name, why, verdict } of distinct(vectors)) {
    const cells = verifiers.map((verifier) => cell(verdict, verifier, name))
    const right = verdict === 'accept' ? 'takes it' : 'refuses it'
    if (cells.some((text) => text)) rows.push([`\`${name}\`: ${why}`, right, ...cells])
  }
  return rows.map((row) => `| ${row.join(' | ')} |\n`).join('')
}

/** What it does, where that is wrong. */
function cell(verdict, { byDefault, pinned }, name) {
  const done = verdict === 'accept' ? 'refuses it' : 'takes it'
  if (byDefault.has(name)) return pinned.has(name) ? `${done}, pinned too` : done
  return pinned.has(name) ? `${done} when pinned` : ''
}

/** Every name once: it says the same of each algorithm. */
function distinct(vectors) {
  return [...new Map(vectors.map((vector) => [vector.name, vector])).values()]
}

/** Holds a block of the README against what it must be, or writes it. */
export function block(name, wanted) {
  const readme = readFileSync(README, 'utf8')
  const [begin, end] = [`<!-- ${name} -->\n\n`, `\n<!-- /${name} -->\n`]
  const from = readme.indexOf(begin) + begin.length
  const to = readme.indexOf(end)
  assert(from >= begin.length && to >= from, `README.md has no block ${name}`)
  const found = readme.slice(from, to)
  if (found === wanted) return
  const hint = `the block ${name} of README.md is old: UPDATE_README=1 tests/clients/run`
  assert(process.env.UPDATE_README, `${hint}\n${wanted}`)
  // In one step: another test may read it.
  const fresh = new URL('../../../README.md.new', import.meta.url)
  writeFileSync(fresh, readme.slice(0, from) + wanted + readme.slice(to))
  renameSync(fresh, README)
}
