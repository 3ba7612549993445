// Three tabs over fifty lifetimes of a token, on a line that loses requests and answers: nobody is signed
// out by that.
import assert from "node:assert/strict";

import { arrived, signIn, suite, test, until } from "./harness.mjs";
import { line } from "./network.mjs";

const LIFETIMES = 50;
const it = suite({ "tokens.access_ttl": "10s", demo: true, "refresh.idle_ttl": "30d" }, { fake: true });

/** The same numbers in every run (Marsaglia, "Xorshift RNGs", 2003). */
const dice = (seed) => {
  let x = seed;
  return (sides) => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) % sides;
  };
};

const lines = (page) => page.locator("[data-demo=log] > li").allTextContents();

test("no lost answer signs anybody out", async (t) => {
  const seed = 20_261_124;
  const roll = dice(seed);
  const harms = [];
  let refreshes = 0;
  const did = { cut: 0, lost: 0, busy: 0, late: 0 };
  const { origin, close } = await line(it.server.origin, ({ url }) => {
    if (url !== "/auth/refresh") return undefined;
    refreshes++;
    const harm = harms.shift();
    if (harm === "late") {
      // The answer is lost, and the next try comes after the grace.
      did.late++;
      it.server.advance(45);
      return "cut";
    }
    if (harm) did[harm]++;
    return harm;
  });
  t.after(close);
  const { id } = await it.server.user("ann@example.com");
  const context = await it.profile({ origin, causes: [401, 503, "network"] });
  const tabs = [await context.newPage(), await context.newPage(), await context.newPage()];
  await tabs[0].goto("/login?return_to=/demo");
  await signIn(tabs[0], "ann@example.com");
  await arrived(tabs[0], "/demo");
  await Promise.all(tabs.slice(1).map((tab) => tab.goto("/demo")));
  for (const tab of tabs) await tab.locator("[data-when=signed-in]").waitFor();

  let late = 0;
  for (let life = 0; life < LIFETIMES; life++) {
    // The third late recovery in a row would be taken for theft, and rightly so.
    const kinds = ["", "", "", "", "cut", "lost", "busy", ...(late < 2 ? ["late"] : [])];
    const first = kinds[roll(kinds.length)];
    late = first === "late" ? late + 1 : 0;
    harms.splice(0, harms.length, ...[first, first === "cut" && roll(3) === 0 ? "cut" : ""].filter(Boolean));
    it.server.advance(11 + roll(3600));
    const before = await Promise.all(tabs.map(async (tab) => (await lines(tab)).length));
    for (const tab of tabs) await tab.locator("[data-demo=call]").click();
    const heard = tabs.map((tab, n) =>
      until(
        async () => (await lines(tab)).slice(0, -before[n]).filter((said) => said.includes("call: GET /auth/me answered")),
        (said) => said.length > 0,
        20_000,
      ),
    );
    for (const [said] of await Promise.all(heard)) assert.match(said, /answered 200$/, `seed ${seed}, lifetime ${life}, ${first}`);
  }
  for (const tab of tabs) {
    assert.ok(!(await lines(tab)).some((said) => said.includes("signed-out")), (await lines(tab)).join("\n"));
    assert.equal(await tab.locator("[data-when=signed-in]").isVisible(), true);
  }
  // All of it came to pass, in one session that is still alive.
  for (const [harm, times] of Object.entries(did)) assert.ok(times >= 3, `${harm}: ${times}`);
  assert.ok(refreshes >= LIFETIMES, `${refreshes} refreshes`);
  const { sessions, events } = await it.server.known(id);
  assert.deepEqual(sessions.map((session) => session.live), [true]);
  assert.ok(!events.some(({ kind }) => /reuse|ended/.test(kind)), JSON.stringify(events.map(({ kind }) => kind)));
});
