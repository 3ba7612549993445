// What the tests of the pages share: a browser and a server for a file, people who use the keyboard,
// and a watch over what the browser complains of.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { chromium } from "playwright-core";

import { PASSWORD, Server } from "./server.mjs";

const FLAGS = [
  "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP *.test 127.0.0.1",
];
export const CHROMIUM = { executablePath: "/usr/bin/chromium", args: FLAGS };

/** Waits until it is so; what it last was stands in the failure. */
export const until = async (ask, is = Boolean, patience = 10_000) => {
  const end = performance.now() + patience;
  for (;;) {
    const answer = await ask();
    if (is(answer)) return answer;
    if (performance.now() > end) assert.fail(`it did not come to be: ${ask} last said ${JSON.stringify(answer)}`);
    await new Promise((done) => setTimeout(done, 20));
  }
};

/** Notes what the browser complains of. `causes` lists the statuses that the test brings about itself. */
const watch = async (context, complaints, causes) => {
  await context.exposeBinding("reportViolation", (_, text) => complaints.push(`CSP: ${text}`));
  await context.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) => {
      // @ts-ignore: the binding above
      reportViolation(`${event.violatedDirective} ${event.blockedURI} in ${event.documentURI}`);
    });
  });
  const caused = (text) => {
    const status = /^Failed to load resource: the server responded with a status of (\d+)/.exec(text)?.[1];
    if (status) return causes.includes(Number(status));
    // A server behind https by its settings, asked plainly: the browser says that it leaves one header out.
    if (causes.includes("plain http") && text.startsWith("The Cross-Origin-Opener-Policy header has been ignored")) return true;
    return causes.includes("network") && /^Failed to load resource: net::ERR_/.test(text);
  };
  context.on("console", (message) => {
    const bad = ["error", "warning"].includes(message.type());
    if (bad && !caused(message.text())) complaints.push(`console: ${message.text()} at ${message.location().url}`);
  });
  context.on("weberror", (error) => complaints.push(`uncaught: ${error.error().stack}`));
  context.on("dialog", (dialog) => {
    complaints.push(`a dialog of the browser: ${dialog.message()}`);
    dialog.dismiss().catch(() => {});
  });
};

/** What a file of tests needs. `first` is false where the test makes the first administrator itself. */
export const suite = (settings = {}, { fake = false, dev = false, first = !dev } = {}) => {
  const self = { server: /** @type {Server} */ (/** @type {unknown} */ (null)), browser: /** @type {any} */ (null) };
  let complaints = [];
  let contexts = [];
  before(async () => {
    [self.server, self.browser] = await Promise.all([Server.start(settings, { fake, dev }), chromium.launch(CHROMIUM)]);
    if (first) await self.server.setUp();
  });
  afterEach(async () => {
    for (const context of contexts) await context.close();
    const said = complaints;
    [contexts, complaints] = [[], []];
    assert.deepEqual(said, [], "the browser complains");
  });
  after(async () => {
    await self.browser?.close();
    await self.server?.stop();
  });

  return Object.assign(self, {
    /** A browser profile with nothing in it. `watched` is false for pages that are not ours. */
    async profile({ causes = [], watched = true, origin = self.server.origin, ...options } = {}) {
      const context = await self.browser.newContext({ baseURL: origin, locale: "en-GB", ...options });
      context.setDefaultTimeout(10_000);
      contexts.push(context);
      if (watched) await watch(context, complaints, causes);
      return context;
    },
    /** A tab in a profile of its own. */
    async tab(path, options) {
      const page = await (await this.profile(options)).newPage();
      await page.goto(path);
      return page;
    },
    /** A tab in which somebody is signed in. */
    async signedIn(email, path = "/account", options = {}) {
      const page = await this.tab(`/login?return_to=${path}`, options);
      await signIn(page, email);
      await arrived(page, path);
      return page;
    },
  });
};
export { test };

/** Waits until a page of this path is there. */
export const arrived = (page, path) => page.waitForURL((url) => url.pathname === path);

/** Waits for the sign-in to say why one was signed out. */
export const toldWhy = async (page, words) => {
  await arrived(page, "/login");
  await page.getByRole("status").filter({ hasText: words }).waitFor();
};

/** By the keyboard. The address has the focus from the start. */
export const signIn = async (page, email, password = PASSWORD) => {
  await until(() => focused(page), (id) => id === "email");
  await page.keyboard.type(email);
  await page.keyboard.press("Tab");
  await page.keyboard.type(password);
  await page.keyboard.press("Enter");
};

/** What has the focus: its id, or else what it says. */
export const focused = (page) =>
  page.evaluate(() => {
    const it = document.activeElement;
    if (!it || it === document.body) return "body";
    return it.id || it.getAttribute("data-show") || it.getAttribute("aria-label") || it.textContent?.trim() || it.tagName;
  });

/** Goes by Tab until something has the focus; says what was passed, itself too. */
export const tabTo = async (page, id, key = "Tab") => {
  // Keys go to the tab in front.
  await page.bringToFront();
  const passed = [];
  for (let step = 0; step < 60; step++) {
    await page.keyboard.press(key);
    passed.push(await focused(page));
    if (passed.at(-1) === id) return passed;
  }
  assert.fail(`${id} can't be reached by ${key}: ${passed.join(", ")}`);
};

/** Waits for an error that is announced, and gives its words. */
export const alerted = async (page, words) => {
  const alert = page.getByRole("alert").filter({ hasText: words }).first();
  await alert.waitFor();
  return alert.textContent();
};

/** What is shown in a field, and how a browser fills it in. */
export const field = (page, id) =>
  page.locator(`#${id}`).evaluate((it) => ({
    value: it.value,
    type: it.type,
    autocomplete: it.autocomplete,
    invalid: it.getAttribute("aria-invalid") === "true",
  }));
