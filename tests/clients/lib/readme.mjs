// The snippets of the README, as files that the tests load.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'

const README = new URL('../../../README.md', import.meta.url)
/** Where npm's packages are found, and git doesn't look. */
const FOLDER = new URL('../node_modules/.readme/', import.meta.url)

/** The code between `<!-- NAME -->` and `<!-- /NAME -->`, with the server's address put in. */
export function snippet(name, url) {
  const block = new RegExp(`<!-- ${name} -->\n\n\`\`\`\\w*\n([^]*?)\`\`\`\n\n<!-- /${name} -->`)
  const found = block.exec(readFileSync(README, 'utf8'))
  if (!found) throw new Error(`README.md has no block ${name}`)
  return found[1].replaceAll('http://localhost:8484', url)
}

/** Imports a block as a module, changed where a `variant` of it is named. */
export async function importSnippet(name, url, change = (code) => code, variant = '') {
  mkdirSync(FOLDER, { recursive: true })
  const file = new URL(`${name}-${new URL(url).port}${variant}.mjs`, FOLDER)
  writeFileSync(file, change(snippet(name, url)))
  return import(file)
}
