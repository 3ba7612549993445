import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { ANN, World, problem, settle, signedIn } from "./world.mjs";

/** Web Locks, as far as the client uses them. */
class Locks {
  held = new Set();
  waiting = [];
  async request(name, { signal }, act) {
    if (this.held.has(name)) {
      await new Promise((granted, fail) => {
        this.waiting.push({ name, granted });
        signal.addEventListener("abort", () => {
          this.waiting = this.waiting.filter((one) => one.granted !== granted);
          fail(signal.reason);
        });
      });
    }
    this.held.add(name);
    try {
      return await act();
    } finally {
      this.held.delete(name);
      const next = this.waiting.findIndex((one) => one.name === name);
      if (next >= 0) {
        this.held.add(name);
        this.waiting.splice(next, 1)[0].granted();
      }
    }
  }
}

const three = async (options) => {
  const world = new World(options);
  world.session = `session-${++world.sessions}`;
  const tabs = [world.tab(), world.tab(), world.tab()];
  await world.of(tabs[0].token());
  await settle();
  return { world, tabs };
};

let world;
afterEach(() => world.close());

test("one tab's refresh serves all three", async () => {
  let tabs;
  ({ world, tabs } = await three());
  const tokens = await Promise.all(tabs.map((tab) => tab.token()));
  assert.equal(new Set(tokens).size, 1);
  assert.deepEqual(
    tabs.map(({ user }) => user),
    [ANN, ANN, ANN],
  );
  assert.equal(world.calls.length, 1);
});

test("three tabs over 50 lives of a token with lost answers: nobody is signed out", async () => {
  let tabs;
  ({ world, tabs } = await three());
  // Each tab has a jitter of its own, and every third answer is lost after the server acted.
  let chance = 1;
  Math.random = () => (chance = (chance * 16807) % 2147483647) / 2147483647;
  for (let life = 0; life < 50; life++) {
    world.next("/auth/refresh", undefined, "cut", undefined);
    await world.advance(900_000);
    for (const tab of tabs) assert.ok(await world.of(tab.token()));
  }
  for (const tab of tabs) assert.equal(tab.told.length, 1);
  assert.ok(world.count("/auth/refresh") < 2.2 * 50 + 10, `${world.calls.length} refreshes`);
});

test("the same by the BroadcastChannel of the platform", async () => {
  world = new World({ channels: "real" });
  world.session = "session-1";
  const tabs = [world.tab(), world.tab(), world.tab()];
  await world.of(tabs[0].token());
  for (let round = 0; round < 500 && tabs.some((tab) => !tab.user); round++) await settle();
  assert.equal(new Set(await Promise.all(tabs.map((tab) => tab.token()))).size, 1);
  assert.equal(world.calls.length, 1);
  await world.of(tabs[1].logout());
  for (let round = 0; round < 500 && tabs.some((tab) => tab.user); round++) await settle();
  for (const tab of tabs) assert.equal(tab.status.reason, "logged_out");
});

test("a logout in one tab shows in the others, with its reason", async () => {
  for (const [act, reason] of [
    [(tab) => tab.logout(), "logged_out"],
    [(tab) => tab.logoutEverywhere(), "logged_out_everywhere"],
  ]) {
    let tabs;
    ({ world, tabs } = await three());
    await world.of(act(tabs[1]));
    await settle();
    for (const tab of tabs) {
      assert.deepEqual(tab.status, { state: "signed-out", user: null, reason });
      assert.equal(await world.of(tab.token()), null);
    }
    assert.equal(world.count("/auth/refresh"), 1);
    world.close();
  }
});

test("an end that one tab learns of shows in the others", async () => {
  let tabs;
  ({ world, tabs } = await three());
  const ended = () => problem(401, "session_ended", { reason: "ended_by_admin" });
  world.next("/auth/refresh", ended, ended);
  await world.of(tabs[2].refresh());
  await settle();
  for (const tab of tabs) assert.equal(tab.status.reason, "ended_by_admin");
  assert.equal(world.calls.length, 3);
});

test("a login in one tab signs the others in, from whatever they were", async () => {
  world = new World();
  const tabs = [world.tab(), world.tab(), world.tab()];
  await world.of(tabs[1].token());
  assert.equal(tabs[1].status.state, "signed-out");
  await world.of(tabs[0].login("ann@example.com", "a good password"));
  await settle();
  for (const tab of tabs) assert.deepEqual(tab.status, { state: "signed-in", user: ANN, reason: null });
});

test("another user or role in one tab is told in the others", async () => {
  let tabs;
  ({ world, tabs } = await three());
  world.user = { ...ANN, role: "admin" };
  await world.of(tabs[0].refresh());
  await settle();
  for (const tab of tabs) {
    assert.equal(tab.told.length, 2);
    assert.equal(tab.user.role, "admin");
  }
});

test("the late end of an older session leaves a newer one alone", async () => {
  world = new World();
  world.session = "session-old";
  const [deaf, fresh] = [world.tab(), world.tab()];
  await world.of(deaf.token());
  await settle();
  // One tab does not hear of the other's new sign-in, and asks with the old cookie.
  const [channel] = globalThis.BroadcastChannel.open;
  const hear = channel.onmessage;
  channel.onmessage = null;
  await world.of(fresh.login("ann@example.com", "a good password"));
  await settle();
  channel.onmessage = hear;
  const ended = () => problem(401, "session_ended", { reason: "signed_in_again" });
  world.next("/auth/refresh", ended, ended);
  await world.of(deaf.refresh());
  await settle();
  assert.equal(deaf.status.reason, "signed_in_again");
  assert.equal(fresh.status.state, "signed-in");
  // And it comes back as soon as it hears of the new session.
  await world.of(fresh.refresh());
  await settle();
  assert.equal(deaf.status.state, "signed-in");
});

