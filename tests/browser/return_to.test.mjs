// Where the sign-in leads: to pages of this server and of listed origins, nowhere else.
import assert from "node:assert/strict";

import { signIn, suite, test } from "./harness.mjs";
import { site } from "./network.mjs";
import { ADMIN } from "./server.mjs";

const away = await site({ "/": "<title>listed</title>", "/page": "<title>listed</title>" });
const it = suite({ demo: true, allowed_origins: [away.origin] });

const OWN = [
  ["/demo", "/demo"],
  ["/demo?a=1&b=%2F#part", "/demo?a=1&b=%2F#part"],
  ["/account", "/account"],
];
const REFUSED = [
  "", "//evil.test", "///evil.test", "/\\evil.test", "\\\\evil.test", "/\t/evil.test", "/%09/evil.test\n", "https://evil.test",
  "https:evil.test", "http:///evil.test", "javascript:alert(1)", "JaVaScRiPt:alert(1)", " javascript:alert(1)", "java\nscript:alert(1)",
  "data:text/html,<script>alert(1)</script>", "blob:x", "demo", "./demo", "@evil.test", ".evil.test", "https://127.0.0.1@evil.test/",
  `${away.origin}.evil.test/`, `${away.origin}@evil.test/`, `${away.origin}`.replace("http:", "https:") + "/", "/login", "/login?return_to=//evil.test",
  "\u0000//evil.test", "/\u2028/evil.test/../../account",
];

/** Signs in with this `return_to`, and says where that led. */
const ledTo = async (page, asked) => {
  await page.context().clearCookies();
  await page.goto(`/login?return_to=${encodeURIComponent(asked)}`);
  await signIn(page, ADMIN);
  await page.waitForURL((url) => url.pathname !== "/login" || url.host.includes("evil"), { waitUntil: "commit" });
  return page.url();
};

const tab = async () => {
  const page = await (await it.profile({ causes: [401] })).newPage();
  await page.route("http*://*evil.test/**", (route) => route.fulfill({ body: "evil" }));
  return page;
};

test("paths of this server", async () => {
  const page = await tab();
  for (const [asked, leads] of OWN) assert.equal(await ledTo(page, asked), it.server.origin + leads, asked);
});

test("pages of a listed origin", async (t) => {
  t.after(away.close);
  assert.equal(await ledTo(await tab(), `${away.origin}/page?x=1`), `${away.origin}/page?x=1`);
});

test("everything else leads to the account", async () => {
  const page = await tab();
  for (const asked of REFUSED) {
    const led = new URL(await ledTo(page, asked));
    assert.equal(led.origin, it.server.origin, JSON.stringify(asked));
    assert.ok(["/account", "/\u2028/evil.test/../../account"].includes(led.pathname), `${JSON.stringify(asked)} led to ${led.pathname}`);
  }
});

test("and the same for who is signed in already", async () => {
  const page = await it.signedIn(ADMIN);
  await page.route("http*://*evil.test/**", (route) => route.fulfill({ body: "evil" }));
  for (const [asked, leads] of OWN) {
    await page.goto(`/login?return_to=${encodeURIComponent(asked)}`);
    assert.equal(page.url(), it.server.origin + leads);
  }
  for (const asked of REFUSED) {
    await page.goto(`/login?return_to=${encodeURIComponent(asked)}`);
    assert.equal(new URL(page.url()).origin, it.server.origin, JSON.stringify(asked));
    assert.equal(new URL(page.url()).pathname, "/account", JSON.stringify(asked));
  }
});
