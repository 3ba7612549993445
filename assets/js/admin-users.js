// @ts-check
/** The list of users: found by the beginning of their address, page by page; picked ones logged out. */

import { failed, logOutUsers } from "./admin-acts.js";
import { ask } from "./admin-api.js";
import { count, make, tag, timeElement } from "./admin-dom.js";
import { invite } from "./admin-links.js";
import { loading, missing, ready } from "./admin-state.js";
import { get, say, show } from "./form.js";
import { when } from "./session.js";

/**
 * @typedef {{ id: string, email: string, role: string, status: string, hasPassword: boolean, failures: number,
 *   createdAt: string, signedInAt: string | null }} User
 */

/** So long after the last key the server is asked, in ms. */
const PAUSE = 150;

/** @type {Map<string, User>} */
const picked = new Map();
/** @type {string | null} */
let next = null;
let signal = new AbortController().signal;
let asking = new AbortController();
let timer = 0;
let rows = 0;

/** @type {import("./admin.js").Part} */
export function users({ query, signal: until }) {
  signal = until;
  signal.addEventListener("abort", () => {
    clearTimeout(timer);
    asking.abort();
  });
  get("search").value = query.get("search") ?? "";
  picked.clear();
  return begin();
}

/** Asks anew: what stood there is of another search, or did not come. */
function begin() {
  loading(get("users-panel"));
  return find();
}

/** Asks for the first page. */
async function find() {
  asking.abort();
  asking = new AbortController();
  await page("", asking.signal);
}

/** Asks for a page and shows it. @param {string} cursor @param {AbortSignal} until */
async function page(cursor, until) {
  const query = new URLSearchParams({ limit: "50", search: get("search").value.trim() });
  if (cursor) query.set("cursor", cursor);
  const answer = await ask("GET", `admin/users?${query}`, undefined, until);
  if (until.aborted || signal.aborted) return;
  if (!answer.ok) {
    if (cursor) return failed(answer);
    missing(get("users-panel"));
    return failed(answer, begin);
  }
  ready(get("users-panel"));
  show("problem", "");
  /** @type {User[]} */
  const found = answer.body.users;
  const list = get("users");
  if (!cursor) {
    list.replaceChildren();
    rows = 0;
  }
  list.append(...found.map(row));
  rows += found.length;
  next = answer.body.next;
  get("more-users").hidden = next === null;
  get("no-users").hidden = rows > 0;
  list.closest("table").hidden = rows === 0;
  get("found").textContent = count(next === null ? "admin.found" : "admin.found_more", rows);
  pickedChanged();
  if (cursor) list.children[rows - found.length]?.querySelector("a")?.focus();
}

/** How somebody stands, as small labels. @param {User} user */
export function tags(user) {
  const all = [];
  if (user.status === "disabled") all.push(tag(say("admin.is.disabled"), "bad"));
  if (!user.hasPassword) all.push(tag(say("admin.is.invited"), "warn"));
  if (user.failures > 0) all.push(tag(count("admin.failures", user.failures), "warn"));
  return all.length > 0 ? all : [make("span", { class: "soft", text: say("admin.is.active") })];
}

/** @param {User} user */
function row(user) {
  const box = make("input", { type: "checkbox", "aria-label": say("admin.pick", { email: user.email }) });
  box.checked = picked.has(user.id);
  box.addEventListener("change", () => {
    if (box.checked) picked.set(user.id, user);
    else picked.delete(user.id);
    pickedChanged();
  });
  /** @param {string} label @param {Node[]} children */
  const cell = (label, ...children) =>
    make("td", { role: "cell" }, make("span", { class: "label", "aria-hidden": "true", text: say(`admin.col.${label}`) }), ...children);
  const seen = user.signedInAt
    ? timeElement(user.signedInAt, when(user.signedInAt))
    : make("span", { class: "soft", text: say("admin.never") });
  return make(
    "tr",
    { role: "row", "data-id": user.id },
    make("td", { role: "cell", class: "pick" }, box),
    make("td", { role: "cell", class: "first" }, make("a", { href: `#users/${user.id}`, class: "wrap", text: user.email })),
    cell("role", make("span", { class: user.role === "admin" ? "strong" : "", text: user.role })),
    cell("status", make("span", { class: "tags" }, ...tags(user))),
    cell("seen", seen),
    cell("made", timeElement(user.createdAt, when(user.createdAt))),
  );
}

function pickedChanged() {
  get("picked-users").hidden = picked.size === 0;
  get("picked-users-count").textContent = picked.size > 0 ? count("admin.picked", picked.size) : "";
  const all = get("pick-all");
  all.checked = rows > 0 && picked.size >= rows;
  all.indeterminate = picked.size > 0 && !all.checked;
  for (const element of get("users").children) {
    element.querySelector("input").checked = picked.has(element.dataset.id);
  }
}

get("pick-all").addEventListener("change", () => {
  const on = get("pick-all").checked;
  for (const element of get("users").querySelectorAll(".pick input")) {
    if (element.checked !== on) element.click();
  }
});

get("unpick-users").addEventListener("click", () => {
  picked.clear();
  pickedChanged();
  get("pick-all").focus();
});

get("end-users").addEventListener("click", async () => {
  if (!(await logOutUsers([...picked.values()]))) return;
  picked.clear();
  await find();
});

get("more-users").addEventListener("click", async () => {
  const button = get("more-users");
  if (next === null || button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  await page(next, asking.signal);
  button.removeAttribute("aria-busy");
});

get("search").addEventListener("input", () => {
  clearTimeout(timer);
  timer = window.setTimeout(() => {
    const search = get("search").value.trim();
    const fragment = search ? `#users?${new URLSearchParams({ search })}` : "#users";
    // Back leads to the page before, not to each letter.
    history.replaceState(null, "", fragment);
    picked.clear();
    find();
  }, PAUSE);
});

get("search-form").addEventListener("submit", (/** @type {Event} */ event) => event.preventDefault());

get("invite").addEventListener("click", async () => {
  if (await invite()) await find();
});
