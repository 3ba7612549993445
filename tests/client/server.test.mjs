import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { Browser, start } from "./browser.mjs";

const [EMAIL, PASSWORD] = ["ann@example.com", "nine purple lamps"];

let server;
let open = [];
const browser = () => {
  const one = new Browser(server);
  open.push(one);
  return one;
};
const until = async (is) => {
  for (let round = 0; round < 200 && !is(); round++) await sleep(10);
  assert.ok(is());
};

before(async () => {
  server = await start({ DOORWARD_TOKENS__ACCESS_TTL: "10s" });
  // The set-up's answer signs in.
  const tab = browser().tab();
  const body = JSON.stringify({ secret: server.secret, email: EMAIL, password: PASSWORD });
  const answer = await tab.fetch("/auth/setup", { method: "POST", body, headers: { "content-type": "application/json" } });
  const { user, accessToken } = await answer.json();
  assert.equal(answer.status, 201);
  assert.equal(await tab.token(), accessToken);
  assert.deepEqual({ ...tab.user }, user);
});
afterEach(() => {
  for (const one of open) one.close();
  open = [];
});
after(() => server.stop());

test("login, call, logout", async () => {
  const ann = browser();
  const tab = ann.tab();
  assert.equal(await tab.token(), null);
  assert.equal(tab.status.reason, "no_refresh_token");
  const user = await tab.login(EMAIL, PASSWORD);
  assert.deepEqual({ email: user.email, role: user.role }, { email: EMAIL, role: "admin" });
  assert.ok(tab.timeLeft > 5000 && tab.timeLeft <= 10_000);
  const me = await (await tab.fetch("/auth/me")).json();
  assert.deepEqual([me.id, me.email], [user.id, EMAIL]);
  await tab.logout();
  assert.equal(await tab.token(), null);
  assert.equal(ann.cookies.has("refreshToken"), false);
  assert.equal((await tab.fetch("/auth/me")).status, 401);
});

test("a wrong password says so, and at last how long to wait", async () => {
  const tab = browser().tab();
  const errors = [];
  for (let attempt = 0; attempt < 6; attempt++) {
    errors.push(await tab.login("nobody@example.com", "wrong").catch((error) => error));
  }
  assert.equal(errors[0].code, "invalid_credentials");
  assert.equal(errors[0].detail, "E-mail address or password is wrong.");
  assert.equal(errors.at(-1).code, "too_many_attempts");
  assert.equal(errors.at(-1).status, 429);
  assert.ok(errors.at(-1).retryAfter >= 1);
});

test("a token that ran out unseen is renewed on the server's 401", async () => {
  const ann = browser();
  const tab = ann.tab();
  await tab.login(EMAIL, PASSWORD);
  const old = await tab.token();
  tab.freeze();
  await sleep(10_500);
  assert.equal(await tab.token(), old);
  ann.calls = [];
  const answers = await Promise.all(Array.from({ length: 20 }, () => tab.fetch("/auth/me")));
  assert.ok(answers.every(({ status }) => status === 200));
  assert.equal(ann.calls.filter((call) => call === "GET /auth/me 401").length, 20);
  assert.equal(ann.calls.filter((call) => call === "POST /auth/refresh 200").length, 1);
});

test("signed out everywhere from another device, the page learns it and why", async () => {
  const [phone, desk] = [browser().tab(), browser().tab()];
  const told = [];
  phone.onChange(({ reason }) => told.push(reason));
  await phone.login(EMAIL, PASSWORD);
  await desk.login(EMAIL, PASSWORD);
  assert.ok((await desk.logoutEverywhere()) >= 2);
  assert.equal((await phone.fetch("/auth/me")).status, 401);
  assert.deepEqual(told, [null, "logged_out_everywhere"]);
  assert.equal(await phone.token(), null);
});

test("a second sign-in in the same browser takes all its tabs along", async () => {
  const ann = browser();
  const tabs = [ann.tab(), ann.tab(), ann.tab()];
  await tabs[0].login(EMAIL, PASSWORD);
  await until(() => tabs.every((tab) => tab.user));
  await tabs[1].login(EMAIL, PASSWORD);
  const fresh = await tabs[1].token();
  await sleep(50);
  for (const tab of tabs) {
    assert.equal(await tab.token(), fresh);
    assert.equal((await tab.fetch("/auth/me")).status, 200);
  }
  await tabs[2].logout();
  await until(() => tabs.every((tab) => tab.status.reason === "logged_out"));
});

test("tabs that refresh at once, with answers lost, stay signed in", async () => {
  const ann = browser();
  const tabs = [ann.tab(), ann.tab(), ann.tab()];
  await tabs[0].login(EMAIL, PASSWORD);
  for (let round = 0; round < 3; round++) {
    ann.cut = 2;
    const tokens = await Promise.all(tabs.map((tab) => tab.refresh()));
    assert.ok(tokens.every(Boolean));
  }
  for (const tab of tabs) {
    assert.equal(tab.status.state, "signed-in");
    assert.equal((await tab.fetch("/auth/me")).status, 200);
  }
});

test("a browser that keeps no cookie is named, and leaves no session behind", async () => {
  const ann = browser();
  ann.keeps = false;
  const error = await ann.tab().login(EMAIL, PASSWORD).catch((error) => error);
  assert.equal(error.code, "cookie_not_kept");
  assert.match(ann.calls.at(-1), /^DELETE \/auth\/sessions\/\S+ 204$/);
});

test("a change of password and a password given again go on with their new token", async () => {
  const ann = browser();
  const tab = ann.tab();
  await tab.login(EMAIL, PASSWORD);
  const post = (path, body) =>
    tab.fetch(path, { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } });
  ann.calls = [];
  assert.equal((await post("/auth/reauth", { password: "wrong" })).status, 401);
  assert.equal((await post("/auth/reauth", { password: PASSWORD })).status, 200);
  const changed = await post("/auth/password", { currentPassword: PASSWORD, newPassword: "ten purple lamps" });
  assert.equal(changed.status, 200);
  assert.equal(await tab.token(), (await changed.json()).accessToken);
  assert.equal((await tab.fetch("/auth/me")).status, 200);
  assert.ok(await tab.refresh());
  assert.deepEqual(ann.calls, [
    "POST /auth/reauth 401",
    "POST /auth/reauth 200",
    "POST /auth/password 200",
    "GET /auth/me 200",
    "POST /auth/refresh 200",
  ]);
  assert.equal((await post("/auth/password", { currentPassword: "ten purple lamps", newPassword: PASSWORD })).status, 200);
});
