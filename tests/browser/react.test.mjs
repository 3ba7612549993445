// React with axios on the client, as the README shows it: built by a real tool chain, then used.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { suite, tabTo, test, until } from "./harness.mjs";
import { PASSWORD } from "./server.mjs";

const KINDS = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css" };
const EMAIL = "ann@example.com";
const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "doorward-react-"));
// The files of the built application, at an origin of their own; `/auth/` goes on to the server where there is one.
let onward = "";
const files = http.createServer((request, response) => {
  const path = new URL(request.url ?? "/", "http://x").pathname;
  if (onward && path.startsWith("/auth/")) {
    const { hostname, port } = new URL(onward);
    const next = http.request({ hostname, port, method: request.method, path: request.url, headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    return request.pipe(next);
  }
  const file = join(folder, "dist", path === "/" ? "index.html" : path);
  if (!existsSync(file)) return response.writeHead(404).end();
  return response.writeHead(200, { "content-type": KINDS[extname(file)] ?? "text/plain" }).end(readFileSync(file));
});
await new Promise((done) => files.listen(0, "127.0.0.1", () => done(undefined)));
const app = `http://127.0.0.1:${/** @type {any} */ (files.address()).port}`;

const it = suite({ allowed_origins: [app], "tokens.access_ttl": "10s" }, { fake: true });

/** Builds the application against the client as the server serves it. */
const build = async (server) => {
  const client = join(folder, "doorward.js");
  writeFileSync(client, await (await fetch(`${it.server.origin}/client/doorward.js`)).text());
  const env = { ...process.env, CLIENT: client, VITE_DOORWARD: server };
  await run(process.execPath, ["node_modules/vite/bin/vite.js", "build", "--logLevel", "error"], { cwd: folder, env });
};

/** The tool chain and what is built with it, from the registry. */
const install = async () => {
  cpSync(fileURLToPath(new URL("react/", import.meta.url)), folder, { recursive: true });
  await run("npm", ["install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"], { cwd: folder });
};

after(async () => {
  files.closeAllConnections();
  await new Promise((done) => files.close(done));
  rmSync(folder, { recursive: true, force: true });
});

/** Signs in, calls, lets the token run out, calls again, and is signed out from elsewhere. */
const live = async (server) => {
  const page = await it.tab("/", { origin: app, causes: [401] });
  await page.getByRole("alert").filter({ hasText: "no_refresh_token" }).waitFor();
  await tabTo(page, "E-mail");
  await page.keyboard.type(EMAIL);
  await page.keyboard.press("Tab");
  await page.keyboard.type("wrong");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").filter({ hasText: "E-mail address or password is wrong." }).waitFor();
  await page.getByLabel("Password").fill(PASSWORD);
  await page.keyboard.press("Enter");
  await page.getByText(EMAIL).waitFor();

  const calls = [];
  page.on("response", (answer) => calls.push(`${answer.request().method()} ${new URL(answer.url()).pathname} ${answer.status()}`));
  const call = async (expected) => {
    calls.length = 0;
    await page.getByRole("button", { name: "Call" }).click();
    await until(() => calls.filter((it) => !it.startsWith("OPTIONS")), (seen) => seen.length >= expected.length);
    assert.deepEqual(calls.filter((it) => !it.startsWith("OPTIONS")), expected);
  };
  await call(["GET /auth/me 200"]);
  await until(() => page.locator("code").textContent());
  // The token runs out unseen: axios gets one 401, a new token, and its answer.
  server.advance(60);
  await call(["GET /auth/me 401", "POST /auth/refresh 200", "GET /auth/me 200"]);
  // A new load finds the session by the cookie alone.
  await page.reload();
  await page.getByText(EMAIL).waitFor();
  // Out elsewhere: the next call shows why.
  const phone = await server.signIn(EMAIL);
  await phone.call("POST", "/auth/logout-all");
  await page.getByRole("button", { name: "Call" }).click();
  await page.getByRole("alert").filter({ hasText: "logged_out_everywhere" }).waitFor();
  assert.deepEqual(await page.evaluate(() => [localStorage.length, sessionStorage.length, document.cookie]), [0, 0, ""]);

  await page.getByLabel("E-mail").fill(EMAIL);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.keyboard.press("Enter");
  await page.getByText(EMAIL).waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("alert").filter({ hasText: "logged_out" }).waitFor();
};

test("the example is forty lines at most", () => {
  const lines = readFileSync(new URL("react/App.jsx", import.meta.url), "utf8").trimEnd().split("\n");
  assert.ok(lines.length <= 40, `${lines.length}`);
  assert.ok(lines.every((text) => text.length <= 120));
});

test("as a listed origin", async () => {
  await install();
  await it.server.user(EMAIL);
  await build(it.server.origin);
  await live(it.server);
});

test("on one origin with the server, behind a proxy", async () => {
  onward = it.server.origin;
  await build("");
  await live(it.server);
});
