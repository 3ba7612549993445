// The overview's plots show the server's numbers, hour by hour; warnings and events speak the page's language.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { suite, test, tabTo, until } from "./harness.mjs";
import { ADMIN, PASSWORD } from "./server.mjs";

const it = suite({ "limits.login": "1000/15m", "tokens.access_ttl": "20m" }, { fake: true });
const german = JSON.parse(readFileSync(new URL("../../assets/texts/de.json", import.meta.url), "utf8"));

const open = async (hash, options = {}) => {
  const page = await it.signedIn(ADMIN, "/admin", { causes: [401, 403], ...options });
  await page.locator("#tabs").waitFor();
  await page.goto(`/admin#${hash}`);
  return page;
};

/** A plot by its title: its one number, what a screen reader says, each hour's number, each bar's height. */
const plotted = async (page, title) => {
  const panel = page.locator("#plots > section").filter({ has: page.getByRole("heading", { name: title, exact: true }) });
  await panel.waitFor();
  return panel.evaluate((it) => ({
    sum: it.querySelector(".sum")?.textContent,
    said: it.querySelector("svg")?.getAttribute("aria-label") ?? "",
    hours: [...it.querySelectorAll(".area title")].map((title) => title.textContent?.split(": ")[1]),
    heights: [...it.querySelectorAll(".bar, .under")].map((bar) => Number(bar.getAttribute("height"))),
  }));
};

/** Where numbers stand that are not 0. @param {(string | undefined)[]} hours */
const some = (hours) => hours.flatMap((text, at) => (text === "0" || text === "not known" ? [] : [[at, Number(text)]]));

const refresh = async (token, status = 200) => {
  const answer = await it.server.call("POST", "/auth/refresh", { refreshToken: token }, { "user-agent": "other-device/1.0" });
  assert.equal(answer.status, status, JSON.stringify(answer));
  return answer.refreshToken;
};

/** Three hours: two refreshes and a lost answer; a sign-in that failed; a stolen token. */
const history = async () => {
  // From the beginning of an hour on, so that none of them ends in between.
  it.server.advance(3601 - (Math.floor(Date.now() / 1000) % 3600));
  const ann = await it.server.user("ann@example.com");
  const { refreshToken: first } = await it.server.signIn("ann@example.com");
  const second = await refresh(first);
  it.server.advance(60);
  assert.equal(await refresh(first), second, "an answer that was lost comes again");
  it.server.advance(3600);
  await it.server.call("POST", "/auth/login", { email: ADMIN, password: "wrong wrong" });
  it.server.advance(3600);
  await refresh(await refresh(second));
  await refresh(first, 401);
  return ann;
};

test("the plots show refreshes, live sessions, reuse and late recoveries at their hours", async () => {
  await history();
  // Signs the administrator in again, if need be, before anything is looked at.
  await it.server.admin("GET", "/overview");
  const page = await open("overview");
  const refreshes = await plotted(page, "Refreshes, 24 hours");
  const { activity, sessions } = await it.server.admin("GET", "/overview");
  assert.deepEqual(refreshes.hours.map(Number), activity.refreshes.slice(-24));
  const [first, last, ...more] = some(refreshes.hours);
  assert.deepEqual([first, last[0], more], [[21, 2], 23, []]);
  // The page itself may refresh when it is loaded.
  const [, most] = last;
  assert.ok(most >= 2, `${most}`);
  assert.equal(refreshes.sum, String(2 + most));
  assert.match(refreshes.said, new RegExp(`^Refreshes, 24 hours: ${2 + most} in all, ${most} at most in an hour, \\w{3}\\D+\\d\\d:\\d\\d\\.$`));
  const filled = refreshes.heights.flatMap((height, at) => (height > 0 ? [at] : []));
  assert.deepEqual(filled, [21, 23], "a bar stands where its number is");
  assert.ok(Math.abs(refreshes.heights[23] / refreshes.heights[21] - most / 2) < 0.01, "and is as high as it");

  const live = await plotted(page, "Live sessions over time");
  const now = sessions.live;
  assert.equal(live.sum, String(now));
  assert.equal(live.hours.at(-1), String(now));
  assert.ok(live.hours.slice(0, 20).every((text) => text === "not known"), "nobody looked yesterday");
  assert.match(live.said, new RegExp(`^Live sessions over time: ${now} now; at least \\d+, .*; at most \\d+, .*\\.$`));

  assert.deepEqual(some((await plotted(page, "Late recoveries, 24 hours")).hours).map(([, n]) => n), [1]);
  assert.deepEqual(some((await plotted(page, "Failures, 24 hours")).hours), [[22, 1]]);
  assert.deepEqual(some((await plotted(page, "Copied sign-ins, 24 hours")).hours), [[23, 1]]);
});

test("a week shows the same at the end of seven days, by the keyboard", async () => {
  const page = await open("overview");
  const day = await plotted(page, "Refreshes, 24 hours");
  await page.locator("input[name=span]").first().focus();
  await page.keyboard.press("ArrowRight");
  await until(async () => (await plotted(page, "Refreshes, 7 days")).hours.length, (n) => n === 168);
  const week = await plotted(page, "Refreshes, 7 days");
  assert.deepEqual(some(week.hours), some(day.hours).map(([at, n]) => [at + 144, n]));
  assert.equal((await plotted(page, "Live sessions over time")).hours.length, 168);
});

test("an hour in which the server did not look is a gap, and the line begins anew after it", async () => {
  it.server.advance(3 * 3600);
  const page = await open("overview");
  const { hours } = await plotted(page, "Live sessions over time");
  assert.deepEqual(hours.slice(-3, -1), ["not known", "not known"]);
  assert.match(hours.at(-1) ?? "", /^\d+$/);
  const line = (await page.locator("path.level").getAttribute("d")) ?? "";
  assert.ok(line.split("M").length - 1 >= 2, line);
});

test("warnings and what events tell are in the page's language", async () => {
  const page = await open("overview", { locale: "de-DE" });
  await page.getByText("passwords.bcrypt_cost: Bei 10 ist Raten 4-mal so billig wie bei 12.").waitFor();
  const titles = await page.locator("#plots h2").allTextContents();
  const day = german["js.admin.span.day"];
  const named = ["sign_ins", "failures", "refreshes", "live", "reuse", "recoveries"].map((name) => german[`js.admin.plot.${name}`]);
  assert.deepEqual(titles, named.map((name, at) => (at === 3 ? name : `${name}, ${day}`)));
  await page.goto("/admin#events");
  await page.locator("#timeline > li").first().waitFor();
  const shown = await page.locator("#timeline").innerText();
  for (const words of ["Generation 0 von 2, 0 Sekunden danach", "Generation 0 von 1, 1 Minute danach", "über einen Link", "Rolle user"]) {
    assert.ok(shown.includes(words), `${words} in ${shown}`);
  }
  assert.doesNotMatch(shown, /generation \d|\bby a|role user/);
});

test("how long others may take an ended access token is said in words, from the settings", async () => {
  const { id } = await it.server.user("bea@example.com");
  for (const [locale, words] of [["en-GB", "at most 20 minutes after it was made"], ["de-DE", "höchstens 20 Minuten nach seiner Ausstellung"]]) {
    await it.server.signIn("bea@example.com", PASSWORD);
    const page = await open(`users/${id}`, { locale });
    await page.locator("#live-sessions > tr").first().waitFor();
    await tabTo(page, "end-user");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    await tabTo(page, locale === "de-DE" ? german["js.admin.end.yes"] : "End now");
    await page.keyboard.press("Enter");
    await page.getByRole("status").filter({ hasText: words }).waitFor();
  }
});
