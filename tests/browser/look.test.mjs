// Languages, zoom, motion, colours and paper.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { alerted, arrived, signIn, suite, test, until } from "./harness.mjs";
import { devices, STATES } from "./pages.mjs";
import { ADMIN } from "./server.mjs";

const it = suite({ demo: true, registration: "open" });
const OUT = ["/login", "/login?reason=refresh_reuse", "/register", "/setup#x", "/link#x", "/demo"];
const texts = (language) => JSON.parse(readFileSync(new URL(`../../assets/texts/${language}.json`, import.meta.url), "utf8"));

test("a browser that asks for German gets it, in what scripts say too", async () => {
  const german = texts("de");
  const page = await it.tab("/login", { locale: "de-AT", causes: [401] });
  assert.equal(await page.locator("html").getAttribute("lang"), "de");
  assert.equal(await page.locator("h1").textContent(), german["login.title"]);
  await signIn(page, ADMIN, "falsch");
  await alerted(page, german["js.login.invalid"]);
  await page.goto("/login?reason=ended_by_admin");
  await page.getByRole("status").filter({ hasText: german["js.login.reason.ended_by_admin"] }).waitFor();
  await signIn(page, ADMIN);
  await arrived(page, "/account");
  await page.locator("#devices > li").first().waitFor();
  assert.equal(await page.locator("h1").textContent(), german["account.title"]);
  // No word of English is left of those that stand in both.
  const english = texts("en");
  const shown = await page.locator("body").innerText();
  for (const key of Object.keys(english).filter((key) => key.startsWith("account."))) {
    if (english[key] !== german[key]) assert.ok(!shown.includes(english[key]), key);
  }
});

test("a browser that asks for what there is not gets English", async () => {
  const page = await it.tab("/login", { locale: "fi-FI" });
  assert.equal(await page.locator("html").getAttribute("lang"), "en");
});

/** Whether something stands out to the side, and what. */
const wide = (page) =>
  page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    const all = [...document.querySelectorAll("body *")].filter((it) => it.getBoundingClientRect().right > clientWidth);
    return all.map((it) => `${it.tagName} ${it.id} ${it.className}`);
  });

for (const [what, width, height, deviceScaleFactor] of [["a desk at 200 %", 640, 400, 2], ["a phone", 390, 844, 2], ["a small window at 400 %", 320, 256, 4]]) {
  test(`nothing stands out to the side on ${what}`, async () => {
    const context = await it.profile({ viewport: { width, height }, deviceScaleFactor, causes: [401], locale: "de-DE" });
    const page = await context.newPage();
    for (const path of OUT) {
      await page.goto(path);
      assert.deepEqual(await wide(page), [], path);
    }
    const long = `a-rather-long-name-that-somebody-really-has-${width}@a-long-subdomain.example.com`;
    await it.server.user(long);
    await it.server.signIn(long, undefined, `${"W".repeat(200)}`);
    await page.goto("/login?return_to=/account");
    await signIn(page, long);
    await arrived(page, "/account");
    await until(() => page.locator("#devices > li").count(), (n) => n === 2);
    assert.deepEqual(await wide(page), [], "/account");
    await page.locator("#everywhere").click();
    assert.deepEqual(await wide(page), [], "the dialog");
    await page.goto("/demo");
    await page.locator("[data-when=signed-in]").waitFor();
    await page.locator("[data-demo=call]").click();
    await page.locator("[data-demo=answer]").filter({ hasText: "sessionId" }).waitFor();
    assert.deepEqual(await wide(page), [], "/demo");
  });
}

test("nothing of the administration stands out to the side", async () => {
  await devices(it.server);
  for (const [name, go] of Object.entries(STATES).filter(([name]) => name.startsWith("admin"))) {
    const page = await (await it.profile({ causes: [401, 403], locale: "de-DE", viewport: { width: 640, height: 400 } })).newPage();
    await go(page);
    for (const width of [640, 390, 320]) {
      await page.setViewportSize({ width, height: 700 });
      assert.deepEqual(await wide(page), [], `${name} at ${width}`);
    }
    await page.context().close();
  }
});

test("nothing turns where less motion is wanted", async () => {
  for (const [reducedMotion, moves] of [["reduce", false], ["no-preference", true]]) {
    const page = await it.tab("/login", { reducedMotion });
    await page.locator("#submit").evaluate((it) => it.setAttribute("aria-busy", "true"));
    const seconds = await page.locator("#submit").evaluate((it) => parseFloat(getComputedStyle(it, "::after").animationDuration));
    assert.equal(seconds > 0.01, moves, String(reducedMotion));
  }
});

test("dark is dark, and light is light", async () => {
  for (const [colorScheme, isDark] of [["dark", true], ["light", false]]) {
    const page = await it.tab("/login", { colorScheme });
    const light = await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor.match(/\d+/g).reduce((sum, n) => sum + Number(n), 0));
    assert.equal(light < 200, isDark, `${colorScheme}: ${light}`);
  }
});

test("a link's page prints black on white", async () => {
  const page = await it.tab("/link#x", { colorScheme: "dark" });
  await page.emulateMedia({ media: "print" });
  const colours = await page.locator(".card").evaluate((it) => [getComputedStyle(it).backgroundColor, getComputedStyle(it).color]);
  assert.deepEqual(colours, ["rgb(255, 255, 255)", "rgb(0, 0, 0)"]);
  assert.ok((await page.pdf()).length > 1000);
});

test("a page can be read from right to left", async () => {
  const page = await it.tab("/login");
  await page.evaluate(() => (document.documentElement.dir = "rtl"));
  assert.deepEqual(await wide(page), []);
  const [button, input] = [await page.locator("[data-show]").boundingBox(), await page.locator("#password").boundingBox()];
  assert.ok(button.x < input.x + input.width / 2, "the button stands at the end of the line");
});
