// What others typed shows as text: addresses, what browsers call themselves, the service's own name.
import assert from "node:assert/strict";

import { suite, tabTo, test, until } from "./harness.mjs";

const EVIL = "<img src=x onerror=alert(1)>";
const it = suite({ demo: true, name: `Doors ${EVIL} "&amp;'` });

/** Nothing of it became an element, and no script ran. */
const clean = async (page) => {
  assert.equal(await page.locator("img[src=x], b, i, script:not([src])").count(), 0);
  assert.equal(await page.evaluate(() => document.querySelectorAll("[onerror], [onclick]").length), 0);
};

test("a user agent and a device's name", async () => {
  await it.server.user("ann@example.com");
  const agents = [EVIL, `<script>alert(1)</script>`, `"><b>bold</b>`, `curl/8 ${EVIL}`, "x".repeat(300), "{{name}} &lt;i&gt;"];
  for (const agent of agents) await it.server.signIn("ann@example.com", undefined, agent);
  const page = await it.signedIn("ann@example.com");
  await until(() => page.locator("#devices > li").count(), (n) => n === agents.length + 1);
  await clean(page);
  const titles = await page.locator("#devices [data-part=name]").evaluateAll((all) => all.map((it) => it.title));
  for (const agent of agents) assert.ok(titles.includes(agent.slice(0, 256)), `${agent} is kept as it was`);
  await tabTo(page, "Sign out curl");
  await page.keyboard.press("Enter");
  await page.getByRole("status").filter({ hasText: "curl is signed out." }).waitFor();
  await clean(page);
});

test("an address that looks like markup", async () => {
  const email = "o'&ltimg&gt${7*7}{{name}}`@example.com";
  await it.server.user(email);
  const page = await it.signedIn(email);
  await until(() => page.locator("#email-shown").textContent(), (text) => text === email);
  assert.equal(await page.locator("#who").textContent(), email);
  await clean(page);
  await page.goto("/demo");
  await until(() => page.locator("[data-demo=user]").textContent(), (text) => text === email);
  await clean(page);
});

test("the service's name, on every page", async () => {
  for (const path of ["/login", "/setup", "/link", "/demo"]) {
    const page = await it.tab(path, { causes: [401] });
    assert.match(await page.title(), /<img src=x onerror=alert\(1\)> "&amp;'$/, path);
    await clean(page);
  }
});

test("what a query says", async () => {
  const page = await it.tab(`/login?reason=${encodeURIComponent(EVIL)}&return_to=${encodeURIComponent(EVIL)}`);
  await clean(page);
  await page.goto(`/link#${encodeURIComponent(EVIL)}`);
  await clean(page);
});
