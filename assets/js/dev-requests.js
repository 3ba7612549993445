// @ts-check
/** The calls that came in, newest first. */

import { make, number, tag, timeElement, timeOfDay } from "./admin-dom.js";
import { Shown, ask, done, failed } from "./dev-api.js";
import { get, say } from "./form.js";

/**
 * @typedef {{ verdict: string, by?: string, gen?: number | null, sub?: string | null }} Token
 * @typedef {{ number: number, at: string, method: string, path: string, status: number | null, code: string | null,
 *   ms: number, access: Token | null, refresh: Token | null, faults: { id: number, kind: string }[] }} Call
 */

/** So many are shown at first, and more with each press. */
const PAGE = 15;

const shown = new Shown();
let most = PAGE;
/** @type {Call[]} */
let all = [];

/** @param {{ requests: Call[] }} answer */
export function requests({ requests }) {
  all = requests;
  const calls = requests.slice(-most).reverse();
  shown.draw(calls, () => get("requests").replaceChildren(...calls.map(row)));
  get("no-requests").hidden = calls.length > 0;
  get("requests-table").hidden = calls.length === 0;
  get("clear-requests").hidden = calls.length === 0;
  get("more-requests").hidden = requests.length <= most;
}

/** One cell, which on a phone says what it is. @param {string} label @param {(Node | string | null | undefined | false)[]} children */
const cell = (label, ...children) => make("td", { role: "cell" }, make("span", { class: "label", text: label }), ...children);

/** @param {Call} call */
function row(call) {
  const tone = call.status === null || call.status >= 500 ? "bad" : call.status >= 400 ? "warn" : "";
  const status = call.status === null ? say("dev.requests.cut") : String(call.status);
  const tokens = [
    call.access && said("access", call.access),
    call.refresh && said("refresh", call.refresh),
  ].filter(Boolean);
  return make(
    "tr",
    { role: "row" },
    cell(say("dev.requests.at"), timeElement(call.at, timeOfDay(call.at))),
    cell(say("dev.requests.call"), make("code", { text: `${call.method} ${call.path}` }), " ", ...call.faults.map(({ kind }) => tag(say(`dev.fault.${kind}`), "warn"))),
    cell(say("dev.requests.status"), make("span", { class: `status ${tone}`, text: status }), call.code && make("span", { class: "soft small", text: ` ${call.code}` })),
    cell(say("dev.requests.shown"), ...(tokens.length > 0 ? tokens : ["–"])),
    cell(say("dev.requests.took"), say("dev.faults.span", { ms: number(call.ms) })),
  );
}

/** A token that was shown. @param {"access" | "refresh"} kind @param {Token} token */
function said(kind, { verdict, gen }) {
  const which = kind === "refresh" && gen !== null && gen !== undefined ? say("dev.shown.gen", { n: gen }) : say(`dev.shown.${kind}`);
  return tag(verdict === "good" ? which : `${which}: ${verdict}`, verdict === "good" ? "" : "bad");
}

get("more-requests").addEventListener("click", () => {
  const first = get("requests").children.length;
  most += PAGE;
  requests({ requests: all });
  const row = get("requests").children[first];
  row?.setAttribute("tabindex", "-1");
  row?.focus();
});
get("clear-requests").addEventListener("click", async () => {
  const answer = await ask("DELETE", "requests");
  if (answer.ok) done(say("dev.requests.cleared"));
  else failed(answer);
  dispatchEvent(new Event("dev-acted"));
});
