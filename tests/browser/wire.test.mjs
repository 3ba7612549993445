// What a first visit costs, and what a second one saves.
import assert from "node:assert/strict";

import { suite, test } from "./harness.mjs";

const it = suite({});

/** Every request of a page, with its bytes on the wire as the browser counts them. */
const loads = async (page, path) => {
  const session = await page.context().newCDPSession(page);
  const seen = new Map();
  const of = (id) => seen.get(id) ?? seen.set(id, { url: "", status: 0, bytes: 0, headers: {}, cached: false }).get(id);
  session.on("Network.requestWillBeSent", ({ requestId, request }) => (of(requestId).url = request.url));
  session.on("Network.requestServedFromCache", ({ requestId }) => (of(requestId).cached = true));
  session.on("Network.responseReceived", ({ requestId, response }) => {
    const cached = response.fromDiskCache || response.fromPrefetchCache;
    const headers = Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name.toLowerCase(), value]));
    Object.assign(of(requestId), { status: response.status, headers, cached: of(requestId).cached || cached });
  });
  session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => (of(requestId).bytes = encodedDataLength));
  await session.send("Network.enable");
  await page.goto(path, { waitUntil: "networkidle" });
  await session.detach();
  return [...seen.values()].filter(({ url }) => url.startsWith("http"));
};

test("a cold visit of the sign-in takes at most six requests and 60 KB", async () => {
  const page = await (await it.profile()).newPage();
  const cold = (await loads(page, "/login")).filter(({ cached }) => !cached);
  const report = cold.map(({ url, status, bytes }) => `${status} ${bytes} ${new URL(url).pathname}`).join("\n");
  assert.ok(cold.length <= 6, report);
  assert.ok(cold.every(({ status, url }) => status === 200 && url.startsWith(it.server.origin)), report);
  const total = cold.reduce((sum, { bytes }) => sum + bytes, 0);
  assert.ok(total > 3000 && total < 60_000, `${total} bytes\n${report}`);
  const kept = cold.filter(({ url }) => url.includes("/assets/"));
  assert.ok(kept.length >= 3, report);
  for (const { url, headers } of kept) {
    assert.equal(headers["cache-control"], "public, max-age=31536000, immutable", url);
    if (!url.endsWith(".svg")) assert.equal(headers["content-encoding"], "gzip", url);
  }
});

test("the page has a validator, and a second visit costs a 304", async () => {
  const page = await (await it.profile()).newPage();
  await loads(page, "/login");
  const second = await loads(page, "/login");
  assert.deepEqual(second.filter(({ url, cached }) => url.includes("/assets/") && !cached).map(({ url }) => url), []);
  const first = await fetch(`${it.server.origin}/login`);
  const etag = first.headers.get("etag");
  assert.ok(etag);
  assert.equal(first.headers.get("cache-control"), "no-cache");
  assert.equal((await fetch(`${it.server.origin}/login`, { headers: { "if-none-match": etag } })).status, 304);
  assert.equal((await fetch(`${it.server.origin}/login`, { headers: { "if-none-match": '"other"' } })).status, 200);
});
