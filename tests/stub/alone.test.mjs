// Two files that run at once: neither sees the other's stub. And a stub goes with who started it.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { test } from 'node:test'

import { startStub } from './doorward-stub.mjs'

test('two stubs at once have nothing in common', async () => {
  const [one, two] = await Promise.all([startStub(), startStub()])
  assert.notEqual(one.url, two.url)
  await one.clock({ advance: '1h' })
  const ahead = async (stub) => (await stub.call('GET', '/dev/clock')).ahead
  assert.deepEqual([await ahead(one), await ahead(two)], [3600, 0])
  const session = await one.session('bob@example.com')
  const headers = { authorization: `Bearer ${session.accessToken}` }
  assert.equal((await fetch(`${one.url}/auth/me`, { headers })).status, 200)
  assert.equal((await fetch(`${two.url}/auth/me`, { headers })).status, 401)
  await Promise.all([one.stop(), two.stop()])
})

test('a refusal is an error that says why', async () => {
  const stub = await startStub()
  await assert.rejects(stub.session('zoe@example.com'), { status: 404, code: 'not_found' })
  await stub.stop()
  await stub.stop()
})

test('a binary that is not there is an error', async () => {
  await assert.rejects(startStub({ binary: '/nowhere/doorward' }), /ENOENT/)
})

test('a setting that is wrong is told', async () => {
  await assert.rejects(startStub({ args: ['--config', '/nowhere.toml'] }), /did not start:[^]*nowhere\.toml/)
})

test('the stub ends with a program that is killed', async () => {
  const helper = new URL('./doorward-stub.mjs', import.meta.url)
  const code = `import { startStub } from '${helper}'; console.log((await startStub()).url); setInterval(() => {}, 1e6)`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [url] = await once(createInterface({ input: child.stdout }), 'line')
  assert.equal((await fetch(`${url}/healthz`)).status, 200)
  child.kill('SIGKILL')
  await once(child, 'exit')
  for (let tries = 0; tries < 400; tries++) {
    const gone = await fetch(`${url}/healthz`).then(() => false, () => true)
    if (gone) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  assert.fail('it still runs')
})
