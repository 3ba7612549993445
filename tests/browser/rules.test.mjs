// A password that is refused is told why, in the page's language, wherever one is chosen.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { alerted, focused, suite, test } from "./harness.mjs";
import { PASSWORD } from "./server.mjs";

const it = suite({ registration: "open", "limits.login": "100/15m", "limits.login_address": "1000/15m" });
const fresh = suite({}, { first: false });
const german = JSON.parse(readFileSync(new URL("../../assets/texts/de.json", import.meta.url), "utf8"));

const REFUSED = [
  ["kurz", "too_short", { min: 8 }],
  ["x".repeat(257), "too_long", { max: 256 }],
  ["y".repeat(1025), "too_large", { max: 1024 }],
  ["password1", "common", {}],
  ["Doorward", "service_name", {}],
];

/** Tries each of them in a field. */
const refuses = async (page, field, more = []) => {
  for (const [password, rule, values] of [...REFUSED, ...more]) {
    await page.locator(`#${field}`).fill(password);
    await page.keyboard.press("Enter");
    const words = german[`js.all.rule.${rule}`].replace(/\{(\w+)\}/g, (_, name) => values[name]);
    assert.equal(await alerted(page, words), words);
    assert.equal(await focused(page), field);
  }
};

const OPTIONS = { locale: "de-DE", causes: [400, 422] };

test("at the registration", async () => {
  const page = await it.tab("/register", OPTIONS);
  await page.locator("#email").fill("anna.bach@example.com");
  await refuses(page, "password", [["anna.bach@example.com", "address", {}]]);
});

test("at the set-up", async () => {
  const page = await fresh.tab(`/setup#${fresh.server.secret}`, OPTIONS);
  await page.locator("#email").fill("anna.bach@example.com");
  await refuses(page, "password", [["anna.bach@example.com", "address", {}]]);
});

test("behind a link", async () => {
  const { secret } = await it.server.invite("berta.bach@example.com");
  const page = await it.tab(`/link#${secret}`, OPTIONS);
  await page.locator("#begin").click();
  await refuses(page, "password", [["berta.bach@example.com", "address", {}]]);
});

test("in the account", async () => {
  await it.server.user("clara.bach@example.com");
  const page = await it.signedIn("clara.bach@example.com", "/account", OPTIONS);
  await page.locator("#devices > li").first().waitFor();
  await page.locator("#currentPassword").fill(PASSWORD);
  await refuses(page, "newPassword", [["clara.bach@example.com", "address", {}]]);
});
