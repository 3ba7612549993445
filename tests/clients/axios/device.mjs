// One device of a person: a jar, six sockets, and a count of what came by.

import assert from 'node:assert/strict'

import { HttpCookieAgent } from 'http-cookie-agent/http'
import { CookieJar } from 'tough-cookie'

import { createApi } from './client.mjs'

/** As many as a browser opens to one server over HTTP/1.1. */
export const SOCKETS = 6
/** A refresh leaves up to so many milliseconds after the 401 that asks for it. */
const JITTER = 100

export class Device {
  constructor(server) {
    this.server = server
    this.jar = new CookieJar()
    this.agent = new HttpCookieAgent({ cookies: { jar: this.jar }, keepAlive: true, maxSockets: SOCKETS })
    /** How often the client met a 401. */
    this.refusals = 0
    /** What the client was told when it had to sign out. */
    this.signOuts = []
    /** The most sockets that were open at once. */
    this.most = 0
    const jitter = () => {
      this.refusals += 1
      this.most = Math.max(this.most, Object.values(this.agent.sockets).flat().length)
      return new Promise((resolve) => setTimeout(resolve, Math.random() * JITTER))
    }
    const onSignOut = (refused) => this.signOuts.push(refused.response?.data ?? refused)
    const transport = { httpAgent: this.agent, timeout: 60_000 }
    Object.assign(this, createApi({ baseURL: server.url, onSignOut, jitter, transport }))
  }

  /** The one refresh cookie that the jar holds. */
  cookie() {
    const cookies = this.jar.getCookiesSync(this.server.url).filter((cookie) => cookie.key === 'refreshToken')
    assert.equal(cookies.length, 1, 'one refresh cookie, never two')
    return cookies[0].value
  }

  hasCookie() {
    return this.jar.getCookiesSync(this.server.url).some((cookie) => cookie.key === 'refreshToken')
  }

  /** How often that cookie's session was rotated. */
  generation() {
    return JSON.parse(Buffer.from(this.cookie().split('.')[1], 'base64url')).gen
  }

  /** Any call that needs a token. */
  me() {
    return this.api.get('/auth/me').then(({ data }) => data)
  }

  close() {
    this.agent.destroy()
  }
}
