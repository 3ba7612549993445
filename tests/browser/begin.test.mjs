// The ways in: the first administrator, links, and registration.
import assert from "node:assert/strict";

import { alerted, arrived, field, focused, signIn, suite, tabTo, test, until } from "./harness.mjs";
import { ADMIN, PASSWORD, Server } from "./server.mjs";

const it = suite({ registration: "open" }, { first: false });

test("before there is an administrator, the first page says what to do", async () => {
  const page = await it.tab("/");
  assert.equal(new URL(page.url()).pathname, "/");
  await page.getByText("It printed", { exact: false }).or(page.getByText("it printed", { exact: false })).first().waitFor();
});

test("a set-up link with a part missing says so", async () => {
  const page = await it.tab("/setup");
  await alerted(page, "This link does not work");
  await page.getByText("doorward admin-link").waitFor();
  assert.equal(await page.locator("#form").isVisible(), false, "nothing is asked for that would be of no use");
});

test("a set-up link that is wrong says so, and how to get another", async () => {
  const page = await it.tab("/setup#nonsense", { causes: [410] });
  await until(() => focused(page), (id) => id === "email");
  await page.keyboard.type(ADMIN);
  await page.keyboard.press("Tab");
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  await alerted(page, "This link does not work");
  await page.getByText("doorward admin-link").waitFor();
  assert.equal(await page.locator("#form").isVisible(), false);
});

test("the first administrator is made by the keyboard alone, with its errors on the way", async () => {
  const page = await it.tab(`/setup#${it.server.secret}`, { causes: [400, 422] });
  await until(() => focused(page), (id) => id === "email");
  assert.equal((await field(page, "email")).autocomplete, "username");
  assert.equal((await field(page, "password")).autocomplete, "new-password");
  await page.keyboard.type("no address");
  await page.keyboard.press("Tab");
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  await alerted(page, "An e-mail address looks like name@example.com.");
  assert.equal(await focused(page), "email");
  assert.equal((await field(page, "password")).value, PASSWORD);
  await page.keyboard.press("Control+a");
  await page.keyboard.type(ADMIN);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Control+a");
  await page.keyboard.type("short");
  await page.keyboard.press("Enter");
  await until(() => field(page, "password"), ({ invalid }) => invalid);
  assert.equal(await focused(page), "password");
  assert.equal((await field(page, "email")).value, ADMIN);
  assert.ok(await page.locator("#password-error[role=alert]").textContent());
  await page.keyboard.press("Control+a");
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  await arrived(page, "/account");
  await page.getByText(ADMIN).first().waitFor();
});

test("a set-up link does not work twice", async () => {
  const page = await it.tab(`/setup#${it.server.secret}`);
  await page.getByRole("heading", { name: "This server is set up" }).waitFor();
  assert.equal(await page.locator("form").count(), 0);
  await tabTo(page, "Sign in");
  await page.keyboard.press("Enter");
  await arrived(page, "/login");
});

test("who comes second with an open set-up page is led to the sign-in", async () => {
  const other = await Server.start();
  const { secret } = other;
  const page = await it.tab(`${other.origin}/setup#${secret}`, { causes: [409] });
  await until(() => focused(page), (id) => id === "email");
  await other.setUp();
  await page.keyboard.type("second@example.com");
  await page.keyboard.press("Tab");
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "This server is set up" }).waitFor();
  await other.stop();
});

test("opening a link uses nothing up; the button and the form do", async () => {
  const { secret } = await it.server.invite("guest@example.com");
  for (let scan = 0; scan < 3; scan++) await it.tab(`/link#${secret}`);
  const page = await it.tab(`/link#${secret}`, { causes: [400, 422] });
  await tabTo(page, "begin");
  await page.keyboard.press("Enter");
  await until(() => focused(page), (id) => id === "password");
  assert.equal((await field(page, "password")).autocomplete, "new-password");
  await page.keyboard.type("password1");
  await page.keyboard.press("Enter");
  await until(() => field(page, "password"), ({ invalid }) => invalid);
  assert.equal(await focused(page), "password");
  await page.keyboard.press("Control+a");
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  await page.getByRole("status").filter({ hasText: "Your password is set." }).waitFor();
  await until(() => focused(page), (id) => id === "go");
  await page.keyboard.press("Enter");
  await arrived(page, "/login");
  await signIn(page, "guest@example.com");
  await arrived(page, "/account");
});

test("a link that was used says so, and what to do", async () => {
  const { secret } = await it.server.invite("late@example.com");
  await it.server.call("POST", "/auth/link", { secret, password: PASSWORD });
  const page = await it.tab(`/link#${secret}`, { causes: [400, 403, 404, 410] });
  await tabTo(page, "begin");
  await page.keyboard.press("Space");
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  await alerted(page, "This link does not work: it was used already");
});

test("a link with its secret cut off says so at once", async () => {
  const page = await it.tab("/link");
  await tabTo(page, "begin");
  await page.keyboard.press("Enter");
  await alerted(page, "This link does not work");
});

test("somebody registers, and an address that is taken is told by its field", async () => {
  const page = await it.tab("/register", { causes: [409] });
  await until(() => focused(page), (id) => id === "email");
  await page.keyboard.type(ADMIN);
  await page.keyboard.press("Tab");
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  await alerted(page, "There is an account with this address. Sign in instead.");
  assert.equal(await focused(page), "email");
  assert.equal((await field(page, "email")).value, ADMIN);
  assert.equal((await field(page, "password")).value, PASSWORD);
  await page.keyboard.press("Control+a");
  await page.keyboard.type("new@example.com");
  await page.keyboard.press("Enter");
  await arrived(page, "/account");
  await page.getByText("new@example.com").first().waitFor();
});

test("/ leads to the account or to the sign-in", async () => {
  const page = await it.tab("/");
  await arrived(page, "/login");
  await signIn(page, "new@example.com");
  await arrived(page, "/account");
  await page.goto("/");
  await arrived(page, "/account");
  // Who is signed in is led on from the sign-in.
  await page.goto("/login");
  await arrived(page, "/account");
});
