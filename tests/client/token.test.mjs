import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { ANN, World, json, problem, settle, signedIn } from "./world.mjs";

const HOUR = 3_600_000;
const busy = (secs) => problem(503, "busy", {}, { "retry-after": `${secs}` });

let world;
afterEach(() => world.close());

test("nothing is asked before somebody asks", async () => {
  world = new World();
  const tab = world.tab();
  await world.advance(HOUR);
  world.window.dispatchEvent(new Event("online"));
  await world.advance(1000);
  assert.equal(world.calls.length, 0);
  assert.deepEqual(tab.status, { state: "unknown", user: null, reason: null });
  assert.equal(tab.timeLeft, 0);
});

test("the first token comes by the cookie, with who it is", async () => {
  world = new World();
  world.session = "session-0";
  const tab = world.tab();
  assert.match(await world.of(tab.token()), /\.signature$/);
  assert.deepEqual(tab.user, ANN);
  assert.deepEqual(tab.told, [{ state: "signed-in", user: ANN, reason: null }]);
  assert.equal(tab.timeLeft, 900_000);
  const [call] = world.calls;
  assert.equal(`${call.method} ${call.path} ${call.body}`, "POST /auth/refresh ");
});

test("a good token is given again without a request", async () => {
  let tab;
  ({ world, tab } = await signedIn());
  const first = await tab.token();
  await world.advance(600_000);
  assert.equal(await tab.token(), first);
  assert.equal(world.calls.length, 1);
});

test("many callers at once make one refresh", async () => {
  world = new World();
  world.session = "session-0";
  const tab = world.tab();
  const tokens = await world.of(Promise.all(Array.from({ length: 40 }, () => tab.token())));
  assert.equal(new Set(tokens).size, 1);
  assert.equal(world.calls.length, 1);
  world.next("/auth/refresh", busy(60), busy(60));
  const errors = await world.of(Promise.allSettled(Array.from({ length: 40 }, () => tab.refresh())));
  assert.ok(errors.every(({ reason }) => reason.code === "busy"));
  assert.equal(world.calls.length, 2);
});

test("it refreshes by itself before the token runs out, with jitter and no gap", async () => {
  for (const [random, life, earliest, latest] of [
    [0, 900, 839_000, 841_000],
    [0.999, 900, 869_000, 871_000],
    [0, 10, 7_900, 8_100],
    [0.999, 10, 8_900, 9_100],
  ]) {
    world = new World();
    Object.assign(world, { random, life, session: "session-0" });
    const tab = world.tab();
    await world.of(tab.token());
    await world.advance(earliest);
    assert.equal(world.calls.length, 1, `${life} s, ${random}: too early`);
    await world.advance(latest - earliest);
    assert.equal(world.calls.length, 2, `${life} s, ${random}: too late`);
    await world.advance(50 * life * 1000);
    assert.ok(tab.timeLeft > 0);
    assert.ok(world.calls.length > 50 && world.calls.length < 70);
    assert.equal(tab.told.length, 1);
    world.close();
  }
});

test("a token about to run out is renewed first", async () => {
  let tab;
  ({ world, tab } = await signedIn());
  const old = await tab.token();
  // The laptop slept: the wall clock went on, timers and the monotonic clock did not.
  world.wall += 880_000;
  const fresh = await world.of(tab.token());
  assert.notEqual(fresh, old);
});

test("a clock that is an hour wrong, either way, makes no difference", async () => {
  for (const ahead of [-HOUR, 0, HOUR]) {
    world = new World();
    Object.assign(world, { ahead, session: "session-0" });
    const tab = world.tab();
    await world.of(tab.token());
    assert.equal(tab.timeLeft, 900_000);
    await world.advance(800_000);
    assert.equal(world.calls.length, 1);
    await world.advance(100_000);
    assert.equal(world.calls.length, 2);
    world.close();
  }
});

test("a clock that is set while the token lives hides no expiry", async () => {
  for (const jump of [-HOUR, HOUR]) {
    let tab;
    ({ world, tab } = await signedIn());
    world.wall += jump;
    world.ahead -= jump;
    await world.advance(890_000);
    await world.of(tab.token());
    const dead = world.calls.length;
    assert.equal(dead, 2, `${jump}: renewed in time, and once`);
    world.close();
  }
});

test("waking up renews what ran out asleep, and only that", async () => {
  for (const event of ["visibilitychange", "online", "pageshow"]) {
    let tab;
    ({ world, tab } = await signedIn());
    world.window.dispatchEvent(new Event(event));
    await settle();
    assert.equal(world.calls.length, 1);
    world.wall += 8 * HOUR;
    world.document.hidden = true;
    world.window.dispatchEvent(new Event(event));
    await settle();
    assert.equal(world.calls.length, 1);
    world.document.hidden = false;
    world.window.dispatchEvent(new Event(event));
    await settle();
    assert.equal(world.calls.length, 2, event);
    assert.ok(tab.timeLeft > 800_000);
    world.close();
  }
});

test("a slow answer counts from when it was asked", async () => {
  world = new World();
  Object.assign(world, { session: "session-0", delay: 5000 });
  const tab = world.tab();
  await world.of(tab.token());
  assert.ok(tab.timeLeft <= 900_000 && tab.timeLeft >= 890_000);
  world.close();
  world = new World();
  Object.assign(world, { session: "session-0" });
  world.next("/auth/refresh", async () => {
    const answer = world.tokens();
    await new Promise((done) => setTimeout(done, 5000));
    return answer;
  });
  const late = world.tab();
  await world.of(late.token());
  assert.ok(late.timeLeft <= 895_000);
});

