// The administration on a slow or failing server: it says that it loads, and what did not can be asked for again.
import assert from "node:assert/strict";

import { openAdmin, press } from "./admin.mjs";
import { alerted, focused, suite, tabTo, test, until } from "./harness.mjs";
import { ADMIN } from "./server.mjs";

const it = suite({ "limits.login": "1000/15m" });

/** Name, what is asked for, where it is, and what shows once it came. */
const PARTS = [
  ["overview", "**/admin/overview", "overview", "#plots svg", "#live"],
  ["users", "**/admin/users?*", "users", "#users > tr", "#pick-all"],
  ["user", "**/admin/users/*", "users/ID", "#user-facts dt", "#user-acts"],
  ["events", "**/admin/events?*", "events", "#timeline > li", "#more-events"],
];

for (const [name, path, hash, filled, empty] of PARTS) {
  test(`${name}: slow, then failing, then there`, async () => {
    const { users } = await it.server.admin("GET", `/users?search=${ADMIN}`);
    const page = await openAdmin(it, name === "overview" ? "users" : "overview", { causes: [401, 403, 503] });
    let release = () => {};
    const held = new Promise((done) => (release = () => done(undefined)));
    let harm = true;
    await page.route(path, async (route) => {
      await held;
      return harm ? route.fulfill({ status: 503, contentType: "application/problem+json", body: "{}" }) : route.continue();
    });
    if (name === "overview") await page.reload();
    await page.goto(`/admin#${hash.replace("ID", users[0].id)}`);
    const waits = page.getByRole("status").filter({ hasText: "Loading …", visible: true });
    await waits.waitFor();
    assert.equal(await page.locator(empty).isVisible(), false, "nothing empty stands there");
    release();
    await alerted(page, "The server is busy. Try again in a moment.");
    assert.equal(await waits.count(), 0);
    assert.equal(await page.locator(empty).isVisible(), false);
    harm = false;
    await tabTo(page, "retry");
    await page.keyboard.press("Enter");
    await page.locator(filled).first().waitFor();
    await until(() => page.locator("#problem").isVisible(), (shown) => !shown);
    assert.equal(await page.locator("#retry").isVisible(), false);
    assert.equal(await waits.count(), 0);
    assert.equal(await focused(page), "main");
  });
}

test("somebody who is gone is not asked for again", async () => {
  const page = await openAdmin(it, "users/01900000-0000-7000-8000-000000000000", { causes: [401, 403, 404] });
  await alerted(page, "This is not there any more.");
  assert.equal(await page.locator("#retry").isVisible(), false);
});

test("a user's events follow each act, and none are called none", async () => {
  const { id } = await it.server.user("ann@example.com");
  const page = await openAdmin(it, `users/${id}`);
  await page.locator("#user-timeline > li").first().waitFor();
  await press(page, "Create a link for a new password");
  await page.locator("dialog.once").waitFor();
  await press(page, "Close", "Shift+Tab");
  await page.locator("#user-timeline > li").first().getByText("Link created").waitFor();
  await page.route("**/admin/events?*", (route) => route.fulfill({ json: { events: [], next: null } }));
  await page.reload();
  await page.getByText("No events yet.").waitFor();
});
