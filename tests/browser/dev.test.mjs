// The development stub: its sign-in buttons, and its page.
import assert from "node:assert/strict";

import { findings } from "./axe.mjs";
import { App, DEV_STATES, advance, inspect, morning, reset } from "./dev.mjs";
import { alerted, arrived, focused, suite, tabTo, test, until } from "./harness.mjs";
import { SCHEMES, SIZES } from "./pages.mjs";
import { Server } from "./server.mjs";

const it = suite({}, { dev: true });

const me = (page) => page.locator("#who").textContent();
const text = (page, selector) => page.locator(selector).first().textContent();
const said = (page, words) => page.locator("#done").filter({ hasText: words }).waitFor();
const session = (page, email) => page.locator("#sessions > li").filter({ hasText: email }).first();
const failing = (page) => page.locator("#findings > li.bad").evaluateAll((items) => items.map((item) => item.dataset.code));

/** The page, once it has looked. */
const open = async (options) => {
  const page = await it.tab("/dev", options);
  await page.locator("#users > li").first().waitFor();
  return page;
};

test("a button fills in the real form and signs in", async () => {
  const page = await it.tab("/login");
  const button = page.getByRole("button", { name: "bob user", exact: true });
  await button.waitFor();
  const sent = page.waitForRequest("**/auth/login");
  await button.click();
  assert.deepEqual((await sent).postDataJSON(), { email: "bob@example.com", password: "bob" });
  await arrived(page, "/account");
  await until(() => me(page), (email) => email === "bob@example.com");
});

test("the buttons are reached by the keyboard, and say who may not sign in", async () => {
  const page = await it.tab("/login", { causes: [401] });
  await until(() => focused(page), (id) => id === "email");
  const passed = await tabTo(page, "What it can do", "Shift+Tab");
  assert.equal(passed.length, 4);
  const names = await page.locator("#people button").evaluateAll((all) => all.map((button) => button.innerText.replace(/\s+/g, " ").trim()));
  assert.deepEqual(names, ["ann admin", "bob user", "eve user disabled: will be refused"]);
  for (let step = 0; step < 3; step++) await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await alerted(page, "E-mail address or password is wrong.");
  assert.deepEqual([await focused(page), await page.locator("#email").inputValue()], ["password", "eve@example.com"]);
  // And another goes in from there.
  await page.getByRole("button", { name: /^ann admin/ }).click();
  await arrived(page, "/account");
});

test("names and passwords of the settings are text, whatever stands in them", async (t) => {
  const password = "{name}{{min}}\"<b>'&\\{";
  const user = `{ email = "zoe@example.com", password = ${JSON.stringify(password)}, role = "editor" }`;
  const same = `{ email = "zoe@example.org", password = "zoe" }`;
  const server = await Server.start({ "dev.users": `[${user}, ${same}]`, name: "<i>" }, { dev: true });
  t.after(() => server.stop());
  const page = await it.tab("/login", { origin: server.origin });
  // The name alone would not tell them apart.
  await page.getByRole("button", { name: "zoe@example.org user" }).waitFor();
  await page.getByRole("button", { name: "zoe@example.com editor" }).click();
  await arrived(page, "/account");
});

test("a chain shows a rotation, a replay and a reuse as they happen", async () => {
  await reset(it.server);
  const page = await open();
  await page.getByText("Nobody has signed in yet.").waitFor();
  const app = await App.start(it.server, "bob");
  const row = session(page, "bob@example.com");
  await row.locator(".node.now").waitFor();
  const nodes = () => row.locator(".node").count();
  const forks = () => row.locator(".fork").evaluateAll((all) => all.map((fork) => fork.getAttribute("class")));
  await app.refresh();
  await until(nodes, (count) => count === 2);
  assert.deepEqual(await forks(), []);
  await app.refresh(app.tokens[0]);
  await until(forks, (found) => found.join() === "fork replayed");
  await advance(it.server, "1m");
  await app.refresh(app.tokens[0]);
  await until(forks, (found) => found.join() === "fork replayed,fork recovered");
  await row.locator("summary").click();
  await app.refresh();
  await app.refresh(app.tokens[0]);
  await until(forks, (found) => found.join() === "fork replayed,fork recovered,fork refused");
  // What was opened stays open, and tells it in words.
  const lines = await until(() => row.locator("details[open] li span").allTextContents(), (all) => all.length === 5);
  assert.equal(lines[0], "Token 0 shown: refused (refresh_reuse)");
  assert.equal(lines[4], "Token 0 shown: token 1 given");
  await row.locator(".tag.bad").filter({ hasText: "refresh_reuse" }).waitFor();
  assert.equal(await row.locator(".node.end").count(), 1);
  const label = await row.getByRole("img").getAttribute("aria-label");
  assert.equal(label, "Tokens 0 to 2; shown again 2 times, refused 1 times");
});

