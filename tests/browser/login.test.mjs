// The sign-in, by the keyboard alone.
import assert from "node:assert/strict";

import { alerted, arrived, field, focused, signIn, suite, tabTo, test, until } from "./harness.mjs";
import { ADMIN, PASSWORD } from "./server.mjs";

const it = suite({ "limits.login": "3/15m", registration: "open" }, { fake: true });

test("a wrong password is told by its field, and the address stays", async () => {
  const page = await it.tab("/login", { causes: [401] });
  await signIn(page, ADMIN, "not this one");
  await alerted(page, "E-mail address or password is wrong.");
  assert.equal(await focused(page), "password");
  assert.deepEqual(await field(page, "email"), { value: ADMIN, type: "email", autocomplete: "username", invalid: false });
  assert.deepEqual(await field(page, "password"), { value: "", type: "password", autocomplete: "current-password", invalid: true });
  await page.keyboard.type(PASSWORD);
  assert.equal((await field(page, "password")).invalid, false);
  await page.keyboard.press("Enter");
  await arrived(page, "/account");
  await page.getByText(ADMIN).first().waitFor();
});

test("the order of the focus is that of the page", async () => {
  const page = await it.tab("/login");
  await until(() => focused(page), (id) => id === "email");
  assert.deepEqual(await tabTo(page, "submit"), ["password", "Show", "submit"].map((it) => (it === "Show" ? "password" : it)));
  assert.deepEqual(await tabTo(page, "Create one"), ["Create one"]);
  await page.keyboard.press("Enter");
  await arrived(page, "/register");
});

test("what is empty is asked for, the first one by the focus", async () => {
  const page = await it.tab("/login");
  await until(() => focused(page), (id) => id === "email");
  await page.keyboard.press("Enter");
  await alerted(page, "Please fill this in.");
  assert.equal(await focused(page), "email");
  assert.equal(await page.getByRole("alert").filter({ hasText: "Please fill this in." }).count(), 2);
  await page.keyboard.type(ADMIN);
  await page.keyboard.press("Enter");
  await until(() => focused(page), (id) => id === "password");
  assert.equal((await field(page, "email")).invalid, false);
});

test("a password can be shown, and hidden again", async () => {
  const page = await it.tab("/login");
  await page.locator("#password").focus();
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Tab");
  const shower = page.getByRole("button", { name: "Show" });
  assert.equal(await shower.getAttribute("aria-pressed"), "false");
  await page.keyboard.press("Space");
  assert.equal((await field(page, "password")).type, "text");
  assert.equal((await field(page, "password")).value, PASSWORD);
  await page.locator("[data-show=password][aria-pressed=true]").waitFor();
  await tabTo(page, "password", "Shift+Tab").catch(() => {});
  await page.locator("#password").focus();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  assert.equal((await field(page, "password")).type, "password");
  assert.equal((await field(page, "password")).value, PASSWORD);
});

test("too many attempts count down, lose nothing, and then work", async () => {
  await it.server.user("slow@example.com");
  const page = await (await it.profile({ causes: [401, 429] })).newPage();
  await page.clock.install();
  await page.goto("/login");
  for (let attempt = 0; attempt < 3; attempt++) {
    if (attempt === 0) await signIn(page, "slow@example.com", "wrong");
    else {
      await page.keyboard.type("wrong");
      await page.keyboard.press("Enter");
    }
    await alerted(page, "E-mail address or password is wrong.");
    await until(() => field(page, "password"), (it) => it.value === "");
  }
  await page.keyboard.type(PASSWORD);
  await tabTo(page, "submit");
  await page.keyboard.press("Space");
  const first = await alerted(page, "Too many attempts.");
  assert.match(first, /^Too many attempts\. Try again in \d\smin\s\d+\ss\.$/);
  assert.equal(await focused(page), "submit", "the focus is not lost with the button");
  assert.equal((await field(page, "email")).value, "slow@example.com");
  // Enter does nothing while it waits.
  await page.keyboard.press("Enter");
  await until(() => page.locator("#problem").textContent(), (text) => text !== first);
  assert.equal(await page.locator("#submit").getAttribute("aria-disabled"), "true");
  it.server.advance(5 * 60);
  await page.clock.runFor(5 * 60_000);
  await until(() => page.locator("#problem").isVisible(), (shown) => !shown);
  assert.equal(await page.locator("#submit").getAttribute("aria-disabled"), null);
  assert.equal((await field(page, "password")).value, PASSWORD);
  await page.keyboard.press("Enter");
  await arrived(page, "/account");
});

test("a server out of reach loses nothing of what was typed", async () => {
  const page = await it.tab("/login", { causes: ["network"] });
  await page.context().setOffline(true);
  await signIn(page, ADMIN);
  await alerted(page, "The server can't be reached. Nothing was lost: try again.");
  assert.equal((await field(page, "email")).value, ADMIN);
  assert.equal((await field(page, "password")).value, PASSWORD);
  await page.context().setOffline(false);
  await page.keyboard.press("Enter");
  await arrived(page, "/account");
});

test("a password is pasted", async () => {
  const page = await it.tab("/login");
  await page.locator("#password").focus();
  await page.keyboard.insertText("pasted words");
  assert.equal((await field(page, "password")).value, "pasted words");
});

test("every reason has words of its own", async () => {
  const reasons = [
    "logged_out", "logged_out_everywhere", "signed_in_again", "ended_by_user", "ended_by_admin", "everyone_logged_out",
    "password_changed", "account_disabled", "account_deleted", "role_changed", "idle_expired", "absolute_expired",
    "refresh_reuse", "rolled_back", "restored", "too_many_sessions", "unknown",
  ];
  const page = await it.tab("/login");
  const said = new Set();
  for (const reason of reasons) {
    await page.goto(`/login?reason=${reason}`);
    const status = page.getByRole("status");
    await status.waitFor();
    said.add(await status.textContent());
  }
  assert.equal(said.size, reasons.length);
  await page.goto("/login?reason=<b>made_up</b>");
  assert.equal(await page.getByRole("status").isVisible(), false);
});
