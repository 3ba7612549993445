// Signing out everywhere takes hold in tabs that are open, within seconds and by itself.
import assert from "node:assert/strict";

import { focused, suite, test, toldWhy } from "./harness.mjs";

const it = suite({ demo: true });

/** The demo asks the server every second: so within three it knows. */
const demoTold = async (page, reason) => {
  await page.locator("[data-when=signed-out]").waitFor({ timeout: 3000 });
  assert.equal(await page.locator("[data-demo=reason]").textContent(), reason);
};

/** The account asks by itself as long as it is looked at: it leaves without a key being touched. */
const accountTold = async (page, words) => {
  const began = performance.now();
  await toldWhy(page, words);
  assert.ok(performance.now() - began < 3000, `${performance.now() - began} ms`);
};

test("from another device", async () => {
  await it.server.user("ann@example.com");
  const demo = await it.signedIn("ann@example.com", "/demo", { causes: [401] });
  const account = await it.signedIn("ann@example.com", "/account", { causes: [401] });
  await account.locator("#devices > li").first().waitFor();
  const phone = await it.server.signIn("ann@example.com");
  const answer = await phone.call("POST", "/auth/logout-all");
  assert.equal(answer.sessions, 3);
  await Promise.all([demoTold(demo, "logged_out_everywhere"), accountTold(account, "because this account signed out on all devices")]);
});

test("by an administrator, of one user", async () => {
  const { id } = await it.server.user("bea@example.com");
  const demo = await it.signedIn("bea@example.com", "/demo", { causes: [401] });
  const account = await it.signedIn("bea@example.com", "/account", { causes: [401] });
  await account.locator("#devices > li").first().waitFor();
  await it.server.admin("POST", `/users/${id}/logout-all`);
  await Promise.all([demoTold(demo, "ended_by_admin"), accountTold(account, "An administrator signed you out.")]);
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
