// @ts-check
/** What happened, newest first, with filters; new events come by themselves while one looks. */

import { failed } from "./admin-acts.js";
import { ask } from "./admin-api.js";
import { count, locale, make } from "./admin-dom.js";
import { loading, missing, ready } from "./admin-state.js";
import { KINDS, entry, kindName } from "./admin-timeline.js";
import { get, say, show } from "./form.js";

/** @typedef {import("./admin-timeline.js").Event} Event */

/** How often the server is asked for newer ones, in ms. */
const EVERY = 5_000;

/** So long an event may still grow, since equal failures within a minute are one; in ms. */
const GROWS = 70_000;

/** @type {Event[]} newest first */
let all = [];
/** @type {string | null} */
let next = null;
let filter = { kind: "", user: "" };
let follows = true;
let timer = 0;
let signal = new AbortController().signal;
/** @type {Map<string, string>} address to id */
const suggested = new Map();

get("kind").append(...KINDS.map((kind) => make("option", { value: kind, text: kindName(kind) })));

/** @type {import("./admin.js").Part} */
export async function events({ query, signal: until }) {
  signal = until;
  filter = { kind: KINDS.includes(query.get("kind") ?? "") ? (query.get("kind") ?? "") : "", user: query.get("user") ?? "" };
  get("kind").value = filter.kind;
  get("whose-error").textContent = "";
  const wake = () => document.visibilityState === "visible" && follow();
  document.addEventListener("visibilitychange", wake, { signal });
  signal.addEventListener("abort", () => clearTimeout(timer));
  nameUser();
  await begin();
}

/** Asks anew: what stood there is of another filter, or did not come. */
function begin() {
  all = [];
  next = null;
  loading(get("events-panel"));
  return load();
}

/** Shows whose events they are, where only an id is known. */
async function nameUser() {
  const known = [...suggested].find(([, id]) => id === filter.user)?.[0];
  get("whose").value = filter.user ? (known ?? "…") : "";
  if (!filter.user || known) return;
  const here = signal;
  const answer = await ask("GET", `admin/users/${encodeURIComponent(filter.user)}`);
  if (!here.aborted) get("whose").value = answer.ok ? answer.body.user.email : say("admin.deleted_user");
}

/** @param {Record<string, string>} more */
function path(more) {
  const query = new URLSearchParams(more);
  if (filter.kind) query.set("kind", filter.kind);
  if (filter.user) query.set("user", filter.user);
  return `admin/events?${query}`;
}

/** The first page. */
async function load() {
  const here = signal;
  const answer = await ask("GET", path({ limit: "50" }));
  if (here.aborted) return;
  if (!answer.ok) {
    missing(get("events-panel"));
    failed(answer, begin);
    return plan();
  }
  all = answer.body.events;
  next = answer.body.next;
  draw(new Set());
  plan();
}

/** Draws all; `fresh` ones stand out. @param {Set<number>} fresh */
function draw(fresh) {
  ready(get("events-panel"));
  const today = new Date().toDateString();
  const days = new Intl.DateTimeFormat(locale, { dateStyle: "full" });
  const items = [];
  let day = "";
  for (const event of all) {
    const date = new Date(event.at);
    if (date.toDateString() !== day) {
      day = date.toDateString();
      items.push(make("li", { class: "day", text: day === today ? say("admin.today") : days.format(date) }));
    }
    const item = entry(event, true);
    if (fresh.has(event.id)) item.classList.add("fresh");
    items.push(item);
  }
  const list = get("timeline");
  // What has the focus keeps it.
  const held = list.contains(document.activeElement)
    ? { id: document.activeElement?.closest("[data-id]")?.getAttribute("data-id"), href: document.activeElement?.getAttribute("href") }
    : null;
  list.replaceChildren(...items);
  if (held) [...list.querySelectorAll(`[data-id="${held.id}"] a`)].find((link) => link.getAttribute("href") === held.href)?.focus();
  list.hidden = all.length === 0;
  get("no-events").hidden = all.length > 0;
  get("more-events").hidden = next === null;
}

