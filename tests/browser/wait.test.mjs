// Too many attempts in a dialog, and buttons that are busy: nothing is lost, the focus least of all.
import assert from "node:assert/strict";

import { dialog, openAdmin, press } from "./admin.mjs";
import { alerted, arrived, focused, signIn, suite, tabTo, test, until } from "./harness.mjs";
import { ADMIN, PASSWORD } from "./server.mjs";

const it = suite({ "limits.login": "3/15m", "tokens.access_ttl": "2h" }, { fake: true });

test("too many attempts in a dialog count down, lose nothing, and then it goes on", async () => {
  const { id } = await it.server.user("ann@example.com");
  const context = await it.profile({ causes: [401, 403, 429] });
  const page = await context.newPage();
  await page.clock.install();
  await page.goto("/login?return_to=/admin");
  await signIn(page, ADMIN);
  await arrived(page, "/admin");
  await page.goto(`/admin#users/${id}`);
  await page.locator("#user-acts button").first().waitFor();
  it.server.advance(6 * 60);
  await press(page, "Delete…");
  const asked = dialog(page, "Delete ann@example.com?");
  await asked.waitFor();
  await page.keyboard.type("ann@example.com");
  await page.keyboard.press("Enter");
  const confirm = dialog(page, "Confirm that it is you");
  await confirm.waitFor();
  const problem = confirm.locator(".notice");
  for (let attempt = 0; attempt < 10 && (await problem.textContent()) === ""; attempt++) {
    await page.keyboard.type(`wrong ${attempt}`);
    await press(page, "Confirm");
    await until(async () => (await confirm.getByRole("alert").allTextContents()).join(""), (text) => text !== "");
    if ((await problem.textContent()) === "") await until(() => confirm.locator("input[type=password]").inputValue(), (value) => value === "");
  }
  const first = await alerted(page, "Too many attempts.");
  assert.match(first, /^Too many attempts\. Try again in \d+\smin\s\d+\ss\.$/);
  assert.equal(await focused(page), "Confirm", "the button keeps the focus");
  const yes = confirm.getByRole("button", { name: "Confirm" });
  assert.equal(await yes.getAttribute("aria-disabled"), "true");
  // Pressing it asks nothing while it waits, and each second is shown without being announced.
  let asks = 0;
  await page.route("**/auth/reauth", (route) => (asks++, route.continue()));
  await page.keyboard.press("Space");
  await page.clock.runFor(3_000);
  await until(() => problem.textContent(), (text) => text !== first && text !== "");
  assert.equal(await problem.getAttribute("aria-live"), "off");
  assert.equal(asks, 0);
  it.server.advance(16 * 60);
  await page.clock.fastForward(16 * 60_000);
  await until(() => yes.getAttribute("aria-disabled"), (state) => state === null);
  assert.equal(await problem.isVisible(), false);
  assert.equal(await asked.locator("input").inputValue(), "ann@example.com", "what was typed before is still there");
  assert.equal(await focused(page), "Confirm");
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Control+a");
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  await page.getByRole("status").filter({ hasText: "The account is deleted." }).waitFor();
});

test("a button that could do nothing keeps the focus, and can be pressed again", async () => {
  await it.server.user("bea@example.com");
  await it.server.signIn("bea@example.com", PASSWORD, "curl/8");
  const page = await it.signedIn("bea@example.com", "/account", { causes: ["network", 503] });
  await until(() => page.locator("#devices > li").count(), (n) => n === 2);
  await page.route("**/auth/sessions/*", (route) => route.abort());
  await page.route("**/auth/logout", (route) => route.fulfill({ status: 503, headers: { "retry-after": "1" }, body: "" }));
  await tabTo(page, "Sign out curl");
  await page.keyboard.press("Enter");
  await alerted(page, "The server can't be reached");
  assert.equal(await focused(page), "Sign out curl");
  await page.unroute("**/auth/sessions/*");
  await page.keyboard.press("Enter");
  await page.getByRole("status").filter({ hasText: "curl is signed out." }).waitFor();
  assert.equal(await page.locator("#devices-problem").isVisible(), false);
  await tabTo(page, "sign-out", "Shift+Tab");
  await page.keyboard.press("Enter");
  await until(() => page.locator("#sign-out").textContent(), (text) => text === "Try again");
  assert.equal(await focused(page), "sign-out");
  await page.unroute("**/auth/logout");
  await page.keyboard.press("Enter");
  await arrived(page, "/login");
});
