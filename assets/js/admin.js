// @ts-check
/** The administration: which part of it shows, by the fragment of the address. */

import { logOutEveryone } from "./admin-acts.js";
import { events } from "./admin-events.js";
import { overview } from "./admin-overview.js";
import { user } from "./admin-user.js";
import { users } from "./admin-users.js";
import { get, say, show } from "./form.js";
import { enter } from "./session.js";

/**
 * A part: fills itself in until `signal` says that another one shows.
 * @typedef {(place: { id: string, query: URLSearchParams, signal: AbortSignal }) => void | Promise<void>} Part
 */

const PARTS = /** @type {Record<string, Part>} */ ({ overview, users, user, events });

let shown = new AbortController();
let before = "";

/** Which part the fragment names, and what of it. */
function place() {
  const [path, query] = location.hash.slice(1).split("?");
  const [name, id] = path.split("/");
  const part = name === "users" && id ? "user" : name in PARTS ? name : "overview";
  return { part, id: id ?? "", query: new URLSearchParams(query ?? "") };
}

function go() {
  const { part, id, query } = place();
  shown.abort();
  shown = new AbortController();
  for (const name of Object.keys(PARTS)) get(`view-${name}`).hidden = name !== part;
  for (const link of get("tabs").children) {
    const current = link.dataset.part === part || (part === "user" && link.dataset.part === "users");
    if (current) link.setAttribute("aria-current", part === "user" ? "true" : "page");
    else link.removeAttribute("aria-current");
  }
  const here = `${part}/${id}`;
  if (before !== "" && before !== here) {
    show("done", "");
    show("problem", "");
    scrollTo(0, 0);
    get(`view-${part}`).querySelector("h1").focus();
  }
  before = here;
  PARTS[part]({ id, query, signal: shown.signal });
}

enter((me) => {
  if (me.role !== "admin") {
    get("stranger").hidden = false;
    return;
  }
  get("tabs").hidden = false;
  for (const button of document.querySelectorAll("[data-everyone]")) button.addEventListener("click", logOutEveryone);
  addEventListener("hashchange", go);
  go();
});

// The fragment is the place: a link within the page must not change it.
document.querySelector(".skip")?.addEventListener("click", (event) => {
  event.preventDefault();
  get("main").focus();
});

document.title = document.title.replace(/^.*?(?= · )/, say("admin.title"));
