// Pictures of every page: `tests/browser/screenshots`.
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { chromium } from "playwright-core";

import { DEV_STATES } from "./dev.mjs";
import { CHROMIUM } from "./harness.mjs";
import { devices, FRESH_STATES, SCHEMES, SIZES, STATES } from "./pages.mjs";
import { Server } from "./server.mjs";

const folder = fileURLToPath(new URL("../../target/screenshots/", import.meta.url));
mkdirSync(folder, { recursive: true });
/** A dialog hangs over what one sees, not over the whole page. */
const DIALOGS = /-(sure|invite|link|everyone)$/;
const wanted = process.argv.slice(2);
const [server, fresh, dev, browser] = await Promise.all([
  Server.start({ demo: true, registration: "open", "limits.login": "1000/15m" }),
  Server.start(),
  Server.start({}, { dev: true }),
  chromium.launch(CHROMIUM),
]);
try {
  await server.setUp();
  const states = { ...STATES, ...DEV_STATES, ...FRESH_STATES };
  for (const [name, go] of Object.entries(states)) {
    if (wanted.length && !wanted.includes(name)) continue;
    for (const colorScheme of SCHEMES) {
      for (const [width, height] of SIZES) {
        if (/account|demo-in|admin/.test(name)) await devices(server);
        const asked = name in FRESH_STATES ? fresh : name in DEV_STATES ? dev : server;
        const baseURL = asked.origin;
        const context = await browser.newContext({ baseURL, colorScheme, viewport: { width, height }, deviceScaleFactor: 1, locale: "en-GB" });
        const page = await context.newPage();
        await go(page, asked);
        const path = `${folder}${name}-${width}-${colorScheme}.png`;
        await page.screenshot({ path, fullPage: !DIALOGS.test(name), caret: "hide", animations: "disabled" });
        await context.close();
        console.log(path);
      }
    }
  }
} finally {
  await browser.close();
  await Promise.all([server.stop(), fresh.stop(), dev.stop()]);
}
