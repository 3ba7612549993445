// @ts-check
/** The inspector: what a token is, and what the server would say to it. It stays in the page alone. */

import { fullTime, make } from "./admin-dom.js";
import { ask, failed } from "./dev-api.js";
import { exactly } from "./dev-time.js";
import { get, knows, say, show } from "./form.js";

/**
 * @typedef {{ code: string, good: boolean, text: string, value?: string, expected?: string }} Finding
 * @typedef {{ kind: string, good: boolean, now: string, header: Record<string, unknown> | null,
 *   claims: Record<string, unknown> | null, findings: Finding[] }} Report
 */

/** Claims that are times, in seconds since 1970. */
const TIMES = ["iat", "exp", "nbf", "auth_time", "end"];

/** Counts the looks: an answer to an older one comes too late. */
let looks = 0;

/** What a check found, in words of this language; else in the server's. @param {Finding} finding @param {string} now */
function words({ code, good, text, value = "", expected = "" }, now) {
  const which = code === "line" ? `line.${value}` : good ? code : `${code}.bad`;
  const key = `dev.find.${which}`;
  const isTime = ["exp", "iat", "session"].includes(code) && value !== "";
  const bare = code === "session" && !good && value === "" ? `${key}.gone` : key;
  return knows(bare) ? say(bare, { text, value, expected, ago: isTime ? exactly(value, now) : "" }) : text;
}

/** @param {Finding} finding @param {string} now */
function item(finding, now) {
  return make(
    "li",
    { class: finding.good ? "good" : "bad", "data-code": finding.code },
    make("span", { "aria-hidden": "true", text: finding.good ? "✓" : "✗" }),
    make("span", {}, make("span", { class: "only-read", text: `${say(finding.good ? "dev.good" : "dev.bad")}: ` }), words(finding, now)),
  );
}

/** A member, with what a time means. @param {string} name @param {unknown} value @param {string} now */
function member(name, value, now) {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const at = TIMES.includes(name) && typeof value === "number" ? new Date(value * 1000) : null;
  const meant = at && !Number.isNaN(at.getTime()) ? make("span", { class: "soft", text: ` ${fullTime(at)}, ${exactly(at.toISOString(), now)}` }) : null;
  return [make("dt", { class: "mono", text: name }), make("dd", {}, make("span", { class: "mono", text }), meant)];
}

/** @param {string} title @param {Record<string, unknown> | null} members @param {string} now */
function decoded(title, members, now) {
  if (!members) return [];
  const rows = Object.entries(members).flatMap(([name, value]) => member(name, value, now));
  return [make("section", {}, make("h3", { text: title }), make("dl", {}, ...rows))];
}

/** @param {Report} report */
function draw(report) {
  const verdict = get("verdict");
  verdict.className = `notice ${report.good ? "good" : "bad"}`;
  show("verdict", say(`dev.verdict.${report.kind}`, { verdict: say(report.good ? "dev.taken" : "dev.refused") }));
  get("findings").replaceChildren(...report.findings.map((finding) => item(finding, report.now)));
  get("decoded").replaceChildren(
    ...decoded(say("dev.header"), report.header, report.now),
    ...decoded(say("dev.claims"), report.claims, report.now),
  );
}

function clear() {
  looks++;
  show("verdict", "");
  get("findings").replaceChildren();
  get("decoded").replaceChildren();
}

async function inspect() {
  clear();
  const here = looks;
  const token = get("token").value.trim().replace(/^Bearer\s+/i, "");
  if (token === "") return get("token").focus();
  const answer = await ask("POST", "inspect", { token });
  if (here !== looks) return;
  if (answer.ok) draw(answer.body);
  else failed(answer);
}

get("inspect-form").addEventListener("submit", (/** @type {Event} */ event) => {
  event.preventDefault();
  inspect();
});
get("inspect-form").addEventListener("reset", clear);
// Once what was pasted is there.
get("token").addEventListener("paste", () => setTimeout(inspect));
