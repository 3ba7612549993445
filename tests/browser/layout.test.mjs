// What fits stands in line: long words stay in their card, short ones are not cut, buttons that belong together look it.
import assert from "node:assert/strict";

import { openAdmin } from "./admin.mjs";
import { suite, test, until } from "./harness.mjs";

const it = suite({ "limits.login": "1000/15m" });
const PHONE = { viewport: { width: 390, height: 844 }, locale: "de-DE" };

/** Where each of these stands. */
const boxes = (page, selector) =>
  page.locator(selector).evaluateAll((all) => all.filter((it) => it.checkVisibility()).map((it) => it.getBoundingClientRect().toJSON()));

test("a long role and a long address stay within the card on a phone", async () => {
  const email = "a-very-long-first-name-and-surname@some-department-of-a-very-long-company-name.example.com";
  await it.server.user(email, "a_role_word_that_is_32_chars_lon");
  const page = await openAdmin(it, "users", PHONE);
  await page.locator("#users > tr").first().waitFor();
  const [panel] = await boxes(page, "#users-panel");
  for (const box of await boxes(page, "#users-panel :is(td, td > *, input, table, .tag)")) {
    assert.ok(box.right <= panel.right - 15, JSON.stringify(box));
    assert.ok(box.left >= panel.left + 15, JSON.stringify(box));
  }
  await page.locator("#users a", { hasText: "a-very-long" }).click();
  await page.locator("#user-facts dt").first().waitFor();
  const [facts] = await boxes(page, "#view-user > .panel");
  for (const box of await boxes(page, "#user-facts *")) assert.ok(box.right <= facts.right - 15, JSON.stringify(box));
});

test("a short address is not cut in the bar, and a long one tells itself", async () => {
  const cut = (page) => page.locator("#who").evaluate((it) => it.scrollWidth > it.clientWidth);
  await it.server.user("ann@example.com", "admin");
  for (const path of ["/account", "/admin"]) {
    const page = await it.signedIn("ann@example.com", path, PHONE);
    await until(() => page.locator("#who").textContent());
    assert.equal(await cut(page), false, path);
  }
  const long = "somebody-with-an-address-that-fits-no-phone@a-long-subdomain.example.com";
  await it.server.user(long);
  const page = await it.signedIn(long, "/account", PHONE);
  await until(() => page.locator("#who").textContent());
  assert.equal(await cut(page), true);
  assert.equal(await page.locator("#who").getAttribute("title"), long);
});

/** Beside each other, or one under the other and equally wide. */
const tidy = (all) => {
  assert.ok(all.length > 1);
  const same = (side) => all.every((box) => Math.abs(box[side] - all[0][side]) < 1);
  assert.ok(same("top") || (same("left") && same("right")), JSON.stringify(all));
};

test("the buttons of a dialog, and of a selection, stand in line", async () => {
  await it.server.user("bea@example.com");
  await it.server.signIn("bea@example.com");
  for (const viewport of [{ width: 1280, height: 900 }, { width: 390, height: 844 }, { width: 320, height: 700 }]) {
    const account = await it.signedIn("bea@example.com", "/account", { ...PHONE, viewport });
    await account.locator("#everywhere").click();
    tidy(await boxes(account, "#sure button"));
    const page = await openAdmin(it, "users", { ...PHONE, viewport });
    await page.locator("#pick-all").check();
    tidy(await boxes(page, "#picked-users button"));
    await page.locator("#end-users").click();
    await page.locator("dialog[open]").waitFor();
    tidy(await boxes(page, "dialog[open] .buttons button"));
  }
});

test("what a field suggests can be read in the dark", async () => {
  const page = await openAdmin(it, "users", { colorScheme: "dark" });
  const [ink, card] = await page.locator("#search").evaluate((it) => [getComputedStyle(it, "::placeholder").color, getComputedStyle(it).backgroundColor]);
  const light = (text) => {
    const [r, g, b] = text.match(/[\d.]+/g).map((n) => (n / 255 <= 0.04045 ? n / 255 / 12.92 : ((n / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  assert.ok((light(ink) + 0.05) / (light(card) + 0.05) >= 4.5, `${ink} on ${card}`);
});
