// The account: devices, the password, out everywhere; by the keyboard alone.
import assert from "node:assert/strict";

import { alerted, arrived, field, focused, signIn, suite, tabTo, test, toldWhy, until } from "./harness.mjs";
import { PASSWORD } from "./server.mjs";

const it = suite({ "limits.login": "100/15m" });
const NEW = "seven green chairs";

test("this device is marked, and another is signed out from here", async () => {
  await it.server.user("ann@example.com");
  const [here, there] = [await it.signedIn("ann@example.com"), await it.signedIn("ann@example.com", "/account", { causes: [401] })];
  await here.reload();
  await until(() => here.locator("#devices > li").count(), (n) => n === 2);
  assert.equal(await here.getByText("This device").filter({ visible: true }).count(), 1);
  assert.match(await here.locator("#devices > li").first().textContent(), /This device/);
  await tabTo(here, "Sign out Chrome (headless) on Linux");
  await here.keyboard.press("Enter");
  await here.getByRole("status").filter({ hasText: "Chrome (headless) on Linux is signed out." }).waitFor();
  await until(() => focused(here), (id) => id === "devices-done");
  assert.equal(await here.locator("#devices > li").count(), 1);
  await there.reload();
  await toldWhy(there, "This device was signed out from another of your devices.");
});

test("the password is changed, and other devices learn why they are out", async () => {
  await it.server.user("bea@example.com");
  const here = await it.signedIn("bea@example.com", "/account", { causes: [400, 401, 422] });
  const there = await it.signedIn("bea@example.com", "/account", { causes: [401] });
  await tabTo(here, "currentPassword");
  assert.equal((await field(here, "currentPassword")).autocomplete, "current-password");
  assert.equal((await field(here, "newPassword")).autocomplete, "new-password");
  assert.equal(await here.locator("#username").inputValue(), "bea@example.com", "password managers learn whose it is");
  await here.keyboard.type("not this one");
  await tabTo(here, "newPassword");
  await here.keyboard.type(NEW);
  await here.keyboard.press("Enter");
  await alerted(here, "This is not your current password.");
  assert.equal(await focused(here), "currentPassword");
  assert.equal((await field(here, "newPassword")).value, NEW);
  await here.keyboard.type(PASSWORD);
  await tabTo(here, "newPassword");
  await here.keyboard.press("Control+a");
  await here.keyboard.type("password1");
  await here.keyboard.press("Enter");
  await until(() => field(here, "newPassword"), ({ invalid }) => invalid);
  assert.equal(await focused(here), "newPassword");
  await here.keyboard.press("Control+a");
  await here.keyboard.type(NEW);
  await here.keyboard.press("Enter");
  await here.getByRole("status").filter({ hasText: "Your password is changed." }).waitFor();
  await until(() => focused(here), (id) => id === "password-done");
  assert.equal((await field(here, "newPassword")).value, "");
  await here.reload();
  await here.locator("#devices > li").first().waitFor();
  await there.reload();
  await toldWhy(there, "because the password was changed");
  await signIn(there, "bea@example.com", NEW);
  await arrived(there, "/account");
});

test("out everywhere asks first, and Escape stays", async () => {
  await it.server.user("cyd@example.com");
  await it.server.signIn("cyd@example.com");
  const page = await it.signedIn("cyd@example.com");
  await page.locator("#devices > li").first().waitFor();
  await tabTo(page, "everywhere");
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Sign out on all devices?" });
  await dialog.waitFor();
  assert.equal(await focused(page), "sure-no", "the harmless button has the focus");
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });
  assert.equal(await focused(page), "everywhere");
  await page.keyboard.press("Enter");
  await tabTo(page, "sure-yes");
  await page.keyboard.press("Enter");
  await toldWhy(page, "You were signed out because this account signed out on all devices.");
  await page.goto("/account");
  await arrived(page, "/login");
});

test("signing out in one tab shows in the other", async () => {
  await it.server.user("dot@example.com");
  const one = await it.signedIn("dot@example.com");
  const two = await one.context().newPage();
  await two.goto("/account");
  await two.getByText("dot@example.com").first().waitFor();
  await tabTo(one, "sign-out");
  await one.keyboard.press("Enter");
  await toldWhy(one, "You signed out.");
  await toldWhy(two, "You signed out.");
});

