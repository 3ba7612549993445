// The administration, by the keyboard alone: who is there, what ends sessions, and that it takes hold at once.
import assert from "node:assert/strict";

import { dialog, openAdmin, press } from "./admin.mjs";
import { alerted, arrived, focused, suite, tabTo, test, toldWhy, until } from "./harness.mjs";
import { ADMIN, PASSWORD } from "./server.mjs";

const it = suite({ demo: true, "limits.login": "1000/15m" });
const moved = suite({ "tokens.access_ttl": "1h" }, { fake: true });

const open = (hash, options = {}, at = it) => openAdmin(at, hash, options);

test("somebody who is no administrator is told so", async () => {
  await it.server.user("mia@example.com");
  const page = await it.signedIn("mia@example.com", "/admin", { causes: [403] });
  await page.getByRole("heading", { name: "This part is for administrators" }).waitFor();
  assert.equal(await page.locator("#tabs").isVisible(), false);
});

test("the overview counts, and says what is wrong", async () => {
  const page = await open("overview");
  await until(() => page.locator("#live").textContent(), (text) => Number(text) >= 1);
  assert.ok((await page.locator("#plots svg").count()) >= 3);
  await page.keyboard.press("Tab");
  assert.equal(await focused(page), "Skip to the content");
  await page.keyboard.press("Enter");
  await until(() => focused(page), (id) => id === "main");
  assert.equal(new URL(page.url()).hash, "#overview", "the skip link keeps the place");
});

test("users are found by the beginning of their address", async () => {
  for (const name of ["zoe", "zora", "ben"]) await it.server.user(`${name}@example.com`);
  const page = await open("users");
  await tabTo(page, "search");
  await page.keyboard.type("zo");
  await until(() => page.locator("#users > tr").count(), (n) => n === 2);
  assert.equal(new URL(page.url()).hash, "#users?search=zo");
  await page.keyboard.type("nobody");
  await page.getByText("Nobody's address begins like this.").waitFor();
});

