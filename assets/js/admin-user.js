// @ts-check
/** One user: what they are, where they are signed in, how that ended, what happened. */

import { done, endSessions, ending, failed, goodbye, isMe, logOutUsers, refusal } from "./admin-acts.js";
import { act, ask } from "./admin-api.js";
import { dialog } from "./admin-dialog.js";
import { count, fullTime, make, number, tag, timeElement } from "./admin-dom.js";
import { makeLink, roleField } from "./admin-links.js";
import { loading, missing, ready } from "./admin-state.js";
import { entry } from "./admin-timeline.js";
import { tags } from "./admin-users.js";
import { describe } from "./agent.js";
import { get, knows, say, show } from "./form.js";
import { when } from "./session.js";

/**
 * @typedef {import("./admin-users.js").User} User
 * @typedef {{ id: string, createdAt: string, lastUsedAt: string, endsAt: string, address: string, userAgent: string,
 *   current: boolean, live: boolean, endedAt: string | null, reason: string | null }} Session
 * @typedef {import("./admin-dialog.js").Question} Question
 */

/** How many ended sessions show at first. */
const FEW = 8;

/** @type {User} */
let shown;
/** @type {Session[]} */
let live = [];
/** @type {Set<string>} */
const picked = new Set();
let signal = new AbortController().signal;
let all = false;

/** @type {import("./admin.js").Part} */
export async function user({ id, signal: until }) {
  signal = until;
  picked.clear();
  all = false;
  await begin(id);
}

/** @param {string} id @returns {Promise<void>} */
function begin(id) {
  loading(get("view-user"));
  return load(id);
}

/** @param {string} id */
async function load(id) {
  const here = signal;
  const [detail, happened] = await Promise.all([
    ask("GET", `admin/users/${encodeURIComponent(id)}`),
    ask("GET", `admin/events?${new URLSearchParams({ user: id, limit: "15" })}`),
  ]);
  if (here.aborted) return;
  if (!detail.ok) {
    missing(get("view-user"));
    return failed(detail, () => begin(id));
  }
  shown = detail.body.user;
  live = detail.body.sessions.filter((/** @type {Session} */ session) => session.live);
  const over = detail.body.sessions.filter((/** @type {Session} */ session) => !session.live);
  live.sort((a, b) => Number(b.current) - Number(a.current) || b.lastUsedAt.localeCompare(a.lastUsedAt));
  showUser();
  showLive();
  showOver(over);
  get("user-events").href = `#events?${new URLSearchParams({ user: id })}`;
  ready(get("view-user"));
  if (!happened.ok) return failed(happened, again);
  const events = happened.body.events.map((/** @type {any} */ event) => entry(event, false));
  get("user-timeline").replaceChildren(...events);
  get("user-nothing").hidden = events.length > 0;
}

const again = () => load(shown.id);

/** @param {string} text @param {() => void} click @param {string} [kind] */
const button = (text, click, kind = "plain") => make("button", { type: "button", class: `${kind} slim`, text, click });

function showUser() {
  get("user-email").textContent = shown.email;
  get("user-tags").replaceChildren(
    ...(isMe(shown.id) ? [tag(say("admin.is.you"))] : []),
    ...(shown.role === "admin" ? [tag("admin")] : []),
    ...tags(shown),
  );
  /** @param {string} label @param {Node | string} value @param {Node} [button] */
  const fact = (label, value, button) => [
    make("dt", { text: say(`admin.${label}`) }),
    make("dd", {}, make("span", { class: "wrap" }, value), button),
  ];
  get("user-facts").replaceChildren(
    ...fact("email", shown.email, button(say("admin.change"), changeEmail)),
    ...fact("role", shown.role, button(say("admin.change"), changeRole)),
    ...fact(
      "failures",
      shown.failures > 0 ? count("admin.in_a_row", shown.failures) : say("admin.none"),
      button(say("admin.unlock"), unlock),
    ),
    ...fact("seen", shown.signedInAt ? timeElement(shown.signedInAt, when(shown.signedInAt)) : say("admin.never")),
    ...fact("made", timeElement(shown.createdAt, fullTime(shown.createdAt))),
    ...fact("id", make("code", { text: shown.id })),
  );
  const disabled = shown.status === "disabled";
  get("user-acts").replaceChildren(
    button(say(shown.hasPassword ? "admin.make.set_password" : "admin.make.invitation"), async () => {
      if (await makeLink(shown)) await again();
    }),
    disabled ? button(say("admin.enable"), enable) : button(say("admin.disable"), disable, "danger-plain"),
    button(say("admin.delete"), remove, "danger-plain"),
  );
}

