// @ts-check
/** How an event looks: what, to whom, by whom, from where. */

import { count, duration, fullTime, make, number, tag, timeElement, timeOfDay } from "./admin-dom.js";
import { describe } from "./agent.js";
import { knows, say } from "./form.js";
import { when } from "./session.js";

/**
 * @typedef {{ id: number, at: string, kind: string, count: number, userId: string | null, email: string | null,
 *   actorId: string | null, actorEmail: string | null, sessionId: string | null, address: string | null,
 *   userAgent: string | null, requestId: string | null, detail: string | null, facts: Fact[] }} Event
 * @typedef {{ code: string, [member: string]: any }} Fact
 */

/** Every kind, in the order of the list of kinds. */
export const KINDS = [
  "signed_in", "sign_in_failed", "password_failed", "reauthenticated", "logged_out", "logged_out_everywhere",
  "session_ended", "refresh_reuse", "late_recovery", "rolled_back", "registered", "setup", "password_changed",
  "password_set", "link_created", "user_created", "email_changed", "role_changed", "user_disabled", "user_enabled",
  "user_unlocked", "user_deleted", "user_logged_out", "everyone_logged_out", "keys_rotated",
  "restored",
];

const BAD = new Set(["refresh_reuse", "rolled_back"]);
const WARN = new Set(["sign_in_failed", "password_failed", "late_recovery", "everyone_logged_out", "restored"]);

/** What a kind is called. @param {string} kind */
export const kindName = (kind) => (knows(`admin.kind.${kind}`) ? say(`admin.kind.${kind}`) : kind.replaceAll("_", " "));

/** What a fact says; nothing where these words don't know it. @param {Fact} fact */
function factText(fact) {
  const key = `admin.fact.${fact.code}`;
  switch (fact.code) {
    case "shown":
      return say(fact.ageSeconds < 0 ? `${key}.before` : key, { ...fact, age: duration(fact.ageSeconds) });
    case "sessions":
      return count(key, fact.sessions);
    case "link":
      return knows(`${key}.${fact.link}`) ? say(`${key}.${fact.link}`) : null;
    case "ended":
      return knows(`admin.reason.${fact.reason}`) ? say(key, { reason: say(`admin.reason.${fact.reason}`) }) : null;
    case "backup":
      return say(key, { at: fullTime(fact.madeAt) });
    default:
      return knows(key) ? say(key, fact) : null;
  }
}

/** A few words more on an event. @param {Event} event @param {boolean} by whether it is said by whom */
function detail(event, by) {
  const facts = event.facts.filter(({ code }) => !(by && code === "by_admin"));
  const texts = facts.map(factText);
  if (event.facts.length > 0 && !texts.includes(null)) return texts.join(", ");
  return event.detail ?? "";
}

/** Somebody: a link to their page, where they are still there. @param {string | null} id @param {string | null} email */
function somebody(id, email) {
  if (!id) return null;
  if (email) return make("a", { href: `#users/${id}`, class: "wrap", text: email });
  return make("span", { class: "soft", title: id, text: say("admin.deleted_user") });
}

/**
 * One event as a list item.
 * @param {Event} event @param {boolean} named whether to say whose it is
 */
export function entry(event, named) {
  const tone = BAD.has(event.kind) ? "bad" : WARN.has(event.kind) ? "warn" : "";
  const agent = event.userAgent === null ? null : describe(event.userAgent) || say("all.unknown_device");
  const whose = named
    ? somebody(event.userId, event.email) ??
      (event.kind === "sign_in_failed" && make("span", { class: "soft", text: say("admin.unknown_account") }))
    : null;
  const by = event.actorId && event.actorId !== event.userId ? somebody(event.actorId, event.actorEmail) : null;
  const more = detail(event, by !== null);
  const where = make("p", { class: "where small soft", title: event.requestId ?? "" });
  if (event.address) where.append(make("span", { class: "mono wrap", text: event.address }));
  if (agent) where.append(make("span", { class: "wrap", title: event.userAgent, text: agent }));
  if (!event.address && !agent) where.append(make("span", { text: say("admin.by_shell") }));
  return make(
    "li",
    { class: `event ${tone}`, "data-id": event.id },
    timeElement(event.at, named ? timeOfDay(event.at) : when(event.at)),
    make(
      "p",
      { class: "what" },
      make("strong", { text: kindName(event.kind) }),
      event.count > 1 && tag(`× ${number(event.count)}`, tone),
      whose,
      by && make("span", { class: "by" }, make("span", { class: "soft", text: `${say("admin.by")} ` }), by),
      more && make("span", { class: "soft small wrap", title: event.detail, text: more }),
    ),
    where,
  );
}
