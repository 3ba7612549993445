// The demo shows the life of a token: by the keyboard alone.
import assert from "node:assert/strict";

import { alerted, arrived, suite, tabTo, test, until } from "./harness.mjs";
import { ADMIN, PASSWORD } from "./server.mjs";

const it = suite({ demo: true });
const off = suite({});

const logged = (page, words) => page.locator("[data-demo=log] > li").filter({ hasText: words }).first().waitFor();

test("it shows who is signed in, for how long, and what an API answers", async () => {
  const page = await it.tab("/demo", { causes: [401] });
  await page.locator("[data-when=signed-out]").waitFor();
  await tabTo(page, "email");
  await page.keyboard.type(ADMIN);
  await page.keyboard.press("Tab");
  await page.keyboard.type("wrong");
  await page.keyboard.press("Enter");
  await alerted(page, "E-mail address or password is wrong.");
  await page.locator("#password").focus();
  await page.keyboard.press("Control+a");
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  await page.locator("[data-when=signed-in]").waitFor();
  assert.equal(await page.locator("[data-demo=user]").textContent(), ADMIN);
  const left = async () => parseInt((await page.locator("[data-demo=left]").textContent()) ?? "");
  assert.ok((await left()) > 880 && (await left()) <= 900, `${await left()}`);
  await until(left, (seconds) => seconds < 898);
  await tabTo(page, "Refresh");
  await page.keyboard.press("Enter");
  await logged(page, "refresh: renewed");
  await tabTo(page, "Call an API");
  await page.keyboard.press("Space");
  await logged(page, "call: GET /auth/me answered 200");
  const answer = JSON.parse((await page.locator("[data-demo=answer]").textContent()) ?? "");
  assert.equal(answer.email, ADMIN);
});

test("its source is there to be copied, and is the file that runs", async () => {
  const context = await it.profile({ causes: [401], permissions: ["clipboard-read", "clipboard-write"] });
  const page = await context.newPage();
  await page.goto("/demo");
  const source = await until(() => page.locator("[data-demo=source]").textContent());
  const file = await page.evaluate(async () => {
    const script = document.querySelector("script[src*='demo.js']");
    return (await fetch(/** @type {HTMLScriptElement} */ (script).src)).text();
  });
  assert.equal(source, file);
  await tabTo(page, "Copy");
  await page.keyboard.press("Enter");
  await logged(page, "copy: copied");
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), file);
});

test("signing out in one tab shows in the other at once", async () => {
  const one = await it.signedIn(ADMIN, "/demo", { causes: [401] });
  const two = await one.context().newPage();
  await two.goto("/demo");
  for (const tab of [one, two]) await tab.locator("[data-when=signed-in]").waitFor();
  await tabTo(one, "Sign out");
  await one.keyboard.press("Enter");
  for (const tab of [one, two]) await tab.locator("[data-when=signed-out]").waitFor();
  assert.equal(await two.locator("[data-demo=reason]").textContent(), "logged_out");
});

test("signing out everywhere ends the account page too", async () => {
  const demo = await it.signedIn(ADMIN, "/demo", { causes: [401] });
  const account = await demo.context().newPage();
  await account.goto("/account");
  await account.locator("#devices > li").first().waitFor();
  await tabTo(demo, "Sign out everywhere");
  await demo.keyboard.press("Enter");
  await logged(demo, "sessions ended");
  await arrived(account, "/login");
});

test("it is there only where the settings have it", async () => {
  assert.equal((await fetch(`${off.server.origin}/demo`)).status, 404);
});
