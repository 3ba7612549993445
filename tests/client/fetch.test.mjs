import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { World, json, problem, signedIn } from "./world.mjs";

const bearer = (call) => call.headers.authorization;
const expired = () => problem(401, "access_token_expired");

/** Takes only tokens issued after the first `old`. */
const only = (world, old) => (call) => {
  const token = bearer(call)?.split(".")[1];
  const issued = token && JSON.parse(Buffer.from(token, "base64url")).jti;
  return issued > old ? json(200, { body: call.body }) : expired();
};

let world;
afterEach(() => world.close());

test("it adds the token and keeps what the caller gave", async () => {
  let tab;
  ({ world, tab } = await signedIn());
  for (const [input, init, path, body] of [
    ["/api/x?q=1", undefined, "/api/x", ""],
    ["rel", { headers: { "x-mine": "1" } }, "/here/rel", ""],
    [new URL("https://app.example.com/api"), { method: "POST", body: "b", headers: [["x-mine", "1"]] }, "/api", "b"],
    [new Request("https://app.example.com/api", { method: "PUT", body: "r", headers: { "x-mine": "1" } }), {}, "/api", "r"],
  ]) {
    const answer = await world.of(tab.fetch(input, init));
    assert.equal(answer.status, 200);
    const call = world.calls.at(-1);
    assert.equal(bearer(call), `Bearer ${await tab.token()}`);
    assert.deepEqual([call.path, call.body], [path, body]);
    if (init?.headers || input instanceof Request) assert.equal(call.headers["x-mine"], "1");
  }
});

test("the first call fetches the token first; signed out it goes without", async () => {
  world = new World();
  world.session = "session-1";
  const tab = world.tab();
  await world.of(tab.fetch("/api"));
  assert.deepEqual(
    world.calls.map(({ path }) => path),
    ["/auth/refresh", "/api"],
  );
  await world.of(tab.logout());
  world.api = () => problem(401, "no_access_token");
  const answer = await world.of(tab.fetch("/api"));
  assert.equal(answer.status, 401);
  assert.equal(bearer(world.calls.at(-1)), undefined);
  assert.equal(world.calls.length, 4);
});

test("no other origin gets the token, however it is spelt", async () => {
  let tab;
  const options = { url: "https://auth.example.com", audience: ["https://api.example.com/some/path", "capacitor://localhost"] };
  world = new World();
  world.session = "session-1";
  tab = world.tab(options);
  await world.of(tab.token());
  for (const [address, gets] of [
    ["https://auth.example.com/auth/me", true],
    ["https://api.example.com/x", true],
    ["https://API.example.com:443/x", true],
    ["https://evil.example/x", false],
    ["//evil.example/x", false],
    ["\\\\evil.example/x", false],
    ["https:\\\\evil.example/x", false],
    ["https://api.example.com@evil.example/x", false],
    ["https://api.example.com.evil.example/x", false],
    ["https://api.example.com:8443/x", false],
    ["http://api.example.com/x", false],
    ["/the/pages/own", false],
    ["data:text/plain,x", false],
    ["blob:https://api.example.com/0190", false],
  ]) {
    const before = world.calls.length;
    await world.of(tab.fetch(address)).catch((error) => assert.equal(error.name, "TypeError", `${address}: ${error}`));
    for (const call of world.calls.slice(before)) assert.equal(!!bearer(call), gets, address);
    if (gets) assert.equal(world.calls.length, before + 1, address);
  }
});

test("a base element counts, as it does for fetch", async () => {
  let tab;
  ({ world, tab } = await signedIn());
  world.document.baseURI = "https://evil.example/";
  await world.of(tab.fetch("/api"));
  assert.equal(bearer(world.calls.at(-1)), undefined);
});

test("cookies go to the server's own origin, elsewhere as the caller says", async () => {
  world = new World();
  world.session = "session-1";
  const tab = world.tab({ url: "https://auth.example.com", audience: ["https://api.example.com"] });
  for (const [address, init, credentials] of [
    ["https://auth.example.com/auth/me", {}, "include"],
    ["https://auth.example.com/auth/me", { credentials: "omit" }, "omit"],
    ["https://api.example.com/x", {}, undefined],
    ["https://api.example.com/x", { credentials: "include" }, "include"],
  ]) {
    await world.of(tab.fetch(address, init));
    assert.equal(world.calls.at(-1).init.credentials, credentials);
  }
});

