// Where a sign-in leads, for whatever stands in the address: the inputs kept in tests/corpus/return-to, and many
// made of them by chance. (The browser tests follow some of them for real.)
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

const CORPUS = new URL("../corpus/return-to/", import.meta.url);
const CASES = Number(process.env.FUZZ_CASES ?? 20_000);
const LISTED = "https://app.example.com";

const location = { origin: "https://auth.example.com", hostname: "auth.example.com", protocol: "https:", pathname: "/login", search: "", hash: "" };
Object.assign(globalThis, {
  location,
  sessionStorage: { getItem: () => null, setItem() {}, removeItem() {} },
  document: {
    documentElement: { dataset: { origins: `${LISTED} http://localhost:3000` } },
    getElementById: () => null,
    querySelectorAll: () => [],
  },
});
const { returnTo } = await import("../../assets/js/form.js");

const kept = readdirSync(CORPUS).sort().map((name) => ({ name, text: readFileSync(new URL(name, CORPUS), "utf8") }));

const ledTo = (search) => {
  location.search = search;
  return returnTo();
};

/** Whatever is asked, it leads to a page of this server or of a listed origin, and not in a circle. */
const check = (asked) => {
  for (const search of [`?return_to=${encodeURIComponent(asked)}`, `?return_to=${asked}`, asked]) {
    const led = ledTo(search);
    if (led === "/account") continue;
    // As it stands, whatever it is resolved against.
    const url = new URL(led, "https://elsewhere.test/a/b");
    const may = [location.origin, LISTED, "http://localhost:3000"].includes(url.origin);
    assert.ok(may && url.username === "" && !url.pathname.startsWith("/login"), `${JSON.stringify(search)} leads to ${led}`);
    assert.ok(!/[\u0000-\u0020\\]/.test(led), `${JSON.stringify(search)} leads to ${JSON.stringify(led)}`);
  }
};

/** Numbers by chance that come again (mulberry32). */
const chance = (seed) => (end) => {
  seed = (seed + 0x6d2b79f5) | 0;
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) % end;
};

test("the kept ones lead nowhere else", () => {
  assert.ok(kept.length > 30);
  for (const { text } of kept) check(text);
});

test("good ones lead where they say", () => {
  const led = (asked) => ledTo(`?return_to=${encodeURIComponent(asked)}`);
  assert.equal(led("/demo?a=1#b"), "https://auth.example.com/demo?a=1#b");
  assert.equal(led("https://app.example.com/x"), "https://app.example.com/x");
  for (const asked of ["", "//evil.test", "/login", "https://app.example.com.evil.test/", "https://app.example.com@evil.test/", "http://app.example.com/"]) {
    assert.equal(led(asked), "/account", asked);
  }
});

test("as do those made of them by chance", () => {
  const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31);
  const below = chance(seed);
  const odd = [..."/\\:@.?#%&=;\t\n \u0000\u2028\u3002\uff0f\u00ad[]", "//", "/\\", "evil.test", "%2f", "%5c", "%00", "javascript:", LISTED, location.origin, "/login", "return_to="];
  for (let round = 0; round < CASES; round++) {
    let text = kept[below(kept.length)].text.slice(0, 200);
    for (let change = below(4); change >= 0; change--) {
      const at = below(text.length + 1);
      const put = below(3) === 0 ? kept[below(kept.length)].text.slice(0, 40) : odd[below(odd.length)];
      text = text.slice(0, at) + put + text.slice(at + below(4));
    }
    // Half a character has no encoding.
    if (!text.isWellFormed()) continue;
    try {
      check(text);
    } catch (wrong) {
      throw new Error(`FUZZ_SEED=${seed}, round ${round}: put ${JSON.stringify(text)} into tests/corpus/return-to`, { cause: wrong });
    }
  }
});
