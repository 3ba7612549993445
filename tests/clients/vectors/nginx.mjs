// nginx in front of an API: it asks doorward about each request's token, and lets none through without a yes.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']

function config(folder, api, doorward) {
  return `
daemon off;
pid ${folder}/pid;
error_log stderr;
worker_processes 1;
events {}
http {
  access_log off;
  ${TEMPORARY.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n  ')}
  server {
    listen unix:${folder}/socket;
    location / {
      auth_request /ask;
      proxy_pass ${api};
    }
    location = /ask {
      internal;
      proxy_pass ${doorward}/auth/me;
      proxy_pass_request_body off;
      proxy_set_header Content-Length "";
      proxy_set_header Host $host;
    }
  }
}
`
}

export class Nginx {
  /** In front of an API of its own, which counts whom it sees. */
  static async start(doorward) {
    const it = new Nginx()
    it.seen = 0
    it.api = createServer((_, answer) => {
      it.seen += 1
      answer.end('orders')
    })
    it.api.listen(0, '127.0.0.1')
    await once(it.api, 'listening')
    it.api.unref()
    it.folder = mkdtempSync(join(tmpdir(), 'doorward-nginx-'))
    const file = join(it.folder, 'nginx.conf')
    writeFileSync(file, config(it.folder, `http://127.0.0.1:${it.api.address().port}`, doorward))
    // Debian keeps it where only root looks.
    const env = { PATH: `${process.env.PATH}:/usr/sbin` }
    it.process = spawn('nginx', ['-e', 'stderr', '-c', file], { env, stdio: ['ignore', 'ignore', 'pipe'] })
    it.ended = new Promise((resolve) => it.process.on('exit', resolve).on('error', resolve))
    it.log = ''
    it.process.stderr.on('data', (text) => (it.log += text))
    const gone = it.ended.then(() => 'gone')
    while (!existsSync(join(it.folder, 'socket'))) {
      if ((await Promise.race([gone, wait(20)])) === 'gone') throw new Error(`nginx did not start:\n${it.log}`)
    }
    return it
  }

  /** The status of a call with this header. */
  async get(authorization) {
    const headers = authorization === undefined ? {} : { authorization }
    const call = request({ socketPath: join(this.folder, 'socket'), path: '/orders', headers, agent: false })
    call.end()
    const [answer] = await once(call, 'response')
    answer.resume()
    return answer.statusCode
  }

  async stop() {
    this.process.kill('SIGTERM')
    await this.ended
    this.api.close()
    rmSync(this.folder, { recursive: true, force: true })
  }
}
