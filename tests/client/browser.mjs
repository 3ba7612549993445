// A server of its own, and browsers for it: a jar of cookies each, and tabs that run the classic script.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import vm from "node:vm";

import { CLASSIC } from "./classic.mjs";

const BINARY = process.env.DOORWARD ?? fileURLToPath(new URL("../../target/debug/doorward", import.meta.url));
const script = readFileSync(CLASSIC, "utf8");

/** Starts the real server on a free port and an empty folder. */
export const start = async (settings = {}) => {
  if (!existsSync(BINARY)) throw new Error(`${BINARY} is missing: run \`cargo build\`, or name another one in DOORWARD`);
  const data = mkdtempSync(join(tmpdir(), "doorward-client-"));
  const child = spawn(BINARY, ["--data", data, "--listen", "127.0.0.1:0"], {
    cwd: data,
    env: { PATH: process.env.PATH, DOORWARD_PASSWORDS__BCRYPT_COST: "10", ...settings },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  child.stderr.on("data", (part) => (log += part));
  const server = { secret: "", origin: "" };
  for await (const line of createInterface({ input: child.stdout })) {
    server.origin ||= /^listening on (http:\/\/\S+)$/.exec(line)?.[1] ?? "";
    server.secret ||= /\/setup#(\S+)$/.exec(line)?.[1] ?? "";
    if (server.origin && server.secret) break;
  }
  if (!server.secret) throw new Error(`the server did not start:\n${log}`);
  child.stdout.resume();
  server.stop = async () => {
    const ended = new Promise((done) => child.once("exit", done));
    child.kill("SIGTERM");
    await ended;
    rmSync(data, { recursive: true });
  };
  return server;
};

let browsers = 0;

export class Browser {
  cookies = new Map();
  keeps = true;
  /** Answers to lose, after the server gave them. */
  cut = 0;
  calls = [];
  tabs = [];
  name = `browser ${++browsers} `;

  constructor(server) {
    this.server = server;
  }

  tab(options = {}) {
    const { name } = this;
    const fields = { URL, AbortController, AbortSignal, Headers, Request, Response, Blob, FormData, URLSearchParams };
    const window = {};
    const context = vm.createContext({
      ...fields,
      window,
      TextDecoder,
      atob,
      setTimeout,
      clearTimeout,
      performance: { now: () => performance.now() },
      location: { href: `${this.server.origin}/`, origin: this.server.origin },
      fetch: (input, init) => this.#fetch(input, init),
      BroadcastChannel: class extends BroadcastChannel {
        constructor(channel) {
          super(name + channel);
        }
      },
    });
    vm.runInContext(script, context);
    const tab = window.doorward.createAuth(options);
    this.tabs.push(tab);
    /** Stops this tab's clocks. */
    const freeze = () => {
      const [wall, mono] = [Date.now(), performance.now()];
      vm.runInContext("Date", context).now = () => wall;
      context.performance.now = () => mono;
    };
    return Object.assign(tab, { freeze });
  }

  close() {
    for (const tab of this.tabs) tab.close();
  }

  async #fetch(input, init = {}) {
    const request = new Request(input instanceof Request ? input : String(input), { ...init, keepalive: undefined });
    const headers = new Headers(request.headers);
    headers.set("sec-fetch-site", "same-origin");
    if (request.method !== "GET") headers.set("origin", this.server.origin);
    headers.set("user-agent", this.name);
    if (this.cookies.size) headers.set("cookie", [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; "));
    const answer = await fetch(new Request(request, { headers }));
    this.calls.push(`${request.method} ${new URL(request.url).pathname} ${answer.status}`);
    if (this.cut > 0) {
      this.cut--;
      await answer.arrayBuffer();
      throw new TypeError("fetch failed");
    }
    for (const line of answer.headers.getSetCookie()) this.#keep(line);
    return answer;
  }

  #keep(line) {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
    if (/; *max-age=0/i.test(line)) this.cookies.delete(name);
    else if (this.keeps) this.cookies.set(name, value);
  }
}