test("what tabs still say of an ended session signs nobody in again", async () => {
  let tabs;
  ({ world, tabs } = await three());
  const [one] = [...globalThis.BroadcastChannel.open];
  const stale = { v: 1, token: world.token(), born: world.serverNow + 5000, dies: world.serverNow + 900_000, skew: 0 };
  await world.of(tabs[0].logout());
  await settle();
  one.postMessage(stale);
  await settle();
  for (const tab of tabs) assert.equal(tab.status.state, "signed-out");
});

test("a tab that never was signed in ends nothing in the others", async () => {
  let tabs;
  ({ world, tabs } = await three());
  const fresh = world.tab();
  world.next("/auth/refresh", problem(401, "no_refresh_token"), problem(401, "no_refresh_token"));
  assert.equal(await world.of(fresh.token()), null);
  await settle();
  for (const tab of tabs) assert.equal(tab.status.state, "signed-in");
});

test("a token heard of late has the rest of its life only, also if the clock is set back then", async () => {
  let tabs;
  ({ world, tabs } = await three());
  const [one] = [...globalThis.BroadcastChannel.open];
  world.mono += 600_000;
  world.wall += 600_000;
  const born = world.serverNow - 500_000;
  one.postMessage({ v: 1, token: world.token(), born, dies: born + 900_000, skew: 0 });
  await settle();
  assert.equal(tabs[1].timeLeft, 400_000);
  world.wall -= 3_600_000;
  assert.equal(tabs[1].timeLeft, 400_000);
});

test("an older token never takes the place of a newer one", async () => {
  let tabs;
  ({ world, tabs } = await three());
  const [one] = [...globalThis.BroadcastChannel.open];
  const stale = { v: 1, token: world.token(), born: world.serverNow - 5000, dies: world.serverNow + 900_000, skew: 0 };
  const held = await tabs[1].token();
  one.postMessage(stale);
  one.postMessage({ v: 2, token: "of another version" });
  one.postMessage("nonsense");
  await settle();
  assert.equal(await tabs[1].token(), held);
});

test("a refresh under way in another tab does not undo a logout", async () => {
  let tabs;
  ({ world, tabs } = await three());
  let answer;
  const tokens = world.tokens();
  world.next("/auth/refresh", () => new Promise((done) => (answer = done)));
  const late = tabs[1].refresh();
  await settle();
  await world.of(tabs[0].logout());
  await settle();
  answer(tokens);
  assert.equal(await world.of(late), null);
  await settle();
  for (const tab of tabs) assert.equal(tab.status.state, "signed-out");
});

test("it works without BroadcastChannel, each tab by itself", async () => {
  let tabs;
  ({ world, tabs } = await three({ channels: false }));
  for (const tab of tabs) assert.ok(await world.of(tab.token()));
  assert.equal(world.calls.length, 3);
  await world.of(tabs[0].logout());
  assert.equal(await world.of(tabs[1].refresh()), null);
  assert.equal(tabs[1].status.reason, "no_refresh_token");
});

test("clients of different servers do not hear each other", async () => {
  world = new World();
  world.session = "session-1";
  const [one, two] = [world.tab(), world.tab({ url: "https://other.example.com" })];
  await world.of(one.token());
  await settle();
  assert.equal(two.status.state, "unknown");
});

test("with Web Locks, tabs that start at once make one refresh", async () => {
  world = new World();
  globalThis.navigator.locks = new Locks();
  Object.assign(world, { session: "session-1", delay: 200 });
  const tabs = Array.from({ length: 20 }, () => world.tab());
  const tokens = await world.of(Promise.all(tabs.map((tab) => tab.token())));
  assert.equal(new Set(tokens).size, 1);
  assert.equal(world.calls.length, 1);
});

test("a lock that another tab never lets go costs two seconds, not the sign-in", async () => {
  world = new World();
  const locks = new Locks();
  globalThis.navigator.locks = locks;
  world.session = "session-1";
  const tab = world.tab();
  locks.request("doorward https://app.example.com/", { signal: new AbortController().signal }, () => new Promise(() => {}));
  const before = world.mono;
  assert.ok(await world.of(tab.token()));
  assert.ok(world.mono - before <= 2200);
  await world.of(tab.login("ann@example.com", "a good password"));
  assert.equal(world.count("/auth/login"), 1);
});

test("locks that the browser forbids are done without", async () => {
  world = new World();
  globalThis.navigator.locks = {
    request: async () => {
      throw new DOMException("opaque origin", "SecurityError");
    },
  };
  world.session = "session-1";
  assert.ok(await world.of(world.tab().token()));
});

test("what fails under a lock is not done twice", async () => {
  world = new World();
  globalThis.navigator.locks = new Locks();
  world.next("/auth/login", problem(401, "invalid_credentials"));
  const error = await world.of(world.tab().login("ann@example.com", "wrong")).catch((error) => error);
  assert.equal(error.code, "invalid_credentials");
  assert.equal(world.count("/auth/login"), 1);
});