test("an invitation's link is shown once, copied, and works", async () => {
  const page = await open("users", { permissions: ["clipboard-read", "clipboard-write"] });
  await tabTo(page, "invite");
  await page.keyboard.press("Enter");
  await dialog(page, "Invite somebody").waitFor();
  await page.keyboard.press("Enter");
  await alerted(page, "Please fill this in.");
  await page.keyboard.type("ivy@example.com");
  await page.keyboard.press("Enter");
  await dialog(page, "Invitation for ivy@example.com").waitFor();
  await until(() => focused(page), (text) => text === "Copy");
  await page.keyboard.press("Enter");
  await page.getByText("Copied.").waitFor();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(link, /\/link#[\w-]{40,}$/);
  await page.emulateMedia({ media: "print" });
  assert.equal(await page.getByLabel("The link").isVisible(), true, "the link prints");
  assert.equal(await page.getByRole("button", { name: "Copy" }).isVisible(), false, "the buttons do not");
  assert.equal(await page.locator("#main").isVisible(), false, "nor does what lies behind");
  await page.emulateMedia({ media: "screen" });
  await page.evaluate(() => (window.print = () => (document.documentElement.dataset.printed = "yes")));
  await tabTo(page, "Print", "Shift+Tab");
  await page.keyboard.press("Enter");
  await page.locator("html[data-printed]").waitFor();
  for (let time = 0; time < 3; time++) await page.keyboard.press("Escape");
  await page.getByText("Once closed, the link is gone.").waitFor();
  assert.equal(await page.getByText(link).isVisible(), true, "Escape does not lose it");
  await until(() => focused(page), (text) => text === "Close");
  await page.keyboard.press("Enter");
  await page.getByRole("status").filter({ hasText: "ivy@example.com is invited." }).waitFor();
  assert.ok(!(await page.content()).includes(link), "it is nowhere any more");
  const secret = link.split("#")[1];
  assert.equal((await it.server.call("POST", "/auth/link", { secret, password: PASSWORD })).status, 204);
});

test("an address that is taken is told by its field", async () => {
  const page = await open("users", { causes: [401, 409] });
  await tabTo(page, "invite");
  await page.keyboard.press("Enter");
  await dialog(page, "Invite somebody").waitFor();
  await page.keyboard.type(ADMIN);
  await page.keyboard.press("Enter");
  await alerted(page, "Another account has this address.");
  assert.equal(await page.locator("dialog input[aria-invalid=true]").inputValue(), ADMIN);
});

test("one user is logged out everywhere, and their open tab says so within two seconds", async () => {
  const { id } = await it.server.user("ann@example.com");
  const demo = await it.signedIn("ann@example.com", "/demo", { causes: [401] });
  await it.server.signIn("ann@example.com");
  const page = await open(`users/${id}`);
  await until(() => page.locator("#live-sessions > tr").count(), (n) => n === 2);
  await tabTo(page, "end-user");
  await page.keyboard.press("Enter");
  await dialog(page, "Sign out ann@example.com?").waitFor();
  assert.equal(await focused(page), "Cancel", "the first key loses nothing");
  await press(page, "End now");
  await page.getByRole("status").filter({ hasText: /^2 sessions ended at \d/ }).waitFor();
  const ended = performance.now();
  await demo.locator("[data-when=signed-out]").waitFor();
  assert.ok(performance.now() - ended < 3000, "the demo asks every second, and has two more");
  assert.equal(await demo.locator("[data-demo=reason]").textContent(), "ended_by_admin");
  await page.getByText("Not signed in anywhere.").waitFor();
  assert.equal(await page.locator("#over-sessions > tr").count(), 2);
  await page.locator("#over-sessions").getByText("ended by an administrator").first().waitFor();
});

test("one session of several is ended, and the others go on", async () => {
  const { id } = await it.server.user("bea@example.com");
  const [one, two] = [await it.server.signIn("bea@example.com", PASSWORD, "curl/8"), await it.server.signIn("bea@example.com", PASSWORD, "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")];
  const page = await open(`users/${id}`);
  await tabTo(page, "Select curl, 127.0.0.1");
  await page.keyboard.press("Space");
  await page.getByText("1 selected").waitFor();
  await tabTo(page, "end-sessions");
  await page.keyboard.press("Enter");
  await dialog(page, "End 1 session?").waitFor();
  await press(page, "End now");
  await page.getByRole("status").filter({ hasText: /^1 session ended at/ }).waitFor();
  assert.equal((await one.call("GET", "/auth/me")).status, 401);
  assert.equal((await two.call("GET", "/auth/me")).status, 200);
});

test("several users are logged out together", async () => {
  for (const name of ["sel-one", "sel-two"]) {
    await it.server.user(`${name}@example.com`);
    await it.server.signIn(`${name}@example.com`);
  }
  const page = await open("users?search=sel-");
  await until(() => page.locator("#users > tr").count(), (n) => n === 2);
  await tabTo(page, "pick-all");
  await page.keyboard.press("Space");
  await page.getByText("2 selected").waitFor();
  await tabTo(page, "end-users");
  await page.keyboard.press("Enter");
  await dialog(page, "Sign out 2 users?").waitFor();
  await press(page, "End now");
  await page.getByRole("status").filter({ hasText: /^2 sessions ended at/ }).waitFor();
});

test("a role is changed, an account disabled and enabled, and deleted by typing its address", async () => {
  const { id } = await it.server.user("dot@example.com");
  const page = await open(`users/${id}`);
  await page.locator("#user-facts dt").first().waitFor();
  await page.locator("#user-facts button").nth(1).focus();
  await page.keyboard.press("Enter");
  await dialog(page, "Another role for dot@example.com").waitFor();
  await page.keyboard.press("Control+a");
  await page.keyboard.type("No Role");
  await page.keyboard.press("Enter");
  await alerted(page, "A role begins with a small letter");
  await page.keyboard.press("Control+a");
  await page.keyboard.type("editor");
  await page.keyboard.press("Enter");
  await page.getByRole("status").filter({ hasText: "The role is changed." }).waitFor();
  await tabTo(page, "Disable…");
  await page.keyboard.press("Enter");
  await dialog(page, "Disable dot@example.com?").waitFor();
  await press(page, "Disable");
  await page.getByRole("status").filter({ hasText: "The account is disabled." }).waitFor();
  await tabTo(page, "Enable");
  await page.keyboard.press("Enter");
  await page.getByRole("status").filter({ hasText: "The account can sign in again." }).waitFor();
  await tabTo(page, "Delete…");
  await page.keyboard.press("Enter");
  await dialog(page, "Delete dot@example.com?").waitFor();
  await page.keyboard.type("dot@example.org");
  await page.keyboard.press("Enter");
  await alerted(page, "Type dot@example.com.");
  await page.keyboard.press("Control+a");
  await page.keyboard.type("dot@example.com");
  await page.keyboard.press("Enter");
  await page.getByRole("status").filter({ hasText: "The account is deleted." }).waitFor();
  assert.equal(new URL(page.url()).hash, "#users");
});

test("the last administrator stays", async () => {
  const { users } = await it.server.admin("GET", `/users?search=${ADMIN}`);
  const page = await open(`users/${users[0].id}`, { causes: [401, 409] });
  await tabTo(page, "Disable…");
  await page.keyboard.press("Enter");
  await dialog(page, `Disable ${ADMIN}?`).waitFor();
  await press(page, "Disable");
  await alerted(page, "This is the last administrator who can sign in.");
});

test("events come by themselves, and are filtered", async () => {
  await it.server.user("gus@example.com");
  const page = await open("events");
  await page.locator("#timeline > li").first().waitFor();
  await page.locator("#kind").focus();
  await page.keyboard.type("Signed in");
  await page.waitForURL((url) => url.hash === "#events?kind=signed_in");
  await until(() => page.locator("#timeline").innerText(), (text) => text.includes(ADMIN) && !text.includes("gus@example.com"));
  await it.server.signIn("gus@example.com");
  await until(() => page.locator("#timeline").innerText(), (text) => text.includes("gus@example.com"), 15_000);
  await page.locator("#news").filter({ hasText: "new event" }).waitFor();
});

test("stored markup shows as text, in users, sessions and events", async () => {
  const evil = "<img src=x onerror=alert(1)>";
  const email = "o'&ltimg&gt${7*7}`@example.com";
  const { id } = await it.server.user(email);
  await it.server.signIn(email, PASSWORD, evil);
  const page = await open(`users/${id}`);
  await until(() => page.locator("#user-email").textContent(), (text) => text === email);
  await page.locator(`#live-sessions [title="${evil}"]`).waitFor();
  for (const hash of ["users?search=o'", `events?user=${id}`]) {
    await page.goto(`/admin#${hash}`);
    await page.getByText(email).filter({ visible: true }).first().waitFor();
  }
  assert.equal(await page.locator("img[src=x]").count(), 0);
});

test("an act that needs the password asks for it in place and goes on", async () => {
  const { id } = await moved.server.user("eve@example.com");
  await moved.server.signIn("eve@example.com");
  const page = await open(`users/${id}`, {}, moved);
  await page.locator("#live-sessions > tr").first().waitFor();
  moved.server.advance(6 * 60);
  await tabTo(page, "Disable…");
  await page.keyboard.press("Enter");
  await dialog(page, "Disable eve@example.com?").waitFor();
  await press(page, "Disable");
  await dialog(page, "Confirm that it is you").waitFor();
  await page.keyboard.type("wrong");
  await page.keyboard.press("Enter");
  await alerted(page, "This is not your password.");
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  await page.getByRole("status").filter({ hasText: "The account is disabled." }).waitFor();
});

test("everyone is logged out once the word was typed, and how many is said", async () => {
  await it.server.user("fay@example.com");
  const demo = await it.signedIn("fay@example.com", "/demo", { causes: [401] });
  const account = await it.signedIn("fay@example.com", "/account", { causes: [401] });
  await account.locator("#devices > li").first().waitFor();
  const page = await open("overview");
  await until(() => page.locator("#live").textContent(), (text) => Number(text) >= 3);
  await tabTo(page, "Sign everyone out…");
  await page.keyboard.press("Enter");
  await dialog(page, "Sign everyone out?").waitFor();
  await page.keyboard.type("nobody");
  await page.keyboard.press("Enter");
  await alerted(page, "Type the word “everyone”.");
  await page.keyboard.press("Control+a");
  await page.keyboard.type("everyone");
  await page.keyboard.press("Enter");
  const told = dialog(page, "Everyone is signed out");
  await told.waitFor();
  const ended = performance.now();
  assert.match(await told.innerText(), /\d+ sessions ended at \d/);
  await demo.locator("[data-when=signed-out]").waitFor();
  assert.ok(performance.now() - ended < 3000);
  assert.equal(await demo.locator("[data-demo=reason]").textContent(), "everyone_logged_out");
  await account.reload();
  await toldWhy(account, "An administrator signed everyone out.");
  await page.keyboard.press("Enter");
  await toldWhy(page, "An administrator signed everyone out.");
  await arrived(page, "/login");
});
