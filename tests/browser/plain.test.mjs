// Plain http at an address that is not this machine: it works, it is named on the page, and the browser has
// nothing to complain of.
import assert from "node:assert/strict";

import { openAdmin } from "./admin.mjs";
import { suite, tabTo, test } from "./harness.mjs";
import { ADMIN } from "./server.mjs";

const it = suite({ registration: "open", demo: true });
const PLAIN = "This connection is not encrypted";

/** The same server by a name that browsers do not hold to be this machine. */
const origin = () => it.server.origin.replace("127.0.0.1", "door.test");

// What the browser says fails every test of the suite.
test("no page brings a message onto the console", async () => {
  const page = await (await it.profile({ origin: origin(), causes: [401] })).newPage();
  for (const path of ["/login", "/register", "/setup#x", "/link#x", "/demo"]) {
    await page.goto(path);
    await page.locator("h1").waitFor();
  }
  assert.equal(await page.evaluate(() => isSecureContext), false, "else this shows nothing");
});

test("the sign-in, the account and the administration work, and say that nothing is encrypted", async () => {
  const page = await it.tab("/login", { origin: origin() });
  await page.getByText(PLAIN).waitFor();
  const admin = await openAdmin(it, "overview", { origin: origin() });
  await admin.locator("#plain").filter({ hasText: PLAIN }).waitFor();
  await tabTo(admin, "Account");
  await admin.keyboard.press("Enter");
  await admin.locator("#email-shown").filter({ hasText: ADMIN }).waitFor();
  const here = await openAdmin(it, "overview");
  await here.locator("#live").filter({ hasText: /\d/ }).waitFor();
  assert.equal(await here.getByText(PLAIN).isVisible(), false, "on this machine it is no matter");
});
