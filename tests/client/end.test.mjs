import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { World, problem, settle, signedIn } from "./world.mjs";

const ended = (reason) => problem(401, "session_ended", { reason });

let world;
afterEach(() => world.close());

test("a terminal answer, given twice 300 ms apart, ends it with its reason", async () => {
  for (const [answer, reason] of [
    [() => ended("refresh_reuse"), "refresh_reuse"],
    [() => ended("password_changed"), "password_changed"],
    [() => problem(401, "invalid_refresh_token"), "invalid_refresh_token"],
    [() => problem(401, "no_refresh_token"), "no_refresh_token"],
  ]) {
    let tab;
    ({ world, tab } = await signedIn());
    world.next("/auth/refresh", answer, answer);
    assert.equal(await world.of(tab.refresh()), null);
    const [, first, second] = world.calls;
    assert.equal(second.at - first.at, 300);
    assert.deepEqual(tab.status, { state: "signed-out", user: null, reason });
    assert.equal(tab.told.length, 2);
    assert.equal(tab.timeLeft, 0);
    // It stops there.
    await world.advance(24 * 3_600_000);
    world.window.dispatchEvent(new Event("online"));
    assert.equal(await world.of(tab.token()), null);
    assert.equal(world.calls.length, 3);
    world.close();
  }
});

test("a terminal answer that the second try does not repeat changes nothing", async () => {
  let tab;
  ({ world, tab } = await signedIn());
  world.next("/auth/refresh", ended("refresh_reuse"));
  assert.ok(await world.of(tab.refresh()));
  assert.equal(tab.told.length, 1);
});

test("a second try that is lost is no end", async () => {
  let tab;
  ({ world, tab } = await signedIn());
  world.next("/auth/refresh", ended("refresh_reuse"), problem(503, "busy", {}, { "retry-after": "1" }));
  assert.ok(await world.of(tab.refresh()));
  assert.equal(tab.told.length, 1);
});

test("somebody who never signed in is signed out, by that reason", async () => {
  world = new World();
  const tab = world.tab();
  assert.equal(await world.of(tab.token()), null);
  assert.deepEqual(tab.told, [{ state: "signed-out", user: null, reason: "no_refresh_token" }]);
});

test("refresh asks again, also once signed out", async () => {
  world = new World();
  const tab = world.tab();
  await world.of(tab.token());
  world.session = "session-9"; // signed in elsewhere, unheard
  assert.equal(await world.of(tab.token()), null);
  assert.ok(await world.of(tab.refresh()));
  assert.equal(tab.status.state, "signed-in");
});

test("logout ends it here", async () => {
  let tab;
  ({ world, tab } = await signedIn());
  await world.of(tab.logout());
  assert.deepEqual(tab.status, { state: "signed-out", user: null, reason: "logged_out" });
  assert.equal(await world.of(tab.token()), null);
  assert.equal(world.count("/auth/refresh"), 1);
  const last = world.calls.at(-1);
  assert.equal(`${last.method} ${last.path}`, "POST /auth/logout");
  assert.equal(last.init.keepalive, true);
});

test("a logout that is not known to be done rejects and changes nothing", async () => {
  for (const [answer, code] of [
    [problem(503, "storage_unavailable", {}, { "retry-after": "1" }), "storage_unavailable"],
    ["cut", "network_error"],
  ]) {
    let tab;
    ({ world, tab } = await signedIn());
    world.next("/auth/logout", answer);
    const error = await world.of(tab.logout()).catch((error) => error);
    assert.equal(error.code, code);
    assert.equal(tab.status.state, "signed-in");
    await world.of(tab.logout());
    assert.equal(tab.status.state, "signed-out");
    world.close();
  }
});

test("a refresh under way when logging out does not sign in again", async () => {
  let tab;
  ({ world, tab } = await signedIn());
  world.delay = 100;
  const late = tab.refresh();
  await settle();
  const logout = tab.logout();
  await world.of(Promise.all([late, logout]));
  await world.advance(5000);
  assert.equal(tab.status.state, "signed-out");
  assert.deepEqual(
    world.calls.slice(1).map(({ path }) => path),
    ["/auth/refresh", "/auth/logout"],
  );
  assert.ok(world.calls[2].at - world.calls[1].at >= 100, "one at a time");
});

test("logout everywhere tells how many sessions ended", async () => {
  let tab;
  ({ world, tab } = await signedIn());
  assert.equal(await world.of(tab.logoutEverywhere()), 3);
  assert.equal(tab.status.reason, "logged_out_everywhere");
  assert.match(world.calls.at(-1).headers.authorization, /^Bearer /);
});

test("logout everywhere renews a refused token first", async () => {
  let tab;
  ({ world, tab } = await signedIn());
  world.next("/auth/logout-all", problem(401, "access_token_expired"));
  assert.equal(await world.of(tab.logoutEverywhere()), 3);
  assert.deepEqual(
    world.calls.map(({ path }) => path),
    ["/auth/refresh", "/auth/logout-all", "/auth/refresh", "/auth/logout-all"],
  );
});

test("logout everywhere rejects where the server can't", async () => {
  let tab;
  ({ world, tab } = await signedIn());
  world.next("/auth/logout-all", problem(503, "storage_unavailable", {}, { "retry-after": "2" }));
  const error = await world.of(tab.logoutEverywhere()).catch((error) => error);
  assert.deepEqual([error.code, error.retryAfter], ["storage_unavailable", 2]);
  assert.equal(tab.status.state, "signed-in");
});
