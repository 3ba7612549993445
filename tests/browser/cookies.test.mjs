// A browser that does not keep the cookie: the page says so and why, and does not go round in circles.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { chromium } from "playwright-core";

import { alerted, CHROMIUM, field, signIn, suite, test } from "./harness.mjs";
import { line } from "./network.mjs";
import { ADMIN, PASSWORD, Server } from "./server.mjs";

const it = suite({ demo: true });
const NOT_KEPT = "your browser did not keep the sign-in cookie";

/** Signs in and counts the pages that come of it. */
const pagesAfter = async (page) => {
  const pages = [];
  page.on("load", () => pages.push(new URL(page.url()).pathname));
  await signIn(page, ADMIN);
  await alerted(page, NOT_KEPT);
  return pages;
};

const withoutCookies = (headers) => {
  delete headers["set-cookie"];
  return headers;
};

test("a cookie that was taken out on the way is told, once", async (t) => {
  const { origin, close } = await line(it.server.origin, () => withoutCookies);
  t.after(close);
  const page = await it.tab("/login", { origin });
  assert.deepEqual(await pagesAfter(page), ["/login"]);
  // And it is said of that sign-in alone.
  await page.reload();
  assert.equal(await page.getByRole("alert").filter({ hasText: NOT_KEPT }).isVisible(), false);
});

test("the demo says so too", async (t) => {
  const { origin, close } = await line(it.server.origin, () => withoutCookies);
  t.after(close);
  const page = await it.tab("/demo", { origin, causes: [401] });
  await page.locator("#email").fill(ADMIN);
  await page.locator("#password").fill(PASSWORD);
  await page.keyboard.press("Enter");
  await alerted(page, "The browser did not keep the cookie.");
});

test("a browser in which cookies are blocked is told so", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "doorward-profile-"));
  mkdirSync(join(folder, "Default"));
  const settings = { profile: { default_content_setting_values: { cookies: 2 } } };
  writeFileSync(join(folder, "Default", "Preferences"), JSON.stringify(settings));
  const context = await chromium.launchPersistentContext(folder, { ...CHROMIUM, baseURL: it.server.origin });
  t.after(async () => {
    await context.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  const page = await context.newPage();
  await page.goto("/login");
  assert.deepEqual(await pagesAfter(page), ["/login"]);
  assert.deepEqual(await context.cookies(), []);
  // A browser that blocks cookies blocks the storage too, in which the page would remember.
  assert.equal(await page.evaluate(() => sessionStorage.length).catch((error) => /SecurityError/.test(error)), true);
});

test("a page at another address than public_url says which setting is wrong", async (t) => {
  // The browser's address is not the one of the settings: nothing is signed in, and the page says why.
  const server = await Server.start({ public_url: "https://auth.example.com" });
  t.after(() => server.stop());
  await server.setUp();
  const page = await it.tab("/login", { origin: server.origin, causes: [403] });
  await signIn(page, ADMIN);
  await alerted(page, "the address in your browser is not the one in its settings (public_url)");
  assert.equal((await field(page, "email")).value, ADMIN);
  assert.equal((await field(page, "password")).value, PASSWORD);
});

test("a cookie for https alone is refused over http, and the page says why", async (t) => {
  let target = "";
  const front = await line(() => target);
  t.after(front.close);
  // Not 127.0.0.1: there browsers keep such cookies.
  const origin = `http://door.test:${front.port}`;
  const server = await Server.start({ public_url: "https://auth.example.com", allowed_origins: [origin] });
  t.after(() => server.stop());
  await server.setUp();
  target = server.origin;
  const page = await it.tab("/login", { origin, causes: ["plain http"] });
  await page.getByText("This connection is not encrypted").waitFor();
  assert.deepEqual(await pagesAfter(page), ["/login"]);
});