/** A session's device, with all that it said of itself on hover. @param {Session} session */
function device(session) {
  const name = describe(session.userAgent) || say("all.unknown_device");
  return make("span", { class: "wrap", title: session.userAgent, text: name });
}

/** @param {string} label @param {(Node | string)[]} children */
const cell = (label, ...children) =>
  make("td", { role: "cell" }, make("span", { class: "label", "aria-hidden": "true", text: say(`admin.col.${label}`) }), ...children);

function showLive() {
  for (const id of picked) if (!live.some((session) => session.id === id)) picked.delete(id);
  get("live-sessions").replaceChildren(...live.map(liveRow));
  get("live-table").hidden = live.length === 0;
  get("no-sessions").hidden = live.length > 0;
  get("end-user").hidden = live.length === 0;
  pickedChanged();
}

/** @param {Session} session */
function liveRow(session) {
  const name = describe(session.userAgent) || say("all.unknown_device");
  const box = make("input", {
    type: "checkbox",
    "aria-label": say("admin.pick", { email: `${name}, ${session.address}` }),
    "data-id": session.id,
  });
  box.addEventListener("change", () => {
    if (box.checked) picked.add(session.id);
    else picked.delete(session.id);
    pickedChanged();
  });
  return make(
    "tr",
    { role: "row" },
    make("td", { role: "cell", class: "pick" }, box),
    make("td", { role: "cell", class: "first" }, device(session), session.current && tag(say("admin.is.this"))),
    cell("address", make("span", { class: "mono wrap", text: session.address })),
    cell("used", timeElement(session.lastUsedAt, when(session.lastUsedAt))),
    cell("since", timeElement(session.createdAt, when(session.createdAt))),
  );
}

/** @param {Session[]} over */
function showOver(over) {
  get("over").hidden = over.length === 0;
  const first = all ? over : over.slice(0, FEW);
  get("over-sessions").replaceChildren(...first.map(overRow));
  const more = get("more-over");
  more.hidden = first.length === over.length;
  more.textContent = say("admin.all_of", { n: number(over.length) });
  more.onclick = () => {
    all = true;
    showOver(over);
    get("over-sessions").children[FEW]?.setAttribute("tabindex", "-1");
    get("over-sessions").children[FEW]?.focus();
  };
}

/** @param {Session} session */
function overRow(session) {
  const reason = session.reason ?? "unknown";
  const known = knows(`admin.reason.${reason}`) ? say(`admin.reason.${reason}`) : reason;
  const bad = reason === "refresh_reuse" || reason === "rolled_back";
  const ended = session.endedAt
    ? timeElement(session.endedAt, when(session.endedAt))
    : make("span", { class: "soft", text: say("admin.not_known") });
  return make(
    "tr",
    { role: "row" },
    make("td", { role: "cell", class: "first" }, device(session)),
    cell("address", make("span", { class: "mono wrap", text: session.address })),
    cell("ended", ended),
    cell("why", make("span", { class: bad ? "bad" : "", text: known })),
  );
}

