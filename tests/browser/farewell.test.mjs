// An act that ends one's own session is told in full before the page leads away.
import assert from "node:assert/strict";

import { dialog, openAdmin, press } from "./admin.mjs";
import { suite, tabTo, test, toldWhy } from "./harness.mjs";
import { PASSWORD } from "./server.mjs";

const it = suite({ "limits.login": "1000/15m" });

/** A tab of an administrator whose clock the test moves. */
const open = async (email, hash) => {
  const page = await it.signedIn(email, "/account", { causes: [401, 403] });
  await page.clock.install();
  await page.goto(`/admin#${hash}`);
  await page.locator("#tabs").waitFor();
  await page.locator("#main[aria-busy]").waitFor({ state: "detached" });
  return page;
};

/** The dialog stays, however often the page could have asked whether its session still lives. */
const stays = async (page, told) => {
  await told.waitFor();
  for (let round = 0; round < 3; round++) {
    await page.clock.runFor(5_000);
    await page.evaluate(() => fetch("/healthz").then((answer) => answer.text()));
  }
  assert.equal(new URL(page.url()).pathname, "/admin");
  assert.equal(await told.isVisible(), true);
};

test("everyone is logged out", async () => {
  await it.server.user("ann@example.com", "admin");
  const page = await open("ann@example.com", "overview");
  await press(page, "Sign everyone out…");
  await dialog(page, "Sign everyone out?").waitFor();
  await page.keyboard.type("everyone");
  await page.keyboard.press("Enter");
  const told = dialog(page, "Everyone is signed out");
  await stays(page, told);
  assert.match(await told.innerText(), /\d+ sessions? ended at \d/);
  await page.keyboard.press("Enter");
  await toldWhy(page, "An administrator signed everyone out.");
});

test("one logs out oneself", async () => {
  const { id } = await it.server.user("bea@example.com", "admin");
  const page = await open("bea@example.com", `users/${id}`);
  await page.locator("#live-sessions > tr").first().waitFor();
  await tabTo(page, "end-user");
  await page.keyboard.press("Enter");
  await dialog(page, "Sign out bea@example.com?").waitFor();
  await press(page, "End now");
  await stays(page, dialog(page, "Signed out"));
  await page.keyboard.press("Enter");
  await toldWhy(page, "An administrator signed you out.");
});

test("one disables oneself", async () => {
  const { id } = await it.server.user("cyd@example.com", "admin");
  const page = await open("cyd@example.com", `users/${id}`);
  await tabTo(page, "Disable…");
  await page.keyboard.press("Enter");
  await dialog(page, "Disable cyd@example.com?").waitFor();
  await press(page, "Disable");
  await stays(page, dialog(page, "The account is disabled."));
  await page.keyboard.press("Enter");
  await toldWhy(page, "This account was disabled.");
});

test("where the act is refused, the page watches on", async () => {
  const { id } = await it.server.user("dot@example.com", "admin");
  const page = await openAdmin({ ...it, signedIn: (_, path, options) => it.signedIn("dot@example.com", path, options) }, `users/${id}`, {
    causes: [401, 403, 503],
  });
  await page.locator("#live-sessions > tr").first().waitFor();
  await page.route("**/logout-all", (route) => route.fulfill({ status: 503, contentType: "application/problem+json", body: "{}" }));
  await tabTo(page, "end-user");
  await page.keyboard.press("Enter");
  await press(page, "End now");
  await page.getByRole("alert").filter({ hasText: "The server is busy." }).waitFor();
  const other = await it.server.signIn("dot@example.com", PASSWORD);
  await other.call("POST", "/auth/logout-all", {});
  await toldWhy(page, "signed out on all devices");
});
