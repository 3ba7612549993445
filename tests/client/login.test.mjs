import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { AuthError } from "../../assets/client/doorward.js";
import { ANN, World, json, problem, settle } from "./world.mjs";

let world;
afterEach(() => world.close());

test("login sends what the contract takes and resolves with the user", async () => {
  world = new World();
  const tab = world.tab();
  const user = await world.of(tab.login("ann@example.com", "a good password"));
  assert.deepEqual(user, ANN);
  assert.deepEqual(tab.told, [{ state: "signed-in", user: ANN, reason: null }]);
  assert.equal(tab.user, user);
  const [call] = world.calls;
  assert.equal(call.url, "https://app.example.com/auth/login");
  assert.deepEqual(JSON.parse(call.body), { email: "ann@example.com", password: "a good password" });
  assert.equal(call.headers["content-type"], "application/json");
  assert.equal(call.init.credentials, "same-origin");
  assert.equal(call.init.redirect, "error");
});

test("a server of another origin gets its cookie by credentials: include", async () => {
  world = new World();
  const tab = world.tab({ url: "https://auth.example.com/sso" });
  await world.of(tab.login("ann@example.com", "a good password").catch(() => {}));
  assert.equal(world.calls[0].url, "https://auth.example.com/sso/auth/login");
  assert.equal(world.calls[0].init.credentials, "include");
});

test("a refusal rejects with every member of the problem, and changes nothing", async () => {
  world = new World();
  const tab = world.tab();
  const rows = [
    [problem(401, "invalid_credentials"), { code: "invalid_credentials", status: 401, retryAfter: null }],
    [problem(429, "too_many_attempts", {}, { "retry-after": "12" }), { code: "too_many_attempts", status: 429, retryAfter: 12 }],
    [problem(503, "busy", {}, { "retry-after": "1" }), { code: "busy", status: 503, retryAfter: 1 }],
    [problem(422, "invalid_email", { field: "email" }), { code: "invalid_email", status: 422, field: "email" }],
    [problem(403, "cross_origin"), { code: "cross_origin", status: 403, title: "Title", detail: "Detail.", message: "Detail." }],
    [new Response("<h1>Bad gateway</h1>", { status: 502 }), { code: "http_502", status: 502, title: "HTTP 502" }],
    ["cut", { code: "network_error", status: 0, retryAfter: null }],
    [new Response("<h1>Hotel Wi-Fi</h1>"), { code: "network_error", status: 0 }],
    [json(200, { hotel: true }), { code: "network_error", status: 0 }],
  ];
  for (const [answer, expected] of rows) {
    world.next("/auth/login", answer);
    const error = await world.of(tab.login("ann@example.com", "wrong")).catch((error) => error);
    assert.ok(error instanceof AuthError && error instanceof Error);
    for (const [member, value] of Object.entries(expected)) assert.equal(error[member], value, `${expected.code}: ${member}`);
  }
  assert.equal(world.count("/auth/login"), rows.length);
  assert.deepEqual(tab.told, []);
  assert.equal(tab.status.state, "unknown");
});

test("an answer that never comes ends in a network error", async () => {
  world = new World();
  world.next("/auth/login", "hang");
  const error = await world.of(world.tab().login("ann@example.com", "x")).catch((error) => error);
  assert.equal(error.code, "network_error");
  assert.match(error.detail, /timed out/);
});

test("a browser that does not keep the cookie is named, and the session ended again", async () => {
  world = new World();
  const tab = world.tab();
  world.next("/auth/refresh", problem(401, "no_refresh_token"));
  const error = await world.of(tab.login("ann@example.com", "a good password")).catch((error) => error);
  assert.equal(error.code, "cookie_not_kept");
  assert.ok(error.title && error.detail);
  const last = world.calls.at(-1);
  assert.equal(`${last.method} ${last.path}`, "DELETE /auth/sessions/session-1");
  assert.match(last.headers.authorization, /^Bearer .+\.signature$/);
  assert.equal(await world.of(tab.token()), null);
  assert.deepEqual(tab.told, [{ state: "signed-out", user: null, reason: "cookie_not_kept" }]);
});

test("a server that is busy or away right after the login does not undo it", async () => {
  for (const answer of [problem(503, "busy", {}, { "retry-after": "1" }), "cut"]) {
    world = new World();
    const tab = world.tab();
    world.next("/auth/refresh", answer);
    assert.deepEqual(await world.of(tab.login("ann@example.com", "a good password")), ANN);
    assert.ok(await world.of(tab.token()));
    world.close();
  }
});

test("a session that is over right after the login is no sign-in", async () => {
  world = new World();
  const tab = world.tab();
  world.next("/auth/refresh", problem(401, "session_ended", { reason: "account_disabled" }));
  const error = await world.of(tab.login("ann@example.com", "a good password")).catch((error) => error);
  assert.deepEqual([error.code, error.reason], ["session_ended", "account_disabled"]);
  assert.equal(tab.user, null);
});

test("a login waits for the refresh before it, so that the older cookie never comes last", async () => {
  world = new World();
  const tab = world.tab();
  let answer;
  world.next("/auth/refresh", () => new Promise((done) => (answer = done)));
  const early = tab.token();
  await settle();
  const login = tab.login("ann@example.com", "a good password");
  await settle();
  assert.equal(world.count("/auth/login"), 0);
  answer(problem(503, "busy", {}, { "retry-after": "1" }));
  await world.of(login);
  assert.equal(await world.of(early), await tab.token());
  assert.equal(tab.status.state, "signed-in");
});

test("a second login as somebody else tells the page", async () => {
  world = new World();
  const tab = world.tab();
  await world.of(tab.login("ann@example.com", "a good password"));
  world.user = { id: "0190-bob", email: "bob@example.com", role: "admin" };
  await world.of(tab.login("bob@example.com", "another password"));
  assert.deepEqual(
    tab.told.map(({ user }) => user.email),
    [ANN.email, "bob@example.com"],
  );
});