test("429 and 503 wait as long as Retry-After says, then go on", async () => {
  for (const answer of [busy(3), problem(429, "too_many_attempts", {}, { "retry-after": "3" })]) {
    world = new World();
    world.session = "session-0";
    world.next("/auth/refresh", answer);
    const tab = world.tab();
    assert.ok(await world.of(tab.token()));
    const [first, second] = world.calls;
    assert.ok(second.at - first.at >= 3000 && second.at - first.at <= 4500);
    assert.equal(tab.status.state, "signed-in");
    world.close();
  }
});

test("Retry-After may be a date, by the server's clock", async () => {
  let tab;
  ({ world, tab } = await signedIn());
  world.wall -= HOUR;
  world.ahead += HOUR;
  await world.of(tab.refresh()); // measures the clock
  world.next("/auth/refresh", () => busy(new Date(world.serverNow + 5000).toUTCString()));
  const before = world.mono;
  await world.of(tab.refresh());
  assert.ok(world.mono - before >= 4000 && world.mono - before <= 8000, `${world.mono - before}`);
});

test("a long Retry-After rejects at once, is kept, and is no sign-out", async () => {
  world = new World();
  world.session = "session-0";
  world.next("/auth/refresh", busy(60));
  const tab = world.tab();
  const error = await world.of(tab.token()).catch((error) => error);
  assert.equal(error.code, "busy");
  assert.ok(error.retryAfter >= 60 && error.retryAfter <= 90);
  await world.advance(30_000);
  world.window.dispatchEvent(new Event("online"));
  const again = await world.of(tab.token()).catch((error) => error);
  assert.ok(again.retryAfter >= 30 && again.retryAfter <= 60);
  await world.advance(29_000);
  assert.equal(world.calls.length, 1);
  assert.equal(tab.status.state, "unknown");
  await world.advance(32_000);
  assert.equal(world.calls.length, 2);
  assert.equal(tab.status.state, "signed-in");
});

test("a server that stays away is asked ever more seldom, and nobody is signed out", async () => {
  let tab;
  ({ world, tab } = await signedIn());
  world.script["/auth/refresh"] = Array(1000).fill("cut");
  await world.advance(10 * HOUR);
  const asked = world.calls.slice(1).map(({ at }) => at);
  const gaps = asked.slice(1).map((at, index) => at - asked[index]);
  assert.ok(gaps[0] >= 500 && gaps[0] <= 1000, `${gaps[0]}`);
  assert.ok(gaps.every((gap) => gap <= 91_000) && gaps.at(-1) >= 60_000);
  assert.ok(gaps.slice(0, 6).every((gap, index) => index === 0 || gap > gaps[index - 1]));
  assert.deepEqual(tab.told.length, 1);
  assert.equal(tab.status.state, "signed-in");
  const error = await world.of(tab.token()).catch((error) => error);
  assert.equal(error.code, "network_error");
  // The network is back: the browser says so, and nobody waits.
  world.script["/auth/refresh"] = [];
  const before = world.calls.length;
  world.window.dispatchEvent(new Event("online"));
  await settle();
  assert.equal(world.calls.length, before + 1);
  assert.ok(tab.timeLeft > 0);
});

test("while the old token is good it is given, whatever the server says", async () => {
  let tab;
  ({ world, tab } = await signedIn());
  const old = await tab.token();
  world.script["/auth/refresh"] = Array(20).fill("cut");
  await world.advance(885_000);
  assert.ok(world.calls.length > 1);
  assert.equal(await world.of(tab.token()), old);
});

test("answers that are not the server's sign nobody out", async () => {
  const foreign = [
    () => new Response("<h1>Hotel Wi-Fi</h1>", { status: 200 }),
    () => json(200, { accessToken: "not.a.token" }),
    () => new Response("Who are you?", { status: 401, headers: { "www-authenticate": "Basic" } }),
    () => json(401, { code: "proxy_login" }),
    () => problem(403, "cross_origin"),
    () => problem(403, "session_ended"),
    () => problem(500, "internal"),
    () => new Response(null, { status: 404 }),
  ];
  for (const answer of foreign) {
    let tab;
    ({ world, tab } = await signedIn());
    world.next("/auth/refresh", answer);
    assert.ok(await world.of(tab.refresh()));
    assert.equal(tab.told.length, 1);
    assert.equal(world.calls.length, 3);
    world.close();
  }
});

test("an answer lost on the way is asked for again", async () => {
  let tab;
  ({ world, tab } = await signedIn());
  const old = await tab.token();
  world.next("/auth/refresh", "cut", "hang", "cut");
  await world.advance(900_000);
  assert.equal(world.script["/auth/refresh"].length, 0);
  assert.notEqual(await world.of(tab.token()), old);
  assert.equal(world.calls.length, 5);
  assert.equal(tab.told.length, 1);
});

test("a listener that throws keeps no other from being told", async () => {
  world = new World();
  world.session = "session-0";
  const tab = world.tab();
  const reported = [];
  globalThis.reportError = (error) => reported.push(error.message);
  const told = [];
  tab.onChange(() => {
    throw new Error("a fault of the page");
  });
  const stop = tab.onChange((status) => told.push(status.state));
  await world.of(tab.token());
  assert.deepEqual(told, ["signed-in"]);
  assert.deepEqual(reported, ["a fault of the page"]);
  stop();
  await world.of(tab.logout());
  assert.deepEqual(told, ["signed-in"]);
});

test("a closed client is quiet, also with a refresh on its way", async () => {
  let tab;
  ({ world, tab } = await signedIn());
  world.delay = 50;
  const late = tab.refresh();
  await settle();
  tab.close();
  await world.of(late);
  await world.advance(10 * HOUR);
  assert.equal(world.calls.length, 2);
  await world.of(tab.logout());
  assert.equal(tab.user, null);
});
