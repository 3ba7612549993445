// A server of its own for each test file: the real program, in an empty folder, on a free port.
import { spawn } from "node:child_process";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const BINARY = process.env.TESTED_BIN ?? fileURLToPath(new URL("../../target/debug/doorward", import.meta.url));
const FAKETIME = `/usr/lib/${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu/faketime/libfaketimeMT.so.1`;

export const ADMIN = "root@example.com";
export const PASSWORD = "nine purple lamps";

/** Settings as TOML: dotted keys, values as JSON writes them. */
const toml = (settings) => Object.entries(settings).map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`).join("");

/** What runs, and what stands on the first lines that it prints. */
export class Server {
  origin = "";
  secret = "";
  #log = "";
  #child;
  #data = mkdtempSync(join(tmpdir(), "doorward-browser-"));
  #ahead = 0;
  #token = "";

  /** @param {object} settings of `config.toml`; `fake` moves the server's clock by `advance`; `dev` is the stub */
  static async start(settings = {}, { fake = false, dev = false } = {}) {
    const server = new Server();
    await (dev ? server.#startDev(settings) : server.#start(settings, fake));
    return server;
  }

  async #startDev(settings) {
    const config = join(this.#data, "config.toml");
    writeFileSync(config, toml(settings));
    this.#child = spawn(BINARY, ["serve", "--dev", "--config", config, "--listen", "127.0.0.1:0"], {
      cwd: this.#data,
      env: { PATH: process.env.PATH },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child.stderr.on("data", (part) => (this.#log += part));
    for await (const line of createInterface({ input: this.#child.stdout })) {
      this.origin = JSON.parse(line).url;
      break;
    }
    if (!this.origin) throw new Error(`the stub did not start:\n${this.#log}`);
    this.#child.stdout.resume();
  }

  async #start(settings, fake) {
    const config = join(this.#data, "config.toml");
    writeFileSync(config, toml({ "passwords.bcrypt_cost": 10, "limits.login_address": "10000/15m", ...settings }));
    if (fake) this.advance(0);
    const clock = { LD_PRELOAD: FAKETIME, FAKETIME_TIMESTAMP_FILE: this.#clock, FAKETIME_NO_CACHE: "1", FAKETIME_DONT_FAKE_MONOTONIC: "1" };
    this.#child = spawn(BINARY, ["--config", config, "--data", this.#data, "--listen", "127.0.0.1:0"], {
      cwd: this.#data,
      env: { PATH: process.env.PATH, ...(fake ? clock : {}) },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child.stderr.on("data", (part) => (this.#log += part));
    for await (const line of createInterface({ input: this.#child.stdout })) {
      this.origin ||= /^listening on (http:\/\/[^\s,]+)/.exec(line)?.[1] ?? "";
      this.secret ||= /\/setup#(\S+)$/.exec(line)?.[1] ?? "";
      if (this.origin && this.secret) break;
    }
    if (!this.secret) throw new Error(`the server did not start:\n${this.#log}`);
    this.#child.stdout.resume();
  }

  get log() {
    return this.#log;
  }

  get #clock() {
    return join(this.#data, "clock");
  }

  /** Moves the server's clock. A rename, since a half-written file would set it back. */
  advance(seconds) {
    this.#ahead += seconds;
    writeFileSync(`${this.#clock}.new`, `+${this.#ahead}`);
    renameSync(`${this.#clock}.new`, this.#clock);
  }

  async stop() {
    const ended = new Promise((done) => this.#child.once("exit", done));
    this.#child.kill("SIGTERM");
    await ended;
    rmSync(this.#data, { recursive: true, force: true });
  }

  /** A call as a program makes it: no cookies, no origin. */
  async call(method, path, body, headers = {}) {
    const answer = await fetch(this.origin + path, {
      method,
      headers: { "content-type": "application/json", ...headers },
      body: body && JSON.stringify(body),
    });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, ...(text.startsWith("{") ? JSON.parse(text) : {}) };
  }

  /** Makes the first administrator. */
  async setUp() {
    const answer = await this.call("POST", "/auth/setup", { secret: this.secret, email: ADMIN, password: PASSWORD, transport: "body" });
    if (answer.status !== 201) throw new Error(JSON.stringify(answer));
    this.#token = answer.accessToken;
  }

  /** Signs in as a program on another device. */
  async signIn(email = ADMIN, password = PASSWORD, userAgent = "other-device/1.0") {
    const answer = await this.call("POST", "/auth/login", { email, password, transport: "body" }, { "user-agent": userAgent });
    if (answer.status !== 200) throw new Error(JSON.stringify(answer));
    const bearer = { authorization: `Bearer ${answer.accessToken}`, "user-agent": userAgent };
    return { ...answer, call: (method, path, body) => this.call(method, path, body, bearer) };
  }

  /** A call as the administrator, on a token that is good. */
  async admin(method, path, body) {
    const ask = () => this.call(method, `/auth/admin${path}`, body, { authorization: `Bearer ${this.#token}` });
    let answer = await ask();
    if (answer.status === 401 || answer.code === "reauth_required") {
      this.#token = (await this.signIn()).accessToken;
      answer = await ask();
    }
    if (answer.status >= 400) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`);
    return answer;
  }

  /** Invites somebody; the link is theirs to use. */
  async invite(email, role = "user") {
    const { user, link } = await this.admin("POST", "/users", { email, role });
    return { ...user, secret: link.url.split("#")[1] };
  }

  /** Somebody who has a password already. */
  async user(email, role = "user", password = PASSWORD) {
    const user = await this.invite(email, role);
    const answer = await this.call("POST", "/auth/link", { secret: user.secret, password });
    if (answer.status !== 204) throw new Error(JSON.stringify(answer));
    return user;
  }

  /** What is known of somebody: their sessions and what happened to them. */
  async known(id) {
    const [{ user, sessions }, { events }] = [await this.admin("GET", `/users/${id}`), await this.admin("GET", `/events?user=${id}&limit=200`)];
    return { user, sessions, events };
  }
}