function plan() {
  clearTimeout(timer);
  if (follows && !signal.aborted) timer = window.setTimeout(follow, EVERY);
}

/** Asks for newer events, and for the last ones again, which may have grown. */
async function follow() {
  clearTimeout(timer);
  if (!follows || signal.aborted || document.visibilityState !== "visible") return;
  const here = signal;
  const since = Date.parse(all[0]?.at ?? "") - GROWS;
  const settled = all.find((event) => Date.parse(event.at) < since);
  const after = settled?.id ?? (next === null ? 0 : (all.at(-1)?.id ?? 0));
  const answer = await ask("GET", path({ limit: "200", after: String(after) }));
  if (here.aborted) return;
  if (answer.ok) {
    show("problem", "");
    if (answer.body.next !== null) return load();
    merge(answer.body.events, after);
  } else failed(answer, follow);
  plan();
}

/** @param {Event[]} newer @param {number} after */
function merge(newer, after) {
  const counts = new Map(all.map((event) => [event.id, event.count]));
  const fresh = new Set(newer.filter((event) => !counts.has(event.id)).map((event) => event.id));
  const grown = newer.some((event) => counts.has(event.id) && counts.get(event.id) !== event.count);
  if (fresh.size === 0 && !grown && !get("events-panel").dataset.state) return;
  all = [...newer, ...all.filter((event) => event.id <= after)];
  draw(fresh);
  if (fresh.size > 0) get("news").textContent = count("admin.news", fresh.size);
}

function choose() {
  const query = new URLSearchParams();
  if (filter.kind) query.set("kind", filter.kind);
  if (filter.user) query.set("user", filter.user);
  location.hash = query.size > 0 ? `#events?${query}` : "#events";
}

get("kind").addEventListener("change", () => {
  filter.kind = get("kind").value;
  choose();
});

let typing = 0;

get("whose").addEventListener("input", () => {
  clearTimeout(typing);
  get("whose-error").textContent = "";
  const typed = get("whose").value.trim();
  const chosen = suggested.get(typed.toLowerCase());
  if (typed === "" || chosen) return take(chosen ?? "");
  typing = window.setTimeout(() => suggest(typed), 150);
});

/** Offers those whose address begins so. @param {string} typed */
async function suggest(typed) {
  const here = signal;
  const answer = await ask("GET", `admin/users?${new URLSearchParams({ search: typed, limit: "8" })}`);
  if (here.aborted || !answer.ok) return;
  for (const user of answer.body.users) suggested.set(user.email.toLowerCase(), user.id);
  get("whose-list").replaceChildren(
    ...answer.body.users.map((/** @type {{ email: string }} */ user) => make("option", { value: user.email })),
  );
}

/** @param {string} id */
function take(id) {
  if (id === filter.user) return;
  filter.user = id;
  choose();
}

get("filters").addEventListener("submit", async (/** @type {SubmitEvent} */ event) => {
  event.preventDefault();
  clearTimeout(typing);
  const typed = get("whose").value.trim().toLowerCase();
  if (typed === "") return take("");
  await suggest(typed);
  const found = suggested.get(typed);
  if (found) take(found);
  else get("whose-error").textContent = say("admin.whose.nobody");
});

get("live-events").addEventListener("click", () => {
  follows = !follows;
  get("live-events").setAttribute("aria-pressed", String(follows));
  if (follows) follow();
  else clearTimeout(timer);
});

get("more-events").addEventListener("click", async () => {
  const button = get("more-events");
  if (next === null || button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  const here = signal;
  const answer = await ask("GET", path({ limit: "50", cursor: next }));
  button.removeAttribute("aria-busy");
  if (here.aborted) return;
  if (!answer.ok) return failed(answer);
  const first = answer.body.events[0]?.id;
  all = [...all, ...answer.body.events];
  next = answer.body.next;
  draw(new Set());
  const item = get("timeline").querySelector(`[data-id="${first}"]`);
  item?.setAttribute("tabindex", "-1");
  item?.focus();
});
