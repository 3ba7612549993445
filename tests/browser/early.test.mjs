// Before the scripts are there, or without them: what somebody types never gets into an address, and is not lost.
import assert from "node:assert/strict";

import { arrived, field, suite, test, until } from "./harness.mjs";
import { ADMIN, PASSWORD } from "./server.mjs";

const it = suite({ registration: "open", demo: true });
const fresh = suite({}, { first: false });
const FORMS = ["/login?return_to=/account", "/register", "/setup#secret", "/link#secret"];

/** Waits for what the page says to a browser without scripts. */
const saysWhy = (page) => page.locator("noscript > p", { hasText: "This page needs JavaScript" }).waitFor();

/** All addresses that a page's browser asks for. */
const asked = (page) => {
  const urls = [];
  page.on("request", (request) => urls.push(`${request.method()} ${request.url()}`));
  return urls;
};

/** Fills in what the page has of a form, hidden or not. */
const fill = async (page) => {
  for (const [id, value] of [["email", ADMIN], ["password", PASSWORD]]) {
    if (await page.locator(`#${id}`).isVisible()) await page.locator(`#${id}`).fill(value);
  }
};

const secretless = (urls) => {
  for (const url of urls) assert.ok(!decodeURIComponent(url).replaceAll("+", " ").includes(PASSWORD), url);
};

test("Enter before the script has come sends nothing, and nothing typed is lost", async () => {
  const page = await (await it.profile()).newPage();
  const urls = asked(page);
  let release = () => {};
  const held = new Promise((done) => (release = () => done(undefined)));
  await page.route("**/js/login.js", async (route) => {
    await held;
    await route.continue();
  });
  await page.goto("/login?return_to=/account", { waitUntil: "commit" });
  await page.locator("#email").pressSequentially(ADMIN);
  await page.keyboard.press("Tab");
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  await page.locator("#submit").click({ force: true });
  assert.equal(await page.locator("#submit").isDisabled(), true);
  assert.equal(new URL(page.url()).search, "?return_to=/account");
  release();
  await until(() => page.locator("#submit").isEnabled());
  assert.deepEqual([(await field(page, "email")).value, (await field(page, "password")).value], [ADMIN, PASSWORD]);
  await page.locator("#password").press("Enter");
  await arrived(page, "/account");
  secretless(urls);
});

test("without the script nothing is sent either, and after a while the page says why", async () => {
  for (const path of FORMS) {
    const suite = path.startsWith("/setup") ? fresh : it;
    const page = await (await suite.profile({ causes: ["network"] })).newPage();
    const urls = asked(page);
    await page.route(/\/js\/(login|register|setup|link)\.js$/, (route) => route.abort());
    await page.goto(path);
    await fill(page);
    if (await page.locator("#password").isVisible()) await page.locator("#password").press("Enter");
    await page.getByText("This page is not complete yet.").waitFor();
    assert.equal(urls.filter((url) => /^(GET|POST) \S+\/(login|register|setup|link)(\?|#|$)/.test(url)).length, 1, path);
    secretless(urls);
  }
});

test("a browser without scripts is told so on every page, and sends nothing", async () => {
  for (const path of [...FORMS, "/demo"]) {
    const suite = path.startsWith("/setup") ? fresh : it;
    const page = await suite.tab(path, { javaScriptEnabled: false });
    await saysWhy(page);
    await fill(page);
    if (await page.locator("#password").isVisible()) await page.locator("#password").press("Enter");
    assert.ok(page.url().endsWith(path), page.url());
  }
});

test("the pages for who is signed in say it too", async () => {
  const page = await it.signedIn(ADMIN);
  const off = await it.profile({ javaScriptEnabled: false, storageState: await page.context().storageState() });
  for (const path of ["/account", "/admin"]) {
    const page = await off.newPage();
    await page.goto(path);
    await saysWhy(page);
  }
});

test("a form that is sent all the same carries it in the body, and gets a page for people", async () => {
  for (const path of FORMS) {
    const suite = path.startsWith("/setup") ? fresh : it;
    const page = await suite.tab(path, { causes: [405] });
    const urls = asked(page);
    await page.evaluate(() => {
      const form = /** @type {HTMLFormElement} */ (document.querySelector("#form"));
      for (const input of form.querySelectorAll("input")) input.value = "nine purple lamps";
      HTMLFormElement.prototype.submit.call(form);
    });
    await page.getByRole("heading", { name: "Nothing was sent on" }).waitFor();
    assert.equal(urls.some((url) => url.startsWith("POST ")), true);
    secretless([...urls, page.url()]);
    assert.ok(!(await page.content()).includes(PASSWORD));
  }
});
