// @ts-check
/** The sessions, newest first, each with what became of its refresh tokens. */

import { count, make, number, tag, timeElement, timeOfDay } from "./admin-dom.js";
import { describe } from "./agent.js";
import { FORKS, chainImage, keyImage } from "./dev-chain.js";
import { ago } from "./dev-time.js";
import { get, say } from "./form.js";

/**
 * @typedef {import("./dev-chain.js").Chain & { id: string, user: string, endedAt: string | null, createdAt: string,
 *   usedAt: string, recoveries: number, transport: string, userAgent: string }} Session
 */

/** So many are shown at first, and more with each press. */
const PAGE = 8;
/** So many shows are listed of a session. */
const SHOWS = 40;

let most = PAGE;
/** @type {{ now: string, users: { id: string, email: string }[], sessions: Session[] } | null} */
let state = null;
/** What was last drawn of each session. @type {Map<string, { text: string, element: HTMLElement }>} */
let drawn = new Map();

get("key").append(...FORKS.map((kind) => make("li", {}, keyImage(kind), say(`dev.key.${kind}`))));
get("more-sessions").addEventListener("click", () => {
  const first = get("sessions").children.length;
  most += PAGE;
  if (state) sessions(state);
  get("sessions").children[first]?.querySelector("summary")?.focus();
});
new ResizeObserver(() => state && sessions(state)).observe(get("sessions"));

/** @param {NonNullable<typeof state>} found */
export function sessions(found) {
  state = found;
  const emails = new Map(found.users.map(({ id, email }) => [id, email]));
  const list = get("sessions");
  const width = list.clientWidth || 320;
  const live = found.sessions.filter((session) => session.live).length;
  get("sessions-count").textContent = count("dev.live", live, { all: number(found.sessions.length) });
  const before = drawn;
  drawn = new Map();
  const items = found.sessions.slice(0, most).map((session) => {
    const old = before.get(session.id);
    const email = emails.get(session.user) ?? session.user;
    // What time makes of it is said anew; the rest stays as it is, with what is open in it.
    const text = JSON.stringify([session, email, width, ago(session.usedAt, found.now)]);
    const element = old?.text === text ? old.element : draw(session, email, width, found.now, old?.element);
    drawn.set(session.id, { text, element });
    return element;
  });
  items.forEach((item, at) => {
    if (list.children[at] !== item) list.insertBefore(item, list.children[at] ?? null);
  });
  while (list.children.length > items.length) list.lastElementChild.remove();
  get("no-sessions").hidden = items.length > 0;
  get("key").hidden = items.length === 0;
  get("more-sessions").hidden = found.sessions.length <= most;
}

/** @param {Session} session @param {string} email @param {number} width @param {string} now @param {HTMLElement} [old] */
function draw(session, email, width, now, old) {
  const bad = session.reason === "refresh_reuse" || session.reason === "rolled_back";
  const state = session.live ? tag(say("dev.alive")) : tag(session.reason ?? "", bad ? "bad" : "over");
  const facts = [
    describe(session.userAgent) || say("all.unknown_device"),
    say(`dev.by.${session.transport}`),
    say("dev.used", { ago: ago(session.usedAt, now) }),
    session.recoveries > 0 && count("dev.recoveries", session.recoveries),
  ];
  const element = old ?? make("li", { class: "session" }, make("div"), make("div"), details());
  const [head, image, more] = element.children;
  head.replaceChildren(
    make("p", {}, make("strong", { class: "wrap", text: email }), " ", state),
    make("p", { class: "soft small wrap", text: facts.filter(Boolean).join(" · "), title: session.id }),
  );
  image.replaceChildren(chainImage(session, width));
  more.querySelector("summary").textContent = count("dev.shows", session.chain.length);
  more.hidden = session.chain.length === 0;
  more.querySelector("ol").replaceChildren(...session.chain.slice(-SHOWS).reverse().map(line));
  return element;
}

const details = () => make("details", {}, make("summary"), make("ol", { class: "shows" }));

/** Which tone what came of a show has. @type {Record<string, string>} */
const TONES = { refused: "bad", recovered: "warn" };

/** One show. @param {import("./dev-chain.js").Show} show */
function line({ generation, at, outcome, reason }) {
  const text = say(`dev.show.${outcome}`, { n: generation, next: generation + 1, reason: reason ?? "" });
  return make("li", {}, timeElement(at, timeOfDay(at)), make("span", { class: TONES[outcome] ?? "", text }));
}