function pickedChanged() {
  get("picked-sessions").hidden = picked.size === 0;
  get("picked-sessions-count").textContent = picked.size > 0 ? count("admin.picked", picked.size) : "";
  const every = get("pick-sessions");
  every.checked = live.length > 0 && picked.size === live.length;
  every.indeterminate = picked.size > 0 && !every.checked;
  for (const box of get("live-sessions").querySelectorAll("input")) box.checked = picked.has(box.dataset.id);
}

get("pick-sessions").addEventListener("change", () => {
  picked.clear();
  if (get("pick-sessions").checked) for (const { id } of live) picked.add(id);
  pickedChanged();
});

get("unpick-sessions").addEventListener("click", () => {
  picked.clear();
  pickedChanged();
  get("pick-sessions").focus();
});

get("end-sessions").addEventListener("click", async () => {
  const chosen = live.filter(({ id }) => picked.has(id)).map((session) => ({
    ...session,
    name: `${describe(session.userAgent) || say("all.unknown_device")}, ${session.address}`,
  }));
  if (await endSessions(chosen)) await again();
});

get("end-user").addEventListener("click", async () => {
  if (await logOutUsers([shown])) await again();
});

/**
 * An act on this user that is asked about first. On oneself it ends the own sessions too.
 * @param {string} name of its texts @param {Partial<Question> & Pick<Question, "send">} question
 * @param {string} [reason] why sessions end by it
 */
async function change(name, question, reason) {
  const me = isMe(shown.id);
  const answer = await dialog({
    title: say(`admin.${name}.title`, { email: shown.email }),
    text: [say(`admin.${name}.text`), ...(me && reason ? [say("admin.end.you")] : [])],
    yes: say(`admin.${name}.yes`),
    fails: (answer) => ({ field: answer.code === "last_admin" ? undefined : answer.field, text: refusal(answer) }),
    ...question,
    send: ending(Boolean(me && reason), question.send),
  });
  if (!answer) return false;
  if (me && reason) await goodbye(say(`admin.${name}.done`), say("admin.over_at_once"), reason);
  else done(`${say(`admin.${name}.done`)}${reason ? ` ${say("admin.over_at_once")}` : ""}`);
  return true;
}

const path = () => `users/${shown.id}`;

async function changeEmail() {
  const changed = await change("change_email", {
    fields: [{ name: "email", label: say("admin.email"), type: "email", value: shown.email }],
    send: ({ email }) => act("PATCH", path(), { email: email.trim() }),
    fails: (answer) => ({
      field: ["invalid_email", "email_taken"].includes(answer.code) ? "email" : undefined,
      text: answer.code === "invalid_email" ? say("all.email") : refusal(answer),
    }),
  });
  if (changed) await again();
}

async function changeRole() {
  const send = (/** @type {Record<string, string>} */ { role }) => act("PATCH", path(), { role });
  if (await change("change_role", { fields: [roleField(shown.role)], send }, "role_changed")) await again();
}

async function disable() {
  const send = () => act("POST", `${path()}/disable`, {});
  if (await change("disable", { danger: true, send }, "account_disabled")) await again();
}

async function enable() {
  const answer = await act("POST", `${path()}/enable`, {});
  if (!answer.ok) return failed(answer);
  done(say("admin.enabled"));
  await again();
}

async function unlock() {
  const answer = await act("POST", `${path()}/unlock`, {});
  if (!answer.ok) return failed(answer);
  done(say("admin.unlocked"));
  await again();
}

async function remove() {
  const { email } = shown;
  const pattern = new RegExp(`^\\s*${email.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}\\s*$`, "i");
  const fields = [{ name: "word", label: say("admin.delete.type"), pattern, wrong: say("admin.delete.wrong", { email }) }];
  const send = () => act("DELETE", path());
  if (await change("delete", { danger: true, fields, send }, "account_deleted")) {
    const said = get("done").textContent;
    location.hash = "#users";
    // The list clears what was said before it; this is of now.
    addEventListener("hashchange", () => setTimeout(() => show("done", said)), { once: true });
  }
}
