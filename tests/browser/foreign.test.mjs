// Pages of other origins: their forms, fetches, images and frames change nothing, and no page of ours is framed.
import assert from "node:assert/strict";

import { arrived, suite, test, until } from "./harness.mjs";
import { site } from "./network.mjs";
import { ADMIN, PASSWORD } from "./server.mjs";

const it = suite({ demo: true });
const ACTS = ["/auth/logout", "/auth/logout-all", "/auth/login", "/auth/refresh", "/auth/password", "/auth/reauth", "/auth/register", "/auth/link"];
const PAGES = ["/", "/login", "/setup", "/link", "/account", "/admin", "/demo"];

/** A page that tries a form of each kind at each act, then a fetch of each kind, then images and scripts. */
const hostile = (target) => `<!doctype html><title>hostile</title><body><script>
  const target = ${JSON.stringify(target)}, acts = ${JSON.stringify(ACTS)}, pages = ${JSON.stringify(PAGES)};
  const body = JSON.stringify({ email: ${JSON.stringify(ADMIN)}, password: ${JSON.stringify(PASSWORD)} });
  const form = (act, kind, n) => new Promise((done) => {
    const frame = Object.assign(document.createElement("iframe"), { name: "f" + n });
    document.body.append(frame);
    const it = Object.assign(document.createElement("form"), { action: target + act, method: "post", enctype: kind, target: "f" + n });
    const field = document.createElement("input");
    [field.name, field.value] = kind === "text/plain" ? [body.slice(0, -1) + ',"x":"', '"}'] : ["email", "a"];
    it.append(field);
    document.body.append(it);
    frame.onload = done;
    setTimeout(done, 1000);
    it.submit();
  });
  const element = (tag, url) => new Promise((done) => {
    const it = document.createElement(tag);
    it.onload = it.onerror = done;
    it.src = url;
    document.body.append(it);
    setTimeout(done, 1000);
  });
  async function attack() {
    const read = [];
    const ask = async (act, init) => {
      try {
        const answer = await fetch(target + act, init);
        if (answer.type !== "opaque") read.push(act + " " + answer.status + " " + await answer.text());
      } catch {}
    };
    let n = 0;
    await Promise.all(acts.flatMap((act) => ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"].map((kind) => form(act, kind, n++))));
    for (const act of acts) for (const credentials of ["include", "omit"]) {
      await ask(act, { method: "POST", mode: "no-cors", credentials, body });
      await ask(act, { method: "POST", mode: "no-cors", credentials, body: new Blob([body], { type: "text/plain" }) });
      await ask(act, { method: "POST", mode: "cors", credentials, body, headers: { "content-type": "application/json" } });
      navigator.sendBeacon(target + act, body);
    }
    await ask("/auth/me", { credentials: "include" });
    await ask("/account", { credentials: "include" });
    await Promise.all([...acts, ...pages, "/auth/me", "/auth/sessions"].flatMap((path) => [element("img", target + path), element("script", target + path)]));
    await Promise.all(pages.map((page) => element("iframe", target + page)));
    return read;
  }
</script>`;

for (const [what, host] of [["another site", "localhost"], ["another port of this host", "127.0.0.1"]]) {
  test(`${what} changes nothing and reads nothing`, async (t) => {
    const email = `ann-${host}@example.com`;
    const { id } = await it.server.user(email);
    const ann = await it.signedIn(email);
    await ann.locator("#devices > li").first().waitFor();
    const port = new URL(it.server.origin).port;
    const away = await site({ "/": hostile(it.server.origin), "/frame": `<iframe src="http://127.0.0.1:${port}/login"></iframe>` });
    t.after(away.close);
    const before = await it.server.known(id);
    const root = await it.server.admin("GET", `/users?search=root`);
    const cookies = await ann.context().cookies();

    // The same browser, on a page that is not ours: so its complaints are not ours.
    const context = await it.profile({ watched: false });
    await context.addCookies(cookies);
    const page = await context.newPage();
    const [sent, refused] = [[], []];
    page.on("request", (request) => request.method() === "POST" && sent.push(request.url()));
    page.on("response", (answer) => {
      if (answer.request().method() === "POST") refused.push(answer.status());
    });
    await page.goto(`http://${host}:${away.port}/`);
    // @ts-ignore: the page's own
    assert.deepEqual(await page.evaluate(() => attack()), [], "nothing is readable from there");
    for (const act of ACTS) assert.ok(sent.filter((url) => url.endsWith(act)).length >= 9, `${act} was tried in every way`);
    assert.ok(refused.length >= ACTS.length * 3, `${refused.length} were answered`);
    assert.deepEqual([...new Set(refused)], [403]);
    for (const frame of page.frames().slice(1)) {
      // A frame that was refused stands on the browser's own error page, or never left the empty one.
      const shown = await frame.evaluate(() => document.querySelectorAll("form, .card, .page").length).catch(() => 0);
      assert.equal(shown, 0, `${frame.url()} is framed`);
    }

    const now = await it.server.known(id);
    assert.deepEqual(now.sessions, before.sessions);
    assert.deepEqual(now.events, before.events);
    assert.deepEqual((await it.server.admin("GET", `/users?search=root`)).users[0].failures, root.users[0].failures);
    assert.deepEqual(await context.cookies(), cookies, "no cookie was set or cleared");
    await ann.reload();
    await ann.locator("#devices > li").first().waitFor();
    await arrived(ann, "/account");
  });
}

test("no page can be framed, by itself either", async (t) => {
  const frames = (origin) => PAGES.map((path) => `<iframe src="${origin}${path}"></iframe>`).join("");
  for (const host of ["localhost", "127.0.0.1"]) {
    const away = await site({ "/": `<!doctype html>${frames(it.server.origin)}` });
    t.after(away.close);
    const page = await (await it.profile({ watched: false })).newPage();
    const told = [];
    page.on("console", (message) => told.push(message.text()));
    await page.goto(`http://${host}:${away.port}/`);
    await until(() => told.filter((text) => text.includes("frame-ancestors 'none'")).length, (n) => n >= PAGES.length);
  }
});