test("an Authorization of the caller's own is kept, and never tried again", async () => {
  let tab;
  ({ world, tab } = await signedIn());
  world.api = expired;
  const answer = await world.of(tab.fetch("/api", { headers: { Authorization: "Basic eA==" } }));
  assert.equal(answer.status, 401);
  assert.equal(bearer(world.calls.at(-1)), "Basic eA==");
  assert.equal(world.calls.length, 2);
});

test("a redirect is refused, unless the caller allows it", async () => {
  let tab;
  ({ world, tab } = await signedIn());
  for (const status of [301, 302, 303, 307, 308]) {
    world.api = () => new Response(null, { status, headers: { location: "https://evil.example/" } });
    const error = await world.of(tab.fetch("/api")).catch((error) => error);
    assert.equal(error.code, "redirect_refused");
    assert.match(error.message, /https:\/\/app\.example\.com\/api/);
    assert.equal(world.calls.at(-1).init.redirect, "manual");
  }
  world.api = () => Object.defineProperty(json(200, {}), "type", { value: "opaqueredirect" });
  assert.equal((await world.of(tab.fetch("/api")).catch((error) => error)).code, "redirect_refused");
  world.api = () => json(200, {});
  await world.of(tab.fetch("/api", { redirect: "follow" }));
  assert.equal(world.calls.at(-1).init.redirect, "follow");
  world.api = () => new Response(null, { status: 304 });
  assert.equal((await world.of(tab.fetch("/api"))).status, 304);
});

test("on a 401 it refreshes once and asks once more, whatever body can be sent again", async () => {
  const form = new FormData();
  form.set("a", "1");
  for (const body of [
    undefined,
    "text",
    new Blob(["text"]),
    new URLSearchParams({ a: "1" }),
    form,
    new Uint8Array([65, 66]),
    new Uint8Array([65, 66]).buffer,
  ]) {
    let tab;
    ({ world, tab } = await signedIn());
    world.api = only(world, world.issued);
    const answer = await world.of(tab.fetch("/api", { method: "POST", body }));
    assert.equal(answer.status, 200);
    const [, first, refresh, second] = world.calls;
    assert.deepEqual([first.path, refresh.path, second.path], ["/api", "/auth/refresh", "/api"]);
    if (body !== form) assert.equal(second.body, first.body);
    else assert.match(second.body, /name="a"/);
    assert.notEqual(bearer(first), bearer(second));
    assert.equal(world.calls.length, 4);
    world.close();
  }
});

test("a Request with a body is sent again whole", async () => {
  let tab;
  ({ world, tab } = await signedIn());
  world.api = only(world, world.issued);
  const request = new Request("https://app.example.com/api", { method: "POST", body: "whole" });
  const answer = await world.of(tab.fetch(request));
  assert.deepEqual(await answer.json(), { body: "whole" });
  assert.equal(world.calls.length, 4);
});

test("a stream is not sent again, but the token is renewed", async () => {
  let tab;
  ({ world, tab } = await signedIn());
  world.api = only(world, world.issued);
  const body = new Blob(["stream"]).stream();
  const answer = await world.of(tab.fetch("/api", { method: "POST", body, duplex: "half" }));
  assert.equal(answer.status, 401);
  assert.equal((await answer.json()).code, "access_token_expired");
  assert.equal(world.count("/api"), 1);
  assert.equal((await world.of(tab.fetch("/api"))).status, 200);
  assert.equal(world.count("/auth/refresh"), 2);
});

test("a second 401 is returned", async () => {
  let tab;
  ({ world, tab } = await signedIn());
  world.api = expired;
  const answer = await world.of(tab.fetch("/api"));
  assert.equal((await answer.json()).code, "access_token_expired");
  assert.equal(world.count("/api"), 2);
  assert.equal(world.count("/auth/refresh"), 2);
});