test("the inspector tells a good, an expired, a meddled and a refresh token", async () => {
  await reset(it.server);
  const app = await App.start(it.server, "bob");
  const page = await open();
  await inspect(page, app.access);
  assert.equal(await text(page, "#verdict"), "An access token: the server would take it.");
  assert.deepEqual(await failing(page), []);
  assert.equal(await page.locator("#findings > li.good").count(), 14);
  await page.locator("#decoded dd").filter({ hasText: "bob@example.com" }).waitFor();
  await page.getByRole("button", { name: "+ 1 h" }).click();
  await said(page, "The clock moved on by 1 h.");
  await inspect(page, `Bearer ${app.access}`);
  await until(() => failing(page), (codes) => codes.join() === "exp");
  assert.match((await text(page, "#findings > li.bad")) ?? "", /Ran out 45 minutes.* ago/);
  const meddled = app.access.replace(/\.(...)/, (_, start) => `.${start.toLowerCase() === start ? "AAA" : start.toLowerCase()}`);
  await inspect(page, meddled);
  await until(() => failing(page), (codes) => codes.length === 1 && codes[0] !== "exp");
  assert.match(await failing(page).then((codes) => codes[0]), /form|signature/);
  await inspect(page, app.tokens[0]);
  await until(() => text(page, "#verdict"), (words) => words === "A refresh token: the server would take it.");
  await page.locator("#findings").getByText("Shown now by its own device: the next token").waitFor();
  await inspect(page, "<img src=x onerror=alert(1)>");
  await until(() => text(page, "#verdict"), (words) => words === "No token of this server: the server would refuse it.");
  await page.getByRole("button", { name: "Clear" }).click();
  assert.equal(await page.locator("#findings > li").count(), 0);
  assert.equal(await page.locator("#token").inputValue(), "");
  const stored = await page.evaluate(() => [JSON.stringify(localStorage), JSON.stringify(sessionStorage)]);
  assert.deepEqual(stored, ["{}", "{}"]);
});

test("what is pasted is looked at at once", async () => {
  const app = await App.start(it.server, "bob");
  const context = await it.profile({ permissions: ["clipboard-read", "clipboard-write"] });
  const page = await context.newPage();
  await page.goto("/dev");
  await page.evaluate((token) => navigator.clipboard.writeText(token), app.access);
  await page.locator("#token").focus();
  await page.keyboard.press("Control+v");
  await until(() => text(page, "#verdict"), (words) => words === "An access token: the server would take it.");
});

test("the clock moves, stands, is set and let go", async () => {
  await reset(it.server);
  const page = await open();
  const state = () => text(page, "#clock-state");
  await until(state, (words) => words === "The true time");
  for (const [button, words] of [
    ["+ 1 min", "1 minute ahead of the true time"],
    ["+ 15 min", "16 minutes ahead of the true time"],
    ["+ 1 h", "1 hour, 16 minutes ahead of the true time"],
    ["+ 8 d", "8 days, 1 hour ahead of the true time"],
  ]) {
    await page.getByRole("button", { name: button, exact: true }).click();
    await until(state, (now) => now === words);
  }
  const freeze = page.getByRole("button", { name: "Freeze" });
  await freeze.click();
  await until(state, (words) => /; it stands still$/.test(words));
  assert.equal(await freeze.getAttribute("aria-pressed"), "true");
  const { now } = await it.server.call("GET", "/dev/clock");
  assert.equal((await it.server.call("GET", "/dev/clock")).now, now);
  await freeze.click();
  await until(() => freeze.getAttribute("aria-pressed"), (pressed) => pressed === "false");
  await page.locator("#clock-set").fill("2031-01-31T12:00:00");
  await page.getByRole("button", { name: "Set", exact: true }).click();
  await until(() => it.server.call("GET", "/dev/clock"), ({ now }) => now.startsWith("2031-01-31T"));
  await page.getByRole("button", { name: "True time" }).click();
  await until(state, (words) => words === "The true time");
});

test("a snapshot comes back, and a reset makes all as at the start", async () => {
  await reset(it.server);
  const page = await open({ causes: [404] });
  await App.start(it.server, "bob");
  await session(page, "bob@example.com").waitFor();
  await page.locator("#snapshot").fill("bob is in");
  await page.keyboard.press("Enter");
  await said(page, "“bob is in” is remembered.");
  await App.start(it.server, "ann");
  await session(page, "ann@example.com").waitFor();
  await page.getByRole("button", { name: "Restore" }).click();
  await said(page, "All is as it was at “bob is in”.");
  await until(() => page.locator("#sessions > li").count(), (count) => count === 1);
  await page.locator("#snapshot").fill("nothing");
  await page.getByRole("button", { name: "Restore" }).click();
  await alerted(page, "Nothing is remembered as “nothing”.");
  await page.getByRole("button", { name: "Reset everything" }).click();
  await said(page, "All is as it was at the start.");
  await page.getByText("Nobody has signed in yet.").waitFor();
});

