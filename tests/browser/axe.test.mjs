// axe finds nothing: on any page, in any state, light and dark, on a phone and at a desk.
import assert from "node:assert/strict";

import { findings } from "./axe.mjs";
import { suite, test } from "./harness.mjs";
import { devices, FRESH_STATES, SCHEMES, SIZES, STATES } from "./pages.mjs";
import { Server } from "./server.mjs";

const it = suite({ demo: true, registration: "open", "limits.login": "1000/15m" });

const check = async (name, go, origin) => {
  for (const colorScheme of SCHEMES) {
    const context = await it.profile({ colorScheme, causes: [400, 401, 403, 404, 409, 410, 422, 429], origin });
    const page = await context.newPage();
    for (const [width, height] of SIZES) {
      await page.setViewportSize({ width, height });
      if (width === SIZES[0][0]) await go(page);
      assert.deepEqual(await findings(page), [], `${name}, ${colorScheme}, ${width}`);
    }
    await context.close();
  }
};

for (const [name, go] of Object.entries(STATES)) {
  test(name, async () => {
    if (/account|demo-in|admin/.test(name)) await devices(it.server);
    await check(name, go);
  });
}

test("a server that has nobody yet", async (t) => {
  const server = await Server.start();
  t.after(() => server.stop());
  for (const [name, go] of Object.entries(FRESH_STATES)) await check(name, go, server.origin);
});
