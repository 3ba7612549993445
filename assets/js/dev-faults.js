// @ts-check
/** Faults on demand: what is to go wrong, how often it did, and a form for more. */

import { count, make, number, row, tag } from "./admin-dom.js";
import { Shown, ask, done, failed } from "./dev-api.js";
import { fieldError, get, say } from "./form.js";

/**
 * @typedef {{ kind: string, status?: number, code?: string, ms?: number }} What
 * @typedef {{ id: number, route: string, fault: What, share?: number, met: number, left: number | null }} Fault
 */

/** The kinds, with the number that each needs: its name, its least and most, and what stands there at first.
 * @type {Record<string, [string, number, number, number] | null>} */
const KINDS = {
  status: ["status", 400, 599, 503],
  delay: ["ms", 1, 60_000, 2_000],
  lostAnswer: null,
  cut: null,
  slowBody: ["ms", 1, 10_000, 500],
  revoke: null,
  reuse: null,
  rotateKeys: null,
};

const shown = new Shown();

/** @param {{ faults: Fault[] }} answer */
export function faults({ faults }) {
  shown.draw(faults, () => get("faults").replaceChildren(...faults.map(item)));
  get("no-more-faults").hidden = faults.length < 2;
}

/** @param {Fault} fault */
function item({ id, route, fault, share, met, left }) {
  const size = fault.status ?? fault.code ?? (fault.ms && say("dev.faults.span", { ms: number(fault.ms) }));
  const often = left === null ? say("dev.faults.share", { share: number(Math.round((share ?? 0) * 100)) }) : left === 0 ? say("dev.faults.spent") : count("dev.faults.left", left);
  const name = [say(`dev.fault.${fault.kind}`), size].filter(Boolean).join(" ");
  return row(
    make("p", { class: "wrap" }, make("strong", { text: name }), " ", left !== 0 && tag(say("dev.faults.armed"), "warn")),
    make("p", { class: "soft small wrap" }, make("code", { text: route }), ` · ${often} · ${count("dev.faults.met", met)}`),
    make("button", { type: "button", class: "plain slim", text: say("dev.faults.remove"), "aria-label": `${say("dev.faults.remove")}: ${name}, ${route}`, click: () => take(`faults/${id}`) }),
  );
}

/** Takes one away, or all. @param {string} path */
async function take(path) {
  const answer = await ask("DELETE", path);
  if (answer.ok) done(say("dev.faults.removed"));
  else failed(answer);
  dispatchEvent(new Event("dev-acted"));
}

/** The form asks for the number that the kind needs. */
function fit() {
  const needs = KINDS[get("fault-kind").value];
  get("fault-value-field").hidden = needs === null;
  const value = get("fault-value");
  value.required = needs !== null;
  value.disabled = needs === null;
  if (!needs) return;
  const [name, least, most, first] = needs;
  [value.min, value.max, value.value] = [String(least), String(most), String(first)];
  get("fault-value-label").textContent = say(`dev.faults.${name}`);
}

get("fault-kind").append(...Object.keys(KINDS).map((kind) => make("option", { value: kind, text: say(`dev.fault.${kind}`) })));
get("fault-kind").addEventListener("change", fit);
fit();

get("no-more-faults").addEventListener("click", () => take("faults"));
get("fault-route").addEventListener("input", () => fieldError("fault-route", ""));
get("fault-form").addEventListener("submit", async (/** @type {Event} */ event) => {
  event.preventDefault();
  const kind = get("fault-kind").value;
  const needs = KINDS[kind];
  const fault = needs ? { kind, [needs[0]]: Number(get("fault-value").value) } : { kind };
  const answer = await ask("POST", "faults", { route: get("fault-route").value.trim(), fault, times: Number(get("fault-times").value) });
  if (answer.ok) done(say("dev.faults.added"));
  else if (answer.field === "route") {
    fieldError("fault-route", answer.detail);
    get("fault-route").focus();
  } else failed(answer);
  dispatchEvent(new Event("dev-acted"));
});
