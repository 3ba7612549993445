// A copy of the cookie in another browser: both are out, and the owner's page says why.
import assert from "node:assert/strict";

import { suite, test, toldWhy, until } from "./harness.mjs";

const it = suite({ "tokens.access_ttl": "10s", demo: true }, { fake: true });
const WHY = "You were signed out for your safety: somebody may have copied this device's sign-in.";

const cookie = async (context) => (await context.cookies()).find(({ name }) => name === "refreshToken");

/** A refresh that the page makes because its token is no longer good. */
const renew = async (page) => {
  const before = (await cookie(page.context())).value;
  it.server.advance(30);
  await page.reload();
  await until(async () => (await cookie(page.context())).value !== before);
  await page.locator("[data-when=signed-in], #devices > li").first().waitFor();
};

/** Another browser with nothing but the stolen cookie. */
const thief = async (stolen, path = "/account") => {
  const context = await it.profile({ causes: [401], userAgent: "Mozilla/5.0 (Windows NT 10.0) Thief/1.0" });
  await context.addCookies([stolen]);
  const page = await context.newPage();
  await page.goto(path);
  return page;
};

test("an older cookie replayed signs both out", async () => {
  const { id } = await it.server.user("ann@example.com");
  const ann = await it.signedIn("ann@example.com", "/account", { causes: [401] });
  const stolen = await cookie(ann.context());
  await renew(ann);
  await renew(ann);
  it.server.advance(30);
  const eve = await thief(stolen);
  await toldWhy(eve, WHY);
  // The owner's page learns of it at its next call, and says why.
  await ann.reload();
  await toldWhy(ann, WHY);
  const { sessions, events } = await it.server.known(id);
  assert.deepEqual(sessions.map(({ live, reason }) => ({ live, reason })), [{ live: false, reason: "refresh_reuse" }]);
  assert.ok(events.some(({ kind }) => kind.includes("reuse")), JSON.stringify(events.map(({ kind }) => kind)));
});

test("a thief who goes first is found out when the owner comes back", async () => {
  await it.server.user("bea@example.com");
  const bea = await it.signedIn("bea@example.com", "/account", { causes: [401] });
  const eve = await thief(await cookie(bea.context()), "/demo");
  await eve.locator("[data-when=signed-in]").waitFor();
  for (let life = 0; life < 2; life++) await renew(eve);
  it.server.advance(30);
  await bea.reload();
  await toldWhy(bea, WHY);
  await eve.locator("[data-when=signed-out]").waitFor();
  assert.equal(await eve.locator("[data-demo=reason]").textContent(), "refresh_reuse");
});

test("an open page is told within two seconds of its next call", async () => {
  await it.server.user("cyd@example.com");
  const cyd = await it.signedIn("cyd@example.com", "/demo", { causes: [401] });
  const stolen = await cookie(cyd.context());
  await renew(cyd);
  await renew(cyd);
  it.server.advance(30);
  await toldWhy(await thief(stolen), WHY);
  const asked = performance.now();
  await cyd.locator("[data-when=signed-out]").waitFor({ timeout: 4000 });
  assert.equal(await cyd.locator("[data-demo=reason]").textContent(), "refresh_reuse");
  assert.ok(performance.now() - asked < 4000);
});