test("the skip link leads past the bar", async () => {
  await it.server.user("eve@example.com");
  const page = await it.signedIn("eve@example.com");
  await page.locator("#devices > li").first().waitFor();
  await page.keyboard.press("Tab");
  assert.equal(await focused(page), "Skip to the content");
  await page.keyboard.press("Enter");
  await tabTo(page, "currentPassword").then((passed) => assert.ok(!passed.includes("sign-out")));
});

test("a busy server signs nobody out", async () => {
  await it.server.user("fay@example.com");
  const page = await it.signedIn("fay@example.com", "/account", { causes: [503] });
  let busy = 2;
  await page.route("**/auth/refresh", (route) =>
    busy-- > 0 ? route.fulfill({ status: 503, headers: { "retry-after": "1" }, body: "" }) : route.continue(),
  );
  await page.reload();
  await page.locator("#devices > li").first().waitFor();
  assert.ok(busy <= 0);
  assert.equal(new URL(page.url()).pathname, "/account");
});

for (const [path, ready] of [["/account", "#devices > li"], ["/admin", "#stranger"]]) {
  test(`${path} says what it waits for, and goes on by itself`, async () => {
    const name = `gil-${path.slice(1)}@example.com`;
    await it.server.user(name);
    const page = await it.signedIn(name, path, { causes: [503, "network"] });
    await page.locator(ready).first().waitFor();
    let harm = "network";
    await page.route("**/auth/refresh", (route) => {
      if (harm === "network") return route.abort();
      if (harm === "busy") return route.fulfill({ status: 503, headers: { "retry-after": "1" }, body: "" });
      return route.continue();
    });
    await page.clock.install();
    await page.reload();
    /** Lets the page's time go by until something shows. */
    const shows = (locator) => until(() => page.clock.runFor(1_000).then(() => locator.first().isVisible()), Boolean, 30_000);
    const said = (text) => page.getByRole("status").filter({ hasText: text });
    await shows(said("Waiting for the server …"));
    await shows(said("The server can't be reached. Trying again …"));
    harm = "busy";
    await shows(said("The server is busy. Trying again …"));
    harm = "none";
    await shows(page.locator(ready));
    assert.equal(await page.locator("#waiting").isVisible(), false);
  });
}

test("a device that can't be signed out since the server is out of reach says just that", async () => {
  await it.server.user("hal@example.com");
  await it.server.signIn("hal@example.com", PASSWORD, "curl/8");
  const page = await it.signedIn("hal@example.com", "/account", { causes: ["network", 503] });
  await page.locator("#devices > li").first().waitFor();
  await page.context().setOffline(true);
  await tabTo(page, "Sign out curl");
  await page.keyboard.press("Enter");
  await alerted(page, "The server can't be reached. Nothing was lost: try again.");
  await tabTo(page, "everywhere");
  await page.keyboard.press("Enter");
  await tabTo(page, "sure-yes");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  await alerted(page, "The server can't be reached. Nothing was lost: try again.");
  await page.context().setOffline(false);
  await page.route("**/auth/sessions/*", (route) => route.fulfill({ status: 503, body: "" }));
  await tabTo(page, "Sign out curl", "Shift+Tab");
  await page.keyboard.press("Enter");
  await alerted(page, "The server is busy. Try again in a moment.");
});

test("devices that don't load are said to load, then not to, and are asked for again", async () => {
  await it.server.user("ida@example.com");
  const page = await it.signedIn("ida@example.com", "/account", { causes: [503] });
  await page.locator("#devices > li").first().waitFor();
  let release = () => {};
  const held = new Promise((done) => (release = () => done(undefined)));
  let harm = true;
  await page.route("**/auth/sessions", async (route) => {
    await held;
    return harm ? route.fulfill({ status: 503, body: "" }) : route.continue();
  });
  await page.reload();
  await page.getByText("Loading …").waitFor();
  release();
  await alerted(page, "The server is busy. Try again in a moment.");
  assert.equal(await page.getByText("Loading …").isVisible(), false);
  harm = false;
  await tabTo(page, "devices-again");
  await page.keyboard.press("Enter");
  await page.locator("#devices > li").first().waitFor();
  assert.equal(await page.locator("#devices-problem").isVisible(), false);
  assert.equal(await focused(page), "devices-title");
});
