// What the overview says of the set-up: each warning where there is reason for it, and only there.
import assert from "node:assert/strict";

import { openAdmin } from "./admin.mjs";
import { suite, test, until } from "./harness.mjs";
import { line } from "./network.mjs";
import { Server } from "./server.mjs";

const it = suite();

/** What is warned of, once the numbers are there. */
const warned = async (page) => {
  await page.locator("#live").filter({ hasText: /\d/ }).waitFor();
  return page.locator("#view-overview .notice.warn:visible").allTextContents();
};

/** A proxy that says for whom it asks. */
const proxy = (t, server) => {
  const tell = (request) => void (request.headers["x-forwarded-for"] = "198.51.100.7");
  return line(server.origin, tell).then(({ origin, close }) => (t.after(close), origin));
};

test("a proxy that is not trusted is named, and what to set", async (t) => {
  const page = await openAdmin(it, "overview", { origin: await proxy(t, it.server) });
  const [text, ...others] = (await warned(page)).filter((text) => /proxy/.test(text));
  assert.match(text, /^You come through a proxy at 127\.0\.0\.1 that is not trusted/);
  assert.ok(text.includes('trusted_proxies = ["127.0.0.1"]'), text);
  assert.deepEqual(others, []);
});

test("without a proxy, or with one that is trusted, there is no such warning", async (t) => {
  assert.deepEqual((await warned(await openAdmin(it, "overview"))).filter((text) => /proxy/.test(text)), []);
  const server = await Server.start({ trusted_proxies: ["127.0.0.1"] });
  t.after(() => server.stop());
  await server.setUp();
  const page = await openAdmin(it, "overview", { origin: await proxy(t, server) });
  assert.deepEqual((await warned(page)).filter((text) => /proxy/.test(text)), []);
});

test("little space is told in MiB", async () => {
  const page = await openAdmin(it, "events");
  await page.route("**/auth/admin/overview", async (route) => {
    const response = await route.fetch();
    const json = await response.json();
    json.warnings = [{ code: "disk_space", value: String(300.7 * 2 ** 20), detail: "There are 300 MiB left.", values: {} }];
    await route.fulfill({ response, json });
  });
  await page.goto("/admin#overview");
  const [text, ...others] = await warned(page);
  assert.match(text, /^There are 300\sMiB left where the database is\./);
  assert.deepEqual(others, []);
});

test("what the server sees of its own surroundings is told with what to do", async () => {
  const page = await openAdmin(it, "events");
  const shared = { address: "172.17.0.1", users: 3 };
  const file = { path: "/var/lib/doorward/doorward.key", mode: "0644", mend: "chmod 600 /var/lib/doorward/doorward.key" };
  await page.route("**/auth/admin/overview", async (route) => {
    const response = await route.fetch();
    const json = await response.json();
    json.warnings = [
      { code: "shared_address", value: "172.17.0.1", detail: "-", values: shared },
      { code: "silent_proxy", value: "172.17.0.1", detail: "-", values: shared },
      { code: "network_disk", value: "NFS", detail: "-", values: { kind: "NFS" } },
      { code: "exposed_file", value: file.path, detail: "-", values: file },
    ];
    await route.fulfill({ response, json });
  });
  await page.goto("/admin#overview");
  const texts = await warned(page);
  assert.equal(texts.length, 4, String(texts));
  assert.match(texts[0], /^The last sign-ins of 3 accounts all came from 172\.17\.0\.1: .*trusted_proxies = \["172\.17\.0\.1"\]/);
  assert.match(texts[1], /doesn't say for whom it asks/);
  assert.match(texts[2], /network file system \(NFS\)/);
  assert.match(texts[3], /doorward\.key \(mode 0644\)\. This ends it: chmod 600 \/var\/lib\/doorward\/doorward\.key$/);
});

test("a clock that is off is told, by how much and in which direction", async () => {
  const page = await openAdmin(it, "events");
  await page.clock.install();
  for (const [ahead, told] of [[-135, /^This device's clock is 2\smin\s1[56]\ss behind/], [200, /^This device's clock is 3\smin\s(19|20)\ss ahead/], [0, null]]) {
    await page.clock.setSystemTime(Date.now() + ahead * 1000);
    await page.goto("/admin#events");
    await page.goto("/admin#overview");
    if (told) await until(() => page.locator("#clock").textContent(), (text) => told.test(text));
    else await until(() => page.locator("#clock").isVisible(), (shown) => !shown);
  }
});

test("where all is well, that is said", async () => {
  const page = await openAdmin(it, "events");
  await page.route("**/auth/admin/overview", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...(await response.json()), warnings: [] } });
  });
  await page.goto("/admin#overview");
  await page.getByText("Nothing is wrong with the set-up.").waitFor();
  assert.deepEqual(await warned(page), []);
});
