// Signing out everywhere takes hold in tabs that are open: within two seconds of their next call.
import assert from "node:assert/strict";

import { focused, suite, tabTo, test, toldWhy } from "./harness.mjs";

const it = suite({ demo: true });

/** The demo asks the server every second: so within three it knows. */
const demoTold = async (page, reason) => {
  await page.locator("[data-when=signed-out]").waitFor({ timeout: 3000 });
  assert.equal(await page.locator("[data-demo=reason]").textContent(), reason);
};

/** Asks for something on the account page, and takes the time until it says why not. */
const accountTold = async (page, words) => {
  const asked = performance.now();
  await tabTo(page, "currentPassword");
  await page.keyboard.type("some password");
  await tabTo(page, "newPassword");
  await page.keyboard.type("another password");
  const sent = performance.now();
  await page.keyboard.press("Enter");
  await toldWhy(page, words);
  assert.ok(performance.now() - sent < 2000, `${performance.now() - asked} ms`);
};

test("from another device", async () => {
  await it.server.user("ann@example.com");
  const demo = await it.signedIn("ann@example.com", "/demo", { causes: [401] });
  const account = await it.signedIn("ann@example.com", "/account", { causes: [401] });
  await account.locator("#devices > li").first().waitFor();
  const phone = await it.server.signIn("ann@example.com");
  const answer = await phone.call("POST", "/auth/logout-all");
  assert.equal(answer.sessions, 3);
  await demoTold(demo, "logged_out_everywhere");
  await accountTold(account, "because this account signed out on all devices");
});

test("by an administrator, of one user", async () => {
  const { id } = await it.server.user("bea@example.com");
  const demo = await it.signedIn("bea@example.com", "/demo", { causes: [401] });
  const account = await it.signedIn("bea@example.com", "/account", { causes: [401] });
  await account.locator("#devices > li").first().waitFor();
  await it.server.admin("POST", `/users/${id}/logout-all`);
  await demoTold(demo, "ended_by_admin");
  await accountTold(account, "An administrator signed you out.");
});

test("a disabled account is told so", async () => {
  const { id } = await it.server.user("cyd@example.com");
  const account = await it.signedIn("cyd@example.com", "/account", { causes: [401] });
  await account.locator("#devices > li").first().waitFor();
  await it.server.admin("POST", `/users/${id}/disable`);
  await accountTold(account, "This account was disabled.");
});

test("by an administrator, of everyone", async () => {
  await it.server.user("dot@example.com");
  const demo = await it.signedIn("dot@example.com", "/demo", { causes: [401] });
  await it.server.admin("POST", "/logout-all");
  await demoTold(demo, "everyone_logged_out");
  assert.notEqual(await focused(demo), null);
});
