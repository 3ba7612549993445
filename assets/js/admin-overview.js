// @ts-check
/** The server at a glance: what is wrong, who is there, what happened in a day or a week. */

import { failed } from "./admin-acts.js";
import { ask } from "./admin-api.js";
import { duration, make, number, timeOfDay } from "./admin-dom.js";
import { levels, plot, share } from "./admin-plot.js";
import { loading, missing, ready } from "./admin-state.js";
import { get, knows, say, show, span } from "./form.js";

/** How often it is asked for while one looks, in ms. */
const EVERY = 30_000;

/** How far this browser's clock may be off, in ms. */
const OFF = 30_000;

/** What is drawn: which kinds of event, or what else is counted, and how alarming it is. */
const PLOTS = [
  { name: "sign_ins", kinds: ["signed_in", "setup", "registered"], tone: "" },
  { name: "failures", kinds: ["sign_in_failed", "password_failed"], tone: "warn" },
  { name: "refreshes", counts: "refreshes", tone: "" },
  { name: "live", counts: "liveSessions", level: true, tone: "" },
  { name: "reuse", kinds: ["refresh_reuse", "rolled_back"], tone: "bad" },
  { name: "recoveries", kinds: ["late_recovery"], tone: "warn" },
];

/** @type {any} */
let seen = null;
let timer = 0;
let width = 0;
let signal = new AbortController().signal;

/** @type {import("./admin.js").Part} */
export async function overview({ signal: until }) {
  signal = until;
  if (!seen) loading(get("view-overview"));
  const wake = () => document.visibilityState === "visible" && look();
  document.addEventListener("visibilitychange", wake, { signal });
  signal.addEventListener("abort", () => clearTimeout(timer));
  await look();
}

async function look() {
  clearTimeout(timer);
  if (signal.aborted || document.visibilityState !== "visible") return;
  const here = signal;
  const asked = Date.now();
  const answer = await ask("GET", "admin/overview");
  if (here.aborted) return;
  if (answer.ok) {
    show("problem", "");
    seen = answer.body;
    ready(get("view-overview"));
    // The server's time is of some moment between question and answer.
    draw((asked + Date.now()) / 2);
  } else {
    if (!seen) missing(get("view-overview"));
    failed(answer, again);
  }
  timer = window.setTimeout(look, EVERY);
}

function again() {
  if (!seen) loading(get("view-overview"));
  return look();
}

/** @param {number} now by this browser's clock, in ms */
function draw(now) {
  warnings(Date.parse(seen.serverTime) - now);
  const { users, sessions } = seen;
  get("live").textContent = number(sessions.live);
  get("in-use").replaceChildren(
    ...bar("admin.in_use.hour", sessions.usedWithinHour, sessions.live),
    ...bar("admin.in_use.day", sessions.usedWithinDay, sessions.live),
  );
  get("people").textContent = number(users.total);
  get("people-facts").replaceChildren(
    make("dt", { text: say("admin.admins") }), make("dd", { text: number(users.admins) }),
    make("dt", { text: say("admin.disabled") }), make("dd", { text: number(users.disabled) }),
  );
  plots();
  get("as-of").textContent = say("admin.as_of", { time: timeOfDay(seen.serverTime) });
}

/** How many of all. @param {string} key @param {number} part @param {number} whole */
function bar(key, part, whole) {
  return [make("dt", { text: say(key) }), make("dd", {}, share(part, whole), make("span", { text: number(part) }))];
}

/** What is wrong. @param {number} ahead how far the server's clock is ahead of this one, in ms */
function warnings(ahead) {
  const off = Math.abs(ahead) > OFF;
  get("clock").hidden = !off;
  if (off) {
    const key = ahead > 0 ? "admin.clock.behind" : "admin.clock.ahead";
    get("clock").textContent = say(key, { time: span(Math.round(Math.abs(ahead) / 1000)) });
  }
  const items = seen.warnings.map((/** @type {Warning} */ warning) => make("li", { class: "notice warn", text: wrong(warning) }));
  get("warnings").replaceChildren(...items);
  get("all-well").hidden = items.length > 0 || off || !get("plain").hidden;
}

/**
 * @typedef {{ code: string, value: string | null, detail: string, setting: string | null, issue: string | null,
 *   values: Record<string, string | number> }} Warning
 */

/** What a warning says here; in English where these words don't know it. @param {Warning} warning */
function wrong(warning) {
  const key = `admin.warning.${warning.code}${warning.issue ? `.${warning.issue}` : ""}`;
  if (!knows(key)) return warning.detail;
  /** @param {[string, string | number]} value */
  const shown = ([name, value]) => [name, typeof value === "string" ? value : name.endsWith("Seconds") ? duration(value) : number(value)];
  const values = Object.fromEntries(Object.entries(warning.values).map(shown));
  const mib = number(Math.floor(Number(warning.value) / 2 ** 20));
  const text = say(key, { value: warning.value ?? "", mib, ...values });
  return warning.setting ? `${warning.setting}: ${text}` : text;
}

/** How wide a plot can be: as the grid divides what there is. */
function plotWidth() {
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  const all = get("plots").clientWidth;
  const [gap, least, padding] = [1.25 * rem, Math.min(all, 26 * rem), 2.5 * rem + 2];
  const columns = Math.max(1, Math.min(PLOTS.length, Math.floor((all + gap) / (least + gap))));
  return Math.max(160, (all - gap * (columns - 1)) / columns - padding);
}

/** The last hours of some kinds of event, added. @param {string[]} kinds @param {number} hours */
function summed(kinds, hours) {
  const values = new Array(hours).fill(0);
  for (const series of seen.events.series) {
    if (!kinds.includes(series.kind)) continue;
    series.hours.slice(-hours).forEach((/** @type {number} */ value, /** @type {number} */ at) => (values[at] += value));
  }
  return values;
}

function plots() {
  width = plotWidth();
  const hours = Number(document.querySelector("input[name=span]:checked")?.getAttribute("value") ?? 24);
  const from = new Date(Date.parse(seen.events.from) + (168 - hours) * 3_600_000);
  const within = say(hours === 24 ? "admin.span.day" : "admin.span.week");
  const panels = PLOTS.map(({ name, kinds, counts, level, tone }) => {
    const draw = level ? levels : plot;
    const what = say(`admin.plot.${name}`);
    return draw({
      // The number beside a title is a sum over all the hours; that of a level is of now.
      title: level ? what : say("admin.plot.in", { what, span: within }),
      hint: say(`admin.plot.${name}.hint`),
      values: counts ? seen.activity[counts].slice(-hours) : summed(kinds ?? [], hours),
      from, tone, width,
      href: kinds && `#events?kind=${kinds[0]}`,
    });
  });
  get("plots").replaceChildren(...panels);
}

new ResizeObserver(() => seen && get("plots").clientWidth > 0 && plotWidth() !== width && plots()).observe(get("plots"));

for (const input of document.querySelectorAll("input[name=span]")) input.addEventListener("change", () => seen && plots());
