// Long lists: page by page, by the keyboard, with nothing twice and nothing left out; and the live timeline.
import assert from "node:assert/strict";

import { openAdmin, press } from "./admin.mjs";
import { focused, suite, tabTo, test, until } from "./harness.mjs";

const it = suite({ "limits.login": "1000/15m" }, { fake: true });
const COUNT = 120;
let made = false;

const people = async () => {
  if (made) return;
  made = true;
  for (let n = 0; n < COUNT; n++) await it.server.invite(`page-${String(n).padStart(3, "0")}@example.com`);
};

const addresses = (page) => page.locator("#users td.first a").allTextContents();

/** Goes back from the top, which is to the end of the page. */
const more = (page) => press(page, page.more, "Shift+Tab");

test("users come by the page, and the focus goes to the first new one", async () => {
  await people();
  const page = Object.assign(await openAdmin(it, "users?search=page-"), { more: "more-users" });
  for (const count of [50, 100, 120]) {
    await until(() => addresses(page), (all) => all.length === count);
    if (count > 50) await until(() => focused(page), (text) => text === `page-${String(count === 100 ? 50 : 100).padStart(3, "0")}@example.com`);
    if (count < 120) {
      await page.locator("#found").filter({ hasText: `${count} users shown, there are more` }).waitFor({ state: "attached" });
      if (count > 50) await page.locator("#view-users h1").focus();
      await more(page);
    }
  }
  const all = await addresses(page);
  assert.equal(new Set(all).size, COUNT, "nobody twice");
  assert.deepEqual(all, [...all].sort(), "in order, over the pages");
  assert.equal(await page.locator("#more-users").isVisible(), false);
});

test("who was picked stays picked over the pages, and a new search picks nobody", async () => {
  await people();
  const page = Object.assign(await openAdmin(it, "users?search=page-0"), { more: "more-users" });
  await until(() => addresses(page), (all) => all.length === 50);
  await tabTo(page, "Select page-000@example.com");
  await page.keyboard.press("Space");
  await page.getByText("1 selected").waitFor();
  await page.locator("#view-users h1").focus();
  await more(page);
  await until(() => addresses(page), (all) => all.length === 100);
  assert.equal(await page.getByLabel("Select page-000@example.com").isChecked(), true);
  await page.getByText("1 selected").waitFor();
  await page.locator("#view-users h1").focus();
  await tabTo(page, "search");
  await page.keyboard.press("End");
  await page.keyboard.type("0");
  await until(() => addresses(page), (all) => all.length === 10);
  assert.equal(await page.locator("#picked-users").isVisible(), false);
});

const ids = (page) => page.locator("#timeline > li.event").evaluateAll((all) => all.map((it) => Number(it.dataset.id)));

test("events come by the page, and new ones above do not lose the old ones", async () => {
  await people();
  // What is older than a minute grows no more and is not asked for again.
  it.server.advance(200);
  await it.server.invite("after-a-while@example.com");
  const page = Object.assign(await openAdmin(it, "events?kind=user_created"), { more: "more-events" });
  for (const count of [50, 100, 121]) {
    const seen = await until(() => ids(page), (all) => all.length >= count);
    assert.deepEqual(seen, [...new Set(seen)].sort((a, b) => b - a), "each once, the newest first");
    if (count < 121) {
      if (count > 50) await page.locator("#view-events h1").focus();
      await more(page);
      await until(async () => (await ids(page)).length, (n) => n > count);
      assert.equal(await page.evaluate(() => document.activeElement?.getAttribute("data-id")), String((await ids(page))[count]));
    }
  }
  assert.equal(await page.locator("#more-events").isVisible(), false);
  const before = await ids(page);
  await it.server.invite("later@example.com");
  const after = await until(() => ids(page), (all) => all[0] !== before[0], 15_000);
  assert.deepEqual(after.slice(1), before);
});

test("the live timeline is stopped by its switch, and goes on by it", async () => {
  const page = await openAdmin(it, "events?kind=signed_in");
  await page.locator("#timeline > li.event").first().waitFor();
  await page.clock.install();
  await page.reload();
  await page.locator("#timeline > li.event").first().waitFor();
  let asks = 0;
  page.on("request", (request) => (asks += Number(request.url().includes("/auth/admin/events"))));
  await page.clock.runFor(11_000);
  await until(() => asks, (n) => n >= 1);
  await press(page, "live-events");
  const live = page.locator("#live-events");
  assert.equal(await live.getAttribute("aria-pressed"), "false");
  const before = [asks, await ids(page)];
  await it.server.user("quiet@example.com");
  await it.server.signIn("quiet@example.com");
  await page.clock.runFor(60_000);
  assert.deepEqual([asks, await ids(page)], before, "nothing is asked for and nothing moves");
  assert.equal(await focused(page), "live-events");
  await page.keyboard.press("Space");
  assert.equal(await live.getAttribute("aria-pressed"), "true");
  await page.locator("#timeline").getByText("quiet@example.com").waitFor();
});
