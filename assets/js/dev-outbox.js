// @ts-check
/** What would have gone out to people: links. */

import { make, row, tag, timeElement, timeOfDay } from "./admin-dom.js";
import { Shown } from "./dev-api.js";
import { get, say } from "./form.js";

const shown = new Shown();

/** @typedef {{ to: string, kind: string, url: string, made: string }} Message */

/** Gives whether there is anything to see. @param {{ messages: Message[] }} answer */
export function outbox({ messages }) {
  shown.draw(messages, () => get("outbox").replaceChildren(...[...messages].reverse().map(item)));
  return messages.length > 0;
}

/** @param {Message} message */
function item({ to, kind, url, made }) {
  return row(
    make("p", {}, make("strong", { class: "wrap", text: to }), " ", tag(kind)),
    make("p", { class: "soft small" }, timeElement(made, timeOfDay(made))),
    make("a", { class: "button plain slim", href: url, text: say("dev.open"), "aria-label": `${say("dev.open")}: ${kind}, ${to}` }),
  );
}