test("fifty calls refused at once, and late ones, make one refresh", async () => {
  let tab;
  ({ world, tab } = await signedIn());
  const judge = only(world, world.issued);
  let number = 0;
  world.api = async (call) => {
    const delay = 20 * (number++ % 50);
    await new Promise((done) => setTimeout(done, delay));
    return judge(call);
  };
  const answers = await world.of(Promise.all(Array.from({ length: 50 }, (_, index) => tab.fetch(`/api/${index}`))));
  assert.ok(answers.every(({ status }) => status === 200));
  assert.equal(world.count("/auth/refresh"), 2);
  assert.equal(world.calls.length, 102);
});

test("fifty calls refused because the session is over ask twice, and all get their 401", async () => {
  let tab;
  ({ world, tab } = await signedIn());
  const ended = () => problem(401, "session_ended", { reason: "everyone_logged_out" });
  let number = 0;
  world.api = async () => {
    const delay = 40 * number++;
    await new Promise((done) => setTimeout(done, delay));
    return ended();
  };
  world.next("/auth/refresh", ended, ended);
  const answers = await world.of(Promise.all(Array.from({ length: 50 }, (_, index) => tab.fetch(`/api/${index}`))));
  assert.ok(answers.every(({ status }) => status === 401));
  assert.equal(world.count("/auth/refresh"), 3);
  assert.deepEqual(tab.status, { state: "signed-out", user: null, reason: "everyone_logged_out" });
});

test("a 401 while the server is away rejects and is no sign-out", async () => {
  let tab;
  ({ world, tab } = await signedIn());
  world.api = expired;
  world.next("/auth/refresh", problem(503, "busy", {}, { "retry-after": "30" }));
  const error = await world.of(tab.fetch("/api")).catch((error) => error);
  assert.equal(error.code, "busy");
  assert.equal(tab.status.state, "signed-in");
});

test("a wrong password is not asked twice", async () => {
  let tab;
  ({ world, tab } = await signedIn());
  world.api = () => problem(401, "invalid_credentials");
  const answer = await world.of(tab.fetch("/auth/reauth", { method: "POST", body: "{}" }));
  assert.equal((await answer.json()).code, "invalid_credentials");
  assert.equal(world.calls.length, 2);
});

test("a token in the answer of a call under /auth/ is taken over and shared, and only there", async () => {
  let tab;
  ({ world, tab } = await signedIn());
  const other = world.tab();
  world.api = () => world.tokens();
  const before = await tab.token();
  for (const [path, method] of [
    ["/api/auth/reauth", "POST"],
    ["/auth/admin/users", "POST"],
    ["/auth/reauth", "GET"],
  ]) {
    await world.of(tab.fetch(path, { method }));
    assert.equal(await tab.token(), before, path);
  }
  world.mono += 10;
  world.wall += 10;
  const answer = await world.of(tab.fetch("/auth/reauth", { method: "POST", body: "{}" }));
  const { accessToken } = await answer.json();
  assert.equal(await tab.token(), accessToken);
  assert.equal(await other.token(), accessToken);
  assert.equal(world.count("/auth/refresh"), 1);
});

test("calls that set the cookie never overlap with a refresh", async () => {
  let tab;
  ({ world, tab } = await signedIn());
  world.delay = 100;
  world.api = () => world.tokens();
  await world.of(Promise.all([tab.refresh(), tab.fetch("/auth/password", { method: "POST", body: "{}" }), tab.fetch("/api")]));
  const at = Object.fromEntries(world.calls.slice(1).map(({ path, at }) => [path, at]));
  assert.ok(Math.abs(at["/auth/password"] - at["/auth/refresh"]) >= 100);
  assert.ok(at["/api"] - at["/auth/refresh"] < 100, "others need not wait");
});

test("the caller's signal ends the call", async () => {
  let tab;
  ({ world, tab } = await signedIn());
  world.api = () => new Promise(() => {});
  const control = new AbortController();
  const call = tab.fetch("/api", { signal: control.signal });
  await world.advance(10);
  control.abort();
  assert.equal((await world.of(call).catch((error) => error)).name, "AbortError");
});
