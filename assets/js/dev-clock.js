// @ts-check
/** The stub's clock, and the buttons that move it. */

import { duration, fullTime, locale, timeOfDay } from "./admin-dom.js";
import { act } from "./dev-api.js";
import { get, say } from "./form.js";

const day = new Intl.DateTimeFormat(locale, { dateStyle: "full" });

/** Less than this is no difference worth a word, in seconds. */
const SAME = 0.5;

let frozen = false;

/** @param {{ now: string, ahead: number, frozen: boolean }} shown */
export function clock(shown) {
  frozen = shown.frozen;
  const time = get("clock");
  time.dateTime = shown.now;
  time.title = fullTime(shown.now);
  time.textContent = timeOfDay(shown.now);
  get("clock-date").textContent = day.format(new Date(shown.now));
  const way = Math.abs(shown.ahead) < SAME ? "true" : shown.ahead > 0 ? "ahead" : "behind";
  const state = say(`dev.clock.${way}`, { span: duration(shown.ahead) });
  get("clock-state").textContent = frozen ? say("dev.clock.still", { state }) : state;
  get("freeze").setAttribute("aria-pressed", String(frozen));
}

/** @param {object} change @param {string} text */
async function move(change, text) {
  const answer = await act("clock", change, text);
  if (answer.ok) clock(answer.body);
  dispatchEvent(new Event("dev-acted"));
}

for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-advance]"))) {
  const text = () => say("dev.clock.moved", { span: button.textContent?.replace("+", "").trim() ?? "" });
  button.addEventListener("click", () => move({ advance: button.dataset.advance }, text()));
}
get("freeze").addEventListener("click", () => move({ freeze: !frozen }, say(frozen ? "dev.clock.goes" : "dev.clock.stands")));
get("release").addEventListener("click", () => move({ release: true }, say("dev.clock.released")));
get("clock-form").addEventListener("submit", (/** @type {Event} */ event) => {
  event.preventDefault();
  const to = new Date(get("clock-set").value);
  move({ set: to.toISOString() }, say("dev.clock.was_set", { time: fullTime(to) }));
});
