// What an administrator changes of an account: its address, and the waits after failures; and that it holds.
import assert from "node:assert/strict";

import { dialog, openAdmin, press } from "./admin.mjs";
import { alerted, focused, suite, test, until } from "./harness.mjs";
import { ADMIN, PASSWORD } from "./server.mjs";

const it = suite({ "limits.login": "1000/15m" });

/** The page of a user, shown. */
const openUser = async (id, causes = []) => {
  const page = await openAdmin(it, `users/${id}`, { causes: [401, 403, ...causes] });
  await page.locator("#user-facts button").first().waitFor();
  return page;
};

test("an address is changed, with its errors on the way, and sessions go on", async () => {
  const { id } = await it.server.user("old@example.com");
  const phone = await it.server.signIn("old@example.com");
  const page = await openUser(id, [409, 422]);
  await press(page, "Change…");
  const asked = dialog(page, "Another address for old@example.com");
  await asked.waitFor();
  for (const [typed, words] of [["no address", "An e-mail address looks like name@example.com."], [ADMIN, "Another account has this address."]]) {
    // The old address is selected, and what was wrong stays to be mended.
    await page.keyboard.press("Control+a");
    await page.keyboard.type(typed);
    await page.keyboard.press("Enter");
    await alerted(page, words);
    const field = asked.locator("input");
    assert.deepEqual([await field.inputValue(), await field.getAttribute("aria-invalid")], [typed, "true"]);
    assert.equal(await field.evaluate((it) => it === document.activeElement), true);
  }
  await page.keyboard.press("Control+a");
  await page.keyboard.type("new@example.com");
  await page.keyboard.press("Enter");
  await page.getByRole("status").filter({ hasText: "The address is changed." }).waitFor();
  await until(() => page.locator("#user-email").textContent(), (text) => text === "new@example.com");
  assert.equal(await page.locator("#live-sessions > tr").count(), 1);
  assert.equal((await phone.call("GET", "/auth/me")).status, 200);
  await it.server.signIn("new@example.com");
  const old = await it.server.call("POST", "/auth/login", { email: "old@example.com", password: PASSWORD, transport: "body" });
  assert.equal(old.status, 401);
});

test("waits after failures are cleared, and the right password works at once", async () => {
  const { id } = await it.server.user("far@example.com");
  const guess = (password) => it.server.call("POST", "/auth/login", { email: "far@example.com", password, transport: "body" });
  let failures = 0;
  while ((await guess("not this one")).status === 401) failures++;
  assert.ok(failures > 10, "else nothing waits");
  assert.equal((await guess(PASSWORD)).status, 429);
  const page = await openUser(id);
  await page.locator("#user-facts").getByText(`${failures} in a row`).waitFor();
  await page.locator("#user-tags").getByText(`${failures} failures`).waitFor();
  await press(page, "Clear sign-in waits");
  await page.getByRole("status").filter({ hasText: "Sign-in waits are cleared" }).waitFor();
  await page.locator("#user-facts").getByText("none", { exact: true }).waitFor();
  await page.locator("#user-timeline").getByText("Sign-in waits cleared").waitFor();
  assert.equal(await page.locator("#user-tags").getByText("failures").count(), 0);
  assert.equal(await focused(page), "done");
  assert.equal((await guess(PASSWORD)).status, 200);
});
