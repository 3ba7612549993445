// Logo and accent of the settings: on every page, and legible whatever colour it is.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";

import { openAdmin } from "./admin.mjs";
import { findings } from "./axe.mjs";
import { suite, test, until } from "./harness.mjs";

const folder = mkdtempSync(join(tmpdir(), "doorward-logo-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const write = (name, bytes) => (writeFileSync(join(folder, name), bytes), join(folder, name));
const SVG = write("logo.svg", '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><rect width="40" height="20" fill="#c00"/></svg>');
/** One dot by one. */
const DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";
const PNG = write("logo.png", Buffer.from(DOT, "base64"));

const SETTINGS = { "limits.login": "1000/15m", registration: "open", demo: true };
const BRANDS = {
  bright: { accent: "#ffd500", logo: SVG, kind: "logo.svg", width: 40 },
  dark: { accent: "#0b0b3b", logo: PNG, kind: "logo.png", width: 1 },
};

/** How two colours stand out from each other, as the browser paints them (WCAG 2.2). */
const contrasts = (page, brand) =>
  page.evaluate((brand) => {
    document.documentElement.style.setProperty("--brand", brand);
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const luminance = (colour) => {
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
      const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((n) => (n / 255 <= 0.04045 ? n / 255 / 12.92 : ((n / 255 + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const of = (selector, name) => luminance(getComputedStyle(document.querySelector(selector))[name]);
    const ratio = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const [button, link] = [of("#submit", "backgroundColor"), of("a[href='/register']", "color")];
    return {
      button: ratio(button, of("#submit", "color")),
      link: ratio(link, of(".card", "backgroundColor")),
      page: ratio(link, of("html", "backgroundColor")),
      edge: ratio(of("#submit", "borderTopColor"), of(".card", "backgroundColor")),
    };
  }, brand);

const plain = suite(SETTINGS);

test("whatever the accent, words on and of it can be read", async () => {
  const colours = ["#000000", "#ffffff", "#777777", "#767676", "#ff00ff", "#00ff00", "#0000ff", "#ff0000", "#00ffff"];
  for (let hue = 0; hue < 360; hue += 30) for (const light of [20, 45, 60, 80]) colours.push(`hsl(${hue} 90% ${light}%)`);
  for (const colorScheme of ["light", "dark"]) {
    const page = await plain.tab("/login", { colorScheme });
    for (const colour of colours) {
      const { edge, ...words } = await contrasts(page, colour);
      for (const [what, ratio] of Object.entries(words)) assert.ok(ratio >= 4.5, `${what} ${colorScheme} ${colour}: ${ratio}`);
      assert.ok(edge >= 3, `a button's edge ${colorScheme} ${colour}: ${edge}`);
    }
  }
});

for (const [name, { accent, logo, kind, width }] of Object.entries(BRANDS)) {
  const it = suite({ ...SETTINGS, accent, logo });

  test(`a ${name} accent and a ${kind} are on every page`, async () => {
    const pages = await Promise.all(["/login", "/register", "/setup#x", "/link#x", "/demo"].map((path) => it.tab(path, { causes: [401] })));
    pages.push(await it.signedIn("root@example.com", "/account"), await openAdmin(it, "overview"));
    for (const page of pages) {
      const image = page.locator(".brand img");
      await until(() => image.evaluate((it) => it.complete && it.naturalWidth), (n) => n === width);
      assert.ok((await image.getAttribute("src")).endsWith(`/img/${kind}`), page.url());
      assert.ok((await page.locator("link[rel=icon]").getAttribute("href")).endsWith(`/img/${kind}`), page.url());
      assert.equal(await page.evaluate(() => getComputedStyle(document.documentElement).getPropertyValue("--brand").trim()), accent);
    }
  });

  test(`axe finds nothing with a ${name} accent`, async () => {
    for (const colorScheme of ["light", "dark"]) {
      for (const path of ["/login", "/register"]) assert.deepEqual(await findings(await it.tab(path, { colorScheme })), [], `${path} ${colorScheme}`);
      const account = await it.signedIn("root@example.com", "/account", { colorScheme });
      await account.locator("#devices > li").first().waitFor();
      assert.deepEqual(await findings(account), [], `/account ${colorScheme}`);
      for (const hash of ["overview", "users", "events"]) {
        const page = await openAdmin(it, hash, { colorScheme });
        await page.locator(hash === "overview" ? "#plots svg" : hash === "users" ? "#users > tr" : "#timeline > li").first().waitFor();
        assert.deepEqual(await findings(page), [], `${hash} ${colorScheme}`);
      }
    }
  });
}
