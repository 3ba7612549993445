// A world for the client: a clock that tests move, a network that tests script, tabs, and a server
// that keeps the contract's words. Import it before the client is called; it stands in for globals.
import { createAuth } from "../../assets/client/doorward.js";

const real = { setImmediate, BroadcastChannel, fetch };
const START = Date.parse("2030-01-01T00:00:00Z");

/** Lets everything that is ready run. */
export const settle = async () => {
  for (let round = 0; round < 12; round++) await new Promise((done) => real.setImmediate(done));
};

/** Whatever touches storage fails the test that did it. */
const forbidden = (name) => ({
  configurable: true,
  get() {
    throw new Error(`${name} was touched`);
  },
});
for (const name of ["localStorage", "sessionStorage", "indexedDB", "caches", "cookieStore"]) {
  Object.defineProperty(globalThis, name, forbidden(name));
}

const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
export const ANN = { id: "0190-ann", email: "änn@example.com", role: "user" };

/** An answer as the server gives it. */
export const json = (status, body, headers = {}) =>
  new Response(status === 204 ? null : JSON.stringify(body), {
    status,
    headers: { "content-type": "application/json", ...headers },
  });
export const problem = (status, code, more = {}, headers = {}) =>
  json(status, { type: `urn:doorward:error:${code}`, title: "Title", status, detail: "Detail.", code, error: "Title", ...more }, headers);

class FakeChannel {
  static open = new Set();
  constructor(name) {
    this.name = name;
    FakeChannel.open.add(this);
  }
  postMessage(data) {
    if (!FakeChannel.open.has(this)) throw new Error("posted to a closed channel");
    for (const other of FakeChannel.open) {
      if (other !== this && other.name === this.name) {
        const copy = structuredClone(data);
        real.setImmediate(() => FakeChannel.open.has(other) && other.onmessage?.({ data: copy }));
      }
    }
  }
  close() {
    FakeChannel.open.delete(this);
  }
}

export class World {
  wall = START;
  mono = 1e6;
  /** The server's clock against the wall clock of this machine. */
  ahead = 0;
  random = 0.5;
  life = 900;
  user = ANN;
  session = null;
  sessions = 0;
  issued = 0;
  calls = [];
  /** Scripted answers by path, taken before the ordinary ones. */
  script = {};
  /** How long the network takes. */
  delay = 0;
  tabs = [];
  timers = new Map();
  nextTimer = 1;
  /** What APIs answer. */
  api = () => json(200, { fine: true });

  constructor({ page = "https://app.example.com/here/page", channels = true } = {}) {
    const set = (name, value) => Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
    set("location", { href: page, origin: new URL(page).origin });
    this.document = Object.defineProperty({ baseURI: page, hidden: false }, "cookie", forbidden("document.cookie"));
    set("document", this.document);
    this.window = new EventTarget();
    set("addEventListener", this.window.addEventListener.bind(this.window));
    set("navigator", {});
    set("BroadcastChannel", channels === "real" ? real.BroadcastChannel : channels ? FakeChannel : undefined);
    set("fetch", (input, init) => this.#fetch(input, init));
    set("setTimeout", (act, ms = 0) => {
      this.timers.set(this.nextTimer, { at: this.mono + ms, act });
      return this.nextTimer++;
    });
    set("clearTimeout", (id) => this.timers.delete(id));
    Date.now = () => this.wall;
    performance.now = () => this.mono;
    Math.random = () => this.random;
    AbortSignal.timeout = (ms) => {
      const control = new AbortController();
      setTimeout(() => control.abort(new DOMException("timed out", "TimeoutError")), ms);
      return control.signal;
    };
  }

  /** A new tab with a client in it, and what it was told. */
  tab(options) {
    const auth = createAuth(options);
    const told = [];
    auth.onChange((status) => told.push(status));
    this.tabs.push(auth);
    return Object.assign(auth, { told });
  }

  close() {
    for (const tab of this.tabs) tab.close();
  }

  /** Moves the time, firing what is due on the way. */
  async advance(ms) {
    const until = this.mono + ms;
    for (;;) {
      await settle();
      const due = [...this.timers].filter(([, { at }]) => at <= until).sort(([, a], [, b]) => a.at - b.at)[0];
      if (!due) break;
      const [id, { at, act }] = due;
      this.timers.delete(id);
      this.#pass(Math.max(0, at - this.mono));
      act();
    }
    this.#pass(until - this.mono);
    await settle();
  }
  #pass(ms) {
    this.wall += ms;
    this.mono += ms;
  }

  /** The result of a promise, with time running as it needs, at most two minutes. */
  async of(promise) {
    let done;
    promise.then(
      () => (done = true),
      () => (done = true),
    );
    for (let step = 0; step < 1200 && !done; step++) {
      await settle();
      if (!done) await this.advance(100);
    }
    if (!done) throw new Error("it hangs");
    return promise;
  }

  /** How often a path was asked. */
  count(path) {
    return this.calls.filter((call) => call.path === path).length;
  }

  get serverNow() {
    return this.wall + this.ahead;
  }

  /** An access token, as the present session's. */
  token() {
    const { id: sub, email, role } = this.user;
    const claims = { sub, sid: this.session, email, role, jti: ++this.issued };
    return `${encode({ typ: "at+jwt" })}.${encode(claims)}.signature`;
  }
  tokens(more = {}) {
    const serverTime = new Date(this.serverNow).toISOString();
    return json(200, { accessToken: this.token(), tokenType: "Bearer", expiresIn: this.life, serverTime, ...more });
  }

  /** Answers once so; a function gets the call. `hang` never answers, `cut` loses the answer. */
  next(path, ...answers) {
    (this.script[path] ??= []).push(...answers);
  }

  async #fetch(input, init = {}) {
    const target = input instanceof Request ? input : new URL(input, this.document.baseURI);
    const request = new Request(target, { ...init, signal: undefined, duplex: "half" });
    const url = new URL(request.url);
    const body = await request.text();
    const headers = Object.fromEntries(request.headers);
    const { method, credentials } = request;
    const call = { url: url.href, path: url.pathname, method, credentials, headers, body, init, at: this.mono };
    this.calls.push(call);
    const answer = (async () => {
      if (this.delay) await new Promise((done) => setTimeout(done, this.delay));
      const scripted = this.script[url.pathname]?.shift();
      if (scripted === "cut") {
        this.#serve(call);
        throw new TypeError("fetch failed");
      }
      if (scripted === "hang") return new Promise(() => {});
      return (typeof scripted === "function" ? scripted(call) : scripted) ?? this.#serve(call);
    })();
    const aborted = new Promise((_, fail) => init.signal?.addEventListener("abort", () => fail(init.signal.reason)));
    return Promise.race([answer, aborted]);
  }

  #serve(call) {
    const ended = () => problem(401, "session_ended", { reason: "logged_out" });
    switch (call.path) {
      case "/auth/login":
        this.session = `session-${++this.sessions}`;
        return this.tokens({ user: this.user });
      case "/auth/refresh":
        return this.session ? this.tokens() : problem(401, "no_refresh_token");
      case "/auth/logout":
        this.session = null;
        return json(204);
      case "/auth/logout-all":
        if (!this.session) return ended();
        this.session = null;
        return json(200, { message: "Signed out everywhere: 3 sessions ended.", sessions: 3 });
      default:
        return this.api(call);
    }
  }
}

/** A world in which somebody is signed in. */
export const signedIn = async (options, tabOptions) => {
  const world = new World(options);
  world.session = `session-${++world.sessions}`;
  const tab = world.tab(tabOptions);
  await world.of(tab.token());
  return { world, tab };
};