test("one becomes somebody, and takes a token of somebody", async () => {
  await reset(it.server);
  const context = await it.profile({ permissions: ["clipboard-read", "clipboard-write"] });
  const page = await context.newPage();
  await page.goto("/dev");
  await page.getByRole("button", { name: "Copy token: bob@example.com" }).click();
  await said(page, "An access token of bob@example.com is in the clipboard.");
  const token = await page.evaluate(() => navigator.clipboard.readText());
  const who = await it.server.call("GET", "/auth/me", undefined, { authorization: `Bearer ${token}` });
  assert.equal(who.email, "bob@example.com");
  assert.equal(await page.getByRole("button", { name: /eve@example.com/ }).count(), 0);
  await page.getByRole("button", { name: "Sign in: ann@example.com" }).click();
  await arrived(page, "/account");
  await until(() => me(page), (email) => email === "ann@example.com");
});

test("a fault is added, met, seen in the log and taken away", async () => {
  await reset(it.server);
  const app = await App.start(it.server, "bob");
  const page = await open({ causes: [422] });
  await page.locator("#fault-route").fill("nonsense");
  await page.locator("#fault-form [type=submit]").click();
  await until(() => text(page, "#fault-route-error"), (words) => /route/.test(words));
  assert.equal(await focused(page), "fault-route");
  await page.locator("#fault-route").fill("POST /auth/refresh");
  await page.locator("#fault-value").fill("503");
  await page.locator("#fault-times").fill("2");
  await page.locator("#fault-form [type=submit]").click();
  const fault = page.locator("#faults > li");
  await fault.filter({ hasText: "2 calls left" }).waitFor();
  assert.equal((await app.refresh()).status, 503);
  await fault.filter({ hasText: "1 call left · 1 call met it" }).waitFor();
  await page.locator("#requests > tr").first().filter({ hasText: "POST /auth/refresh" }).filter({ hasText: "503" }).waitFor();
  await page.getByRole("button", { name: "Remove: Refused 503, POST /auth/refresh" }).click();
  await until(() => fault.count(), (count) => count === 0);
  assert.equal((await app.refresh()).status, 200);
  await page.locator("#requests > tr").first().filter({ hasText: "200" }).waitFor();
  for (const kind of ["delay", "lostAnswer", "cut", "slowBody", "revoke", "reuse", "rotateKeys"]) {
    const before = await fault.count();
    await page.locator("#fault-kind").selectOption(kind);
    await page.locator("#fault-form [type=submit]").click();
    await until(() => fault.count(), (count) => count === before + 1);
  }
  await page.getByRole("button", { name: "Remove all" }).click();
  await until(() => fault.count(), (count) => count === 0);
});

test("everything is reached by the keyboard, and a look takes no focus away", async () => {
  await morning(it.server);
  const page = await open();
  await page.locator("#requests > tr").first().waitFor();
  await page.evaluate(() => getSelection()?.removeAllRanges());
  const wanted = await page.locator("main :is(a[href], button, input, select, textarea, summary):visible").count();
  const seen = new Set();
  for (let step = 0; step < wanted + 40; step++) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(() => {
      const all = [...document.querySelectorAll("main :is(a[href], button, input, select, textarea, summary)")].filter((it) => it.checkVisibility());
      return all.indexOf(/** @type {Element} */ (document.activeElement));
    });
    if (at >= 0) seen.add(at);
  }
  assert.equal(seen.size, wanted);
  const remove = page.getByRole("button", { name: /^Sign in: bob/ });
  await remove.focus();
  await page.waitForResponse("**/dev/state");
  await page.waitForResponse("**/dev/state");
  assert.equal(await focused(page), "Sign in: bob@example.com");
});

test("it says when the server is gone, and goes on when it is back", async () => {
  const page = await open({ causes: ["network"] });
  await page.route("**/dev/**", (route) => route.abort());
  await alerted(page, "The server can't be reached.");
  await page.unroute("**/dev/**");
  await page.locator("#problem:empty").waitFor({ state: "attached" });
});

for (const [name, go] of Object.entries(DEV_STATES)) {
  test(`axe finds nothing: ${name}`, async () => {
    for (const locale of ["en-GB", "de-DE"]) {
      for (const colorScheme of SCHEMES) {
        const page = await (await it.profile({ colorScheme, locale })).newPage();
        for (const [width, height] of SIZES) {
          await page.setViewportSize({ width, height });
          await go(page, it.server);
          assert.deepEqual(await findings(page), [], `${colorScheme}, ${width}, ${locale}`);
          const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
          assert.equal(wide, false, `wider than ${width}, ${locale}`);
        }
      }
    }
  });
}
